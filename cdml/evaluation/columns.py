"""Columns of numbers, probabilities and ids, each checked in one vectorised pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cdml.evaluation.table import Table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


LONGEST = 60


def first_bad(table: Table, column: str, bad: NDArray[Any], values: Any, words: str) -> None:
    """Raise ConfigError for the first row where `bad` is true: `old.csv: column y_score: row 3: 1.2 is ...`."""
    if bad.any():
        row = int(bad.argmax())
        raise table.error(column, f"row {row + 1}: {short(values[row])} {words}")


def short(value: object) -> str:
    """A value of a file in a message, cut where it is long."""
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def present(table: Table, column: str) -> pd.Series[Any]:
    """A column that is there and has no empty cell."""
    import numpy as np

    if column not in table.frame:
        raise table.missing(column)
    series = table.frame[column]
    if isinstance(series.iloc[0], (list, dict, tuple, np.ndarray)):  # Parquet has such columns
        raise table.error(column, "row 1: holds no single value")
    first_bad(table, column, series.isna().to_numpy(), ["the cell"] * len(series), "is empty or not a number")
    return series


def numbers(table: Table, column: str) -> NDArray[Any]:
    """Finite floats, shape (n,)."""
    import numpy as np
    import pandas as pd

    series = present(table, column)
    values = np.asarray(pd.to_numeric(series, errors="coerce"), dtype=float)
    # A word or NaN coerces to NaN, "inf" to infinity: neither is finite.
    first_bad(table, column, ~np.isfinite(values), series.to_numpy(), "is not a finite number")
    return values


def probabilities(table: Table, column: str) -> NDArray[Any]:
    """Floats from 0 to 1, shape (n,)."""
    values = numbers(table, column)
    first_bad(table, column, (values < 0) | (values > 1), values, "is no probability from 0 to 1")
    return values


def ids(table: Table, column: str | None) -> NDArray[Any] | None:
    """Unique ids as text, shape (n,); None where no column was named and there is no `id`."""
    import numpy as np

    name = column or "id"
    if column is None and name not in table.frame:
        return None
    values = present(table, name)
    if values.dtype.kind == "f" and bool((values % 1 == 0).all()):
        values = values.astype("int64")  # 7 of one file is not 7.0 of the other
    values = values.astype(str)
    first_bad(table, name, values.duplicated().to_numpy(), values.to_numpy(), "was there before; ids are unique")
    return np.asarray(values, dtype=object)


def groups(table: Table, column: str) -> NDArray[Any]:
    """Whole numbers from 0, shape (n,): rows with the same value have the same number."""
    import numpy as np
    import pandas as pd

    codes, _ = pd.factorize(present(table, column))
    return np.asarray(codes, dtype="int64")
