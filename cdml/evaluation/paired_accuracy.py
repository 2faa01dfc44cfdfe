"""Accuracy: the difference of two proportions measured on the same rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cdml.evaluation import clusters
from cdml.evaluation.estimate import Bounds, Estimate, student, unchanged, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions

METHOD = "exact McNemar, paired score interval (Newcombe 1998)"
CLUSTERED = "paired t, by groups"


def right(p: Predictions) -> NDArray[Any]:
    """Which rows are right, boolean (n,)."""
    return p.once("right", lambda: p.y_true == p.predicted)


def value(p: Predictions) -> float:
    """The share of right rows."""
    return float(right(p).mean())


def own(p: Predictions, value: float) -> Estimate:
    """Wilson's interval of one model's accuracy."""
    import numpy as np

    hits, members = right(p), np.ones(p.rows, dtype=bool)
    name = "Wilson score interval" if p.groups is None else "Wilson score interval, by groups"
    return Estimate(value, lambda confidence: clusters.proportion(hits, members, p, confidence), name)


def difference(base: Predictions, cand: Predictions) -> Estimate:
    """Candidate's accuracy minus baseline's.

    The interval is Newcombe's; where the exact McNemar test does not reject at that confidence it reaches to zero:
    no difference is claimed that the test does not find. Rows in groups: Student's interval of the groups'
    differences.
    """
    method = METHOD if cand.groups is None else CLUSTERED
    if (base.predicted == cand.predicted).all():
        return unchanged(method)
    was, now = right(base), right(cand)
    both, gained, lost = int((was & now).sum()), int((now & ~was).sum()), int((was & ~now).sum())
    n = base.rows
    share = (gained - lost) / n
    if cand.groups is not None:
        return _by_groups(now.astype(float) - was, share, cand)
    p_value = mcnemar(gained, lost)

    def bounds(confidence: float) -> Bounds:
        low, high = newcombe((both, gained, lost, n), confidence)
        return (min(low, 0.0), max(high, 0.0)) if p_value > 1 - confidence else (low, high)

    return Estimate(share, bounds, method, p_value)


def _by_groups(rows: NDArray[Any], share: float, p: Predictions) -> Estimate:
    error, freedom = clusters.of_mean(rows, p)
    if error:
        return student(share, error, freedom, CLUSTERED, (-1.0, 1.0))
    units = clusters.count(p)  # no variance between groups: as many groups that do not differ bound it
    return Estimate(share, lambda c: newcombe((0, 0, 0, units), c), "no variance: as many rows as groups")


def mcnemar(gained: int, lost: int) -> float:
    """The two-sided p-value of the exact McNemar test: chance alone gains half of the rows that changed."""
    from scipy.stats import binom

    return min(1.0, 2 * float(binom.cdf(min(gained, lost), gained + lost, 0.5)))


def newcombe(table: tuple[int, int, int, int], confidence: float) -> Bounds:
    """Interval of p(candidate) - p(baseline) for paired proportions.

    `table`: rows right in both, right in the candidate only, in the baseline only, all rows. Method 10 of Newcombe
    (1998, "Improved confidence intervals for the difference between binomial proportions based on paired data",
    Stat. Med. 17:2635-2650): Wilson's bounds of each, joined by squaring and adding with the correlation phi.
    """
    both, gained, lost, n = table
    neither = n - both - gained - lost
    now, was = both + gained, both + lost
    phi = _phi(both, gained, lost, neither)
    low1, high1 = wilson(now, n, confidence)
    low2, high2 = wilson(was, n, confidence)
    p1, p2 = now / n, was / n
    value = (gained - lost) / n
    below = _join(p1 - low1, high2 - p2, phi)
    above = _join(high1 - p1, p2 - low2, phi)
    return value - below, value + above


def _join(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))


def _phi(both: int, gained: int, lost: int, neither: int) -> float:
    """The correlation of the two models' successes, with Newcombe's continuity correction where it is positive."""
    n = both + gained + lost + neither
    product = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    if product == 0:
        return 0.0
    cross = float(both * neither - gained * lost)
    if cross > 0:
        cross = max(cross - n / 2, 0.0)
    return cross / math.sqrt(product)
