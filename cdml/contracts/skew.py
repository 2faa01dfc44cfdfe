"""Columns that are distributed otherwise than a reference: both by more than chance, and by enough to matter.

A measure of distance alone cries wolf on few rows, a test alone on many. So a column counts as shifted where the
chi-squared test of homogeneity over the reference's bins says so at ALPHA, by Holm's rule over all columns, and
the population stability index is PSI or more (0.1 is commonly called small, 0.25 large).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdml.contracts.check import percent
from cdml.contracts.finding import Finding, Level, value
from cdml.contracts.observe import Table
from cdml.contracts.profile import ColumnProfile, Profile, counts
from cdml.contracts.schema import Schema
from cdml.contracts.survey import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA = 0.001
PSI = 0.2
FEWEST = 50  # rows on either side


@dataclass(frozen=True)
class Shift:
    """How one column differs: the test's p, the index, and in words what moved most."""

    column: str
    p: float
    psi: float
    moved: str


def skew(subject: Subject, table: Table, reference: Profile, of: str) -> tuple[Finding, ...]:
    """Findings on a table against the profile of other data; `of` is what people call those."""
    schema = subject.schema
    if schema.skew == "allow":
        return ()
    found = []
    for shift in shifts(table, reference, schema):
        said = f"distributed otherwise than {of}: {shift.moved} (PSI {shift.psi:.2f})"
        level: Level = "warn" if schema.skew == "warn" else "fail"
        found.append(Finding(subject.name, subject.path, shift.column, "skew", said, level, total=table.rows))
    return tuple(found)


def shifts(table: Table, reference: Profile, schema: Schema) -> tuple[Shift, ...]:
    """The columns that are shifted, in the contract's order."""
    if min(len(table.sample), reference.rows) < FEWEST:
        return ()
    tested = []
    for column in schema.columns:
        known = reference.column(column.name)
        skipped = column.unique or column.name == schema.id or "skew" in column.allow
        if known and not skipped and column.name in table.columns and _alike(known, column.type):
            now = counts(known, table.sample[column.name])
            before = _counts(known, reference.rows)
            tested.append(Shift(column.name, _p(before, now), _psi(before, now), _moved(known, before, now)))
    return tuple(shift for shift in _holm(tested) if shift.psi >= PSI)


def _alike(known: ColumnProfile, kind: str) -> bool:
    numbers = ("integer", "number")
    return known.type == kind or (known.type in numbers and kind in numbers)


def _counts(known: ColumnProfile, rows: int) -> NDArray[Any]:
    import numpy as np

    return np.append(np.array(known.shares), known.nulls) * rows


def _p(before: NDArray[Any], now: NDArray[Any]) -> float:
    """Pearson's chi-squared test of homogeneity of two rows of counts."""
    import numpy as np
    from scipy.special import chdtrc

    table = np.array([before, now], dtype=float)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(chdtrc(table.shape[1] - 1, ((table - expected) ** 2 / expected).sum()))


def _psi(before: NDArray[Any], now: NDArray[Any]) -> float:
    """The index, with half a row added to each bin so that an empty one does not make it infinite."""
    some = (before + now) > 0
    old, new = before[some] + 0.5, now[some] + 0.5
    old, new = old / old.sum(), new / new.sum()
    return float(sum((b - a) * math.log(b / a) for a, b in zip(old, new, strict=True)))


def _holm(tested: list[Shift]) -> list[Shift]:
    """Those whose p stands Holm's step-down rule, in their own order."""
    kept: set[str] = set()
    for rank, shift in enumerate(sorted(tested, key=lambda one: one.p)):
        if shift.p > ALPHA / (len(tested) - rank):
            break
        kept.add(shift.column)
    return [shift for shift in tested if shift.column in kept]


def _moved(known: ColumnProfile, before: NDArray[Any], now: NDArray[Any]) -> str:
    """The bin or category whose share changed most: `'North' 12 % → 31 %`."""
    import numpy as np

    old, new = before / before.sum(), now / now.sum()
    place = int(np.abs(new - old).argmax())
    return f"{_bin(known, place)} {percent(round(old[place], 3))} → {percent(round(new[place], 3))}"


def _bin(known: ColumnProfile, place: int) -> str:
    if place == len(known.shares):
        return "empty"
    if known.edges is not None:
        low = known.edges[place - 1] if place else None
        high = known.edges[place] if place < len(known.edges) else None
        if low is None or high is None:
            return f"above {low:.6g}" if high is None else f"up to {high:.6g}"
        return f"{low:.6g} to {high:.6g}"
    values = known.values or ()
    return value(values[place]) if place < len(values) else "other values"
