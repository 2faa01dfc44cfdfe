"""Which type each column of a table has, read off its cells where the file does not say it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdml.contracts.read import blocks
from cdml.contracts.schema import NUMBERS, Type

if TYPE_CHECKING:
    import pandas as pd

# Words by which people leave a number out. In a column of text they may be anything.
MARKERS = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "-")
_ORDER: tuple[Type, ...] = ("boolean", "integer", "number", "time")
_TRUTHS = ("true", "false")
_PADDED = r"^[+-]?0[0-9]"
_TIME = r"^\d{4}-\d{2}-\d{2}([T ].*)?$"


@dataclass
class Kind:
    """What a column may still be; `markers` are the words for a missing value in it."""

    possible: set[Type] = field(default_factory=lambda: set(_ORDER))
    markers: set[str] = field(default_factory=set)
    filled: int = 0

    @property
    def type(self) -> Type:
        """The narrowest type that fits every cell; text where none does or there is no cell."""
        return next((kind for kind in _ORDER if kind in self.possible), "text") if self.filled else "text"


def kinds(path: Path, name: str) -> dict[str, Kind]:
    """The columns of a table in their order. Raises ConfigError for a file that is no table.

    The first block says which columns of text files are read as numbers, which is faster by far.
    """
    found = _of_blocks(islice(blocks(path, name), 1), {})
    numbers = [column for column, kind in found.items() if kind.type in NUMBERS]
    return _of_blocks(blocks(path, name, numbers), found)


def _of_blocks(frames: Iterable[pd.DataFrame], found: dict[str, Kind]) -> dict[str, Kind]:
    for frame in frames:
        for name in frame.columns:
            _narrow(found.setdefault(str(name), Kind()), frame[name].dropna())
    return found


def missing(found: dict[str, Kind]) -> tuple[str, ...]:
    """The words for a missing value in columns that are no text."""
    return tuple(sorted({word for kind in found.values() if kind.type != "text" for word in kind.markers}))


def _narrow(kind: Kind, series: pd.Series[Any]) -> None:
    import pandas as pd

    if not len(series):
        return
    if pd.api.types.is_bool_dtype(series):
        fits: set[Type] = {"boolean"}
    elif pd.api.types.is_datetime64_any_dtype(series):
        fits = {"time"}
    elif pd.api.types.is_numeric_dtype(series):
        fits = _of_numbers(series)
    else:
        fits, markers = _of_text(series)
        kind.markers |= markers
        if not fits and not markers:
            kind.markers.clear()
        series = series[~series.isin([*markers])]
    kind.filled += len(series)
    kind.possible &= fits


def _of_numbers(numbers: pd.Series[Any]) -> set[Type]:
    import numpy as np

    values = numbers.to_numpy(dtype=float)
    values = values[~np.isnan(values)]
    if not np.isfinite(values).all():
        return set()
    return {"integer", "number"} if (values == np.floor(values)).all() else {"number"}


def _of_text(series: pd.Series[Any]) -> tuple[set[Type], set[str]]:
    """Types that fit all cells but those that mean a missing value, and these words."""
    import pandas as pd

    if series.dtype != object:
        return _of_strings(series)
    distinct = pd.Series(series.map(_hashable).unique(), dtype=object)
    if distinct.map(lambda cell: isinstance(cell, bool)).all():
        return {"boolean"}, set()
    texts = distinct[~distinct.isin(MARKERS)].astype(str)
    markers = set(distinct[distinct.isin(MARKERS)])
    if not len(texts):
        return set(_ORDER), markers
    odd = distinct.map(lambda cell: isinstance(cell, (bool, tuple))).any()
    fits = set() if odd else _of_words(texts)
    return fits, markers if fits else set()


def _of_strings(series: pd.Series[Any]) -> tuple[set[Type], set[str]]:
    """The same of cells that are all text."""
    marked = series.isin([*MARKERS])
    markers = {str(word) for word in series[marked].unique()}
    texts = series[~marked]
    fits = _of_words(texts) if len(texts) else set(_ORDER)
    return fits, markers if fits else set()


def _of_words(texts: pd.Series[Any]) -> set[Type]:
    import pandas as pd

    first = texts.iloc[0]  # what does not fit it, the whole column is not
    if first.lower() in _TRUTHS and texts.str.lower().isin(_TRUTHS).all():
        return {"boolean"}
    if re.match(_TIME, first) and texts.str.match(_TIME).all():
        times = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
        return {"time"} if times.notna().all() else set()
    numbers = pd.to_numeric(texts, errors="coerce")
    padded = texts.str.match(_PADDED).any()  # `007` is no 7
    return set() if padded or numbers.isna().any() else _of_numbers(numbers)


def _hashable(cell: object) -> object:
    return (repr(cell),) if isinstance(cell, (list, dict)) else cell
