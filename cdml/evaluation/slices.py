"""Test rows cut by the values of a column, by bins of numbers, or by a cross of two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cdml.core.errors import ConfigError
from cdml.evaluation.cuts import Cut, Edges, cut, edges_of
from cdml.evaluation.pairing import Pair, subset
from cdml.evaluation.predictions import Predictions

MOST_VALUES = 20
FEWEST_ROWS = 10


@dataclass(frozen=True)
class Slice:
    """The rows where `column` (or a cross `a*b`) has `value`, of both models where they are paired.

    Ids, and columns that no metric reads, are left behind.
    """

    column: str
    value: str
    pair: Pair


def slices_of(both: Pair, by: tuple[str, ...]) -> tuple[tuple[Slice, ...], tuple[str, ...]]:
    """All slices in order of column and value, and notes on what was left out.

    The candidate's columns cut both files when rows are paired; unpaired, each file is cut by its own column. A
    column shows its most frequent values; smaller slices than ten rows are left out. Numbers of more than twenty
    values are cut at the pair's `edges`, else at quantiles. Raises ConfigError for an unknown column.
    """
    slices: list[Slice] = []
    notes: list[str] = []
    bins = edges_of(both.candidate, by, both.edges)
    for name in by:
        found, note = _of_name(both, name, bins)
        slices += found
        notes += [note] if note else []
    return tuple(slices), tuple(notes)


@dataclass(frozen=True)
class EverySlice:
    """A column's slices of enough rows, however many; `small` is how many rows each of the others has.

    `gone` are the values that only the baseline's rows have, with how many, where the two are not paired.
    `moved` counts the same rows that have another value in the baseline's file, whose values then cut both.
    """

    slices: tuple[Slice, ...]
    small: Mapping[str, int]
    gone: Mapping[str, int]
    moved: int


def every_slice(both: Pair, name: str, fewest: int) -> EverySlice:
    """All slices of at least `fewest` rows by a column or a cross, for gates, which leave none out.

    Of the same rows the baseline's own values count where it has the column: a candidate must not draw its slices
    anew. Raises ConfigError for an unknown column.
    """
    bins = edges_of(both.candidate, (name,), both.edges)
    own = require_cut(both.candidate, name, bins)
    theirs = cut(both.baseline, name, bins) if both.baseline else None
    moved = _moved(own, theirs) if both.paired and theirs else 0
    used = theirs if moved and theirs else own
    counts = dict(zip(used.labels, used.counts().tolist(), strict=True))
    labels = [label for label, rows in counts.items() if rows >= fewest]
    pairs = _pairs(both, used, theirs, labels)
    slices = tuple(Slice(name, label, pair) for label, pair in zip(labels, pairs, strict=True))
    small = {label: rows for label, rows in counts.items() if 0 < rows < fewest}
    return EverySlice(slices, small, {} if both.paired or theirs is None else _gone(counts, theirs, fewest), moved)


def _gone(counts: Mapping[str, int], theirs: Cut, fewest: int) -> dict[str, int]:
    before = zip(theirs.labels, theirs.counts().tolist(), strict=True)
    return {label: rows for label, rows in before if rows >= fewest and not counts.get(label)}


def _moved(own: Cut, theirs: Cut) -> int:
    """How many of the same rows have another value in either file."""
    import numpy as np

    place = {label: code for code, label in enumerate(own.labels)}
    same = np.array([place.get(label, -1) for label in theirs.labels])
    return int((same[theirs.codes] != own.codes).sum())


def require_cut(p: Predictions, name: str, bins: Edges) -> Cut:
    """The cut of these rows by a column or a cross. Raises ConfigError where there is no such column."""
    found = cut(p, name, bins)
    if found is None:
        known = ", ".join(p.columns) or "no other column"
        raise ConfigError(f"{p.name}: no column {name} to slice by; it has {known}")
    return found


def _of_name(both: Pair, name: str, bins: Edges) -> tuple[list[Slice], str | None]:
    own = require_cut(both.candidate, name, bins)
    counts = own.counts()
    large = sorted((code for code in range(len(counts)) if counts[code] >= FEWEST_ROWS), key=lambda c: -counts[c])
    kept = sorted(large[:MOST_VALUES])
    labels = [own.labels[code] for code in kept]
    pairs = _pairs(both, own, cut(both.baseline, name, bins) if both.baseline else None, labels)
    slices = [Slice(name, label, pair) for label, pair in zip(labels, pairs, strict=True)]
    left = int((counts > 0).sum()) - len(kept)
    if not left:
        return slices, None
    rows = int(counts.sum() - counts[kept].sum())
    return slices, f"{name}: {left:,} more values in {rows:,} rows are not shown"


def _pairs(both: Pair, own: Cut, theirs: Cut | None, labels: list[str]) -> Iterator[Pair]:
    """The rows of each of these labels, of both models."""
    after = _Sorted(both.candidate, own)
    theirs = own if both.paired else theirs
    before = _Sorted(both.baseline, theirs) if both.baseline and theirs else None
    for label in labels:
        rows = after.rows(label)
        assert rows is not None  # noqa: S101 - the labels are its own
        base = before.rows(label) if before else None
        yield Pair(None, rows) if base is None else Pair(base, rows, both.unpaired, both.missing)


class _Sorted:
    """Predictions in the order of a cut, so that each of its slices is a view of neighbouring rows."""

    def __init__(self, p: Predictions, by: Cut) -> None:
        import numpy as np

        small = by.codes.astype("int16") if len(by.labels) < 30_000 else by.codes
        self.sorted = subset(_slim(p), np.argsort(small, kind="stable"))
        self.ends = np.cumsum(by.counts())
        self.place = {label: code for code, label in enumerate(by.labels)}

    def rows(self, label: str) -> Predictions | None:
        """The rows of one label; None where there are none."""
        code = self.place.get(label)
        if code is None:
            return None
        start, end = (int(self.ends[code - 1]) if code else 0), int(self.ends[code])
        return subset(self.sorted, slice(start, end)) if end > start else None


def _slim(p: Predictions) -> Predictions:
    read = {spec.column for spec in p.defined}
    return replace(p, ids=None, columns={key: values for key, values in p.columns.items() if key in read})
