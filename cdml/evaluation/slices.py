"""Test rows cut by the values of a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdml.core.errors import ConfigError
from cdml.evaluation.pairing import Pair, subset
from cdml.evaluation.predictions import Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_VALUES = 20
FEWEST_ROWS = 10


@dataclass(frozen=True)
class Slice:
    """The rows where `column` has `value`, of both models where they are paired."""

    column: str
    value: str
    pair: Pair


def slices_of(both: Pair, by: tuple[str, ...]) -> tuple[tuple[Slice, ...], tuple[str, ...]]:
    """All slices in order of column and value, and notes on what was left out.

    The candidate's columns cut both files when rows are paired; unpaired, each file is cut by its own column. A
    column shows its most frequent values; smaller slices than ten rows are left out. Raises ConfigError for an
    unknown column.
    """
    slices: list[Slice] = []
    notes: list[str] = []
    for column in by:
        found, note = _of_column(both, column)
        slices += found
        notes += [note] if note else []
    return tuple(slices), tuple(notes)


def _of_column(both: Pair, column: str) -> tuple[list[Slice], str | None]:
    texts = _texts(both.candidate, column)
    if texts is None:
        known = ", ".join(both.candidate.columns) or "no other column"
        raise ConfigError(f"{both.candidate.name}: no column {column} to slice by; it has {known}")
    import pandas as pd

    counts = pd.Series(texts).value_counts()
    large = counts[counts >= FEWEST_ROWS]
    kept = sorted(sorted(large.index, key=lambda value: (-int(large[value]), value))[:MOST_VALUES], key=_order)
    slices = [Slice(column, value, _cut(both, column, texts, value)) for value in kept]
    left = len(counts) - len(kept)
    if not left:
        return slices, None
    rows = int(counts.sum() - counts[kept].sum())
    return slices, f"{column}: {left:,} more values in {rows:,} rows are not shown"


def _cut(both: Pair, column: str, texts: NDArray[Any], value: str) -> Pair:
    candidate = subset(both.candidate, texts == value)
    if both.baseline is None:
        return Pair(None, candidate)
    own = texts if both.paired else _texts(both.baseline, column)
    if own is None or not (own == value).any():
        return Pair(None, candidate)
    return Pair(subset(both.baseline, own == value), candidate, both.unpaired, both.missing)


def _texts(p: Predictions, column: str) -> NDArray[Any] | None:
    """A column's values as text; an empty cell is `(empty)`."""
    import numpy as np
    import pandas as pd

    if column in p.columns:
        series = pd.Series(p.columns[column])
        return np.asarray(series.astype(str).where(series.notna(), "(empty)"), dtype=object)
    if column == "y_true" and p.classes:
        return np.asarray(np.asarray(p.classes, dtype=object)[p.y_true])
    return None


def _order(value: str) -> tuple[bool, float, str]:
    try:
        return (False, float(value), value)
    except ValueError:
        return (True, 0.0, value)
