"""Cells of one column in a block, read as the type that the contract says: which are empty, which do not fit.

All of it is vectorised; a column of text is parsed as numbers in one pass.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdml.contracts.schema import Type

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, eq=False)
class Cells:
    """A column of n cells: `empty` and `wrong` are booleans, shape (n,).

    `values` are floats (integer, number), texts (text, boolean as true and false) or times in UTC, shape (n,);
    what stands where a cell is empty or wrong means nothing. `raw` is the column as it was read.
    """

    values: Any
    empty: NDArray[Any]
    wrong: NDArray[Any]
    raw: pd.Series[Any]

    @property
    def good(self) -> NDArray[Any]:
        """Which cells hold a value of the column's type."""
        good: NDArray[Any] = ~(self.empty | self.wrong)
        return good


def read(series: pd.Series[Any], kind: Type, missing: Collection[str] = ()) -> Cells:
    """The cells of a column; `missing` are words that mean an empty cell where the type is not text."""
    readers = {"text": _text, "integer": _numbers, "number": _numbers, "boolean": _booleans, "time": _times}
    values, empty, wrong = readers[kind](series, missing if kind != "text" else ())
    if kind == "integer":
        import numpy as np

        wrong = wrong | (~empty & ~wrong & (values != np.floor(values)))
    return Cells(values, empty, wrong & ~empty, series)


def words(values: NDArray[Any], kind: Type) -> Any:
    """Values of a column as a contract writes them in its list: 1.0 as `1`."""
    import pandas as pd

    series = pd.Series(values)
    if kind == "integer":
        return series.astype("int64").astype(str).to_numpy(dtype=object)
    if kind == "number":
        return series.map(_number).to_numpy(dtype=object)
    return series.astype(str).to_numpy(dtype=object)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _text(series: pd.Series[Any], missing: Collection[str]) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    import pandas as pd

    empty = _empty(series, missing)
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if pd.api.types.is_string_dtype(series) and series.dtype != object:
        wrong = empty & False
    else:
        wrong = ~series.map(lambda cell: isinstance(cell, str)).to_numpy(dtype=bool)
    return series.astype(str).to_numpy(dtype=object), empty, wrong


def _numbers(series: pd.Series[Any], missing: Collection[str]) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    import numpy as np
    import pandas as pd

    empty = _empty(series, missing)
    if pd.api.types.is_bool_dtype(series) or pd.api.types.is_datetime64_any_dtype(series):
        return np.zeros(len(series)), empty, ~empty
    untrue = np.zeros(len(series), dtype=bool)
    if series.dtype == object:  # JSON's true is no 1
        untrue = series.map(lambda cell: isinstance(cell, (bool, list, dict))).to_numpy(dtype=bool)
        series = series.where(~untrue, None)
    values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return values, empty, untrue | ~np.isfinite(values)


def _booleans(series: pd.Series[Any], missing: Collection[str]) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    import numpy as np

    empty = _empty(series, missing)
    found = series.astype(str).str.strip().str.lower().map(_TRUTHS)
    wrong = found.isna().to_numpy(dtype=bool)
    return (
        np.where(found.eq(True).to_numpy(dtype=bool, na_value=False), "true", "false").astype(object),
        empty,
        wrong,
    )


def _times(series: pd.Series[Any], missing: Collection[str]) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    import pandas as pd

    empty = _empty(series, missing)
    if pd.api.types.is_numeric_dtype(series):
        return pd.to_datetime(pd.Series([None] * len(series)), utc=True).to_numpy(), empty, ~empty
    text = series if pd.api.types.is_datetime64_any_dtype(series) else series.astype(str)
    times = pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")
    return times.to_numpy(dtype="datetime64[us]"), empty, times.isna().to_numpy(dtype=bool)


def _empty(series: pd.Series[Any], missing: Collection[str]) -> NDArray[Any]:
    import numpy as np

    empty = series.isna().to_numpy(dtype=bool)
    if missing:
        empty = empty | series.isin([*missing]).to_numpy(dtype=bool)
    return np.asarray(empty)
