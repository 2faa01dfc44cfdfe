"""Rows that belong together (visits of a patient): they are one observation, not many.

Rows of a group resemble each other, so an interval that counts them as independent is too narrow. Here the group
is the unit: influences are summed within it before they are squared (Liang & Zeger 1986, Biometrika 73), and a
resample draws whole groups (Davison & Hinkley 1997, section 3.8).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cdml.evaluation.estimate import Bounds, t_value, wilson, z_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions


def codes(p: Predictions) -> NDArray[Any]:
    """The number of each row's group, (n,), from 0 to the number of groups less one; every row has its own
    without groups."""
    import numpy as np

    if p.groups is None:
        return np.arange(p.rows)
    groups = p.groups
    return p.once("group codes", lambda: np.unique(groups, return_inverse=True)[1].astype("int64"))


def count(p: Predictions) -> int:
    """How many independent units there are: groups, or rows where there are none."""
    return p.rows if p.groups is None else int(codes(p).max(initial=-1)) + 1


def sums(rows: NDArray[Any], p: Predictions) -> NDArray[Any]:
    """The sum of `rows` (n,) in each group, shape (groups,); the rows themselves without groups."""
    import numpy as np

    return rows if p.groups is None else np.bincount(codes(p), weights=rows)


def error(rows: NDArray[Any], p: Predictions) -> float:
    """The standard error of an estimate whose rows have these influences (n,), which add up to zero."""
    units = sums(rows, p)
    return math.sqrt(float((units**2).sum()) * len(units) / (len(units) - 1))


def freedom(rows: NDArray[Any], p: Predictions) -> float:
    """Degrees of freedom by Satterthwaite's rule, 2 V² / Var(V): few units of great influence say little of V."""
    units = sums(rows, p)
    squares = units * units
    n, variance = len(units), float(squares.sum())
    spread = float((squares * squares).sum()) - variance**2 / n
    return min(n - 1.0, max(2.0, 2 * variance**2 / spread)) if spread > 0 else n - 1.0


def of_mean(rows: NDArray[Any], p: Predictions) -> tuple[float, float]:
    """Standard error and degrees of freedom of the mean of `rows` (n,)."""
    if p.groups is None:
        return float(rows.std(ddof=1)) / math.sqrt(len(rows)), len(rows) - 1
    influences = (rows - rows.mean()) / len(rows)
    return error(influences, p), freedom(influences, p)


def proportion(hits: NDArray[Any], members: NDArray[Any], p: Predictions, confidence: float) -> Bounds:
    """Interval of a share of rows: `hits` among `members`, both boolean (n,).

    Wilson's with as many trials as the variance between groups is worth, fewer groups counting less (Korn &
    Graubard 1998, Survey Methodology 24:193-201); where there is no variance, as many as groups have a member.
    """
    right, n = float(hits.sum()), float(members.sum())
    if p.groups is None or n == 0:
        return wilson(right, n, confidence)
    share = right / n
    influences = (hits - share * members) / n
    variance = error(influences, p) ** 2
    if not variance:
        units = float((sums(members.astype(float), p) > 0).sum())
        return wilson(share * units, units, confidence)
    worth = share * (1 - share) / variance * _less_sure(confidence, freedom(influences, p))
    return wilson(share * min(n, worth), min(n, worth), confidence)


def of_share(value: float, error: float, freedom: float, confidence: float) -> Bounds:
    """Wilson's interval of a mean of units between 0 and 1, from its standard error; see `proportion`.

    Without variance as many trials as there are units.
    """
    worth = value * (1 - value) / error**2 * _less_sure(confidence, freedom) if error else freedom + 1
    return wilson(value * worth, worth, confidence)


def _less_sure(confidence: float, degrees: float) -> float:
    """The squared ratio of the normal to Student's quantile: what a variance from few groups is worth."""
    return (z_value(confidence) / t_value(confidence, degrees)) ** 2
