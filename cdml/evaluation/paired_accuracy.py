"""Accuracy: the difference of two proportions measured on the same rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cdml.evaluation.estimate import Bounds, Estimate, unchanged, wilson

if TYPE_CHECKING:
    from cdml.evaluation.predictions import Predictions

METHOD = "paired score interval (Newcombe 1998)"


def own(p: Predictions, value: float) -> Estimate:
    """Wilson's interval of one model's accuracy."""
    right = float((p.y_true == p.predicted).sum())
    return Estimate(value, lambda confidence: wilson(right, p.rows, confidence), "Wilson score interval")


def difference(base: Predictions, cand: Predictions) -> Estimate:
    """Candidate's accuracy minus baseline's, with Newcombe's interval."""
    if (base.predicted == cand.predicted).all():
        return unchanged(METHOD)
    was, now = base.y_true == base.predicted, cand.y_true == cand.predicted
    both, gained, lost = int((was & now).sum()), int((now & ~was).sum()), int((was & ~now).sum())
    n = base.rows
    return Estimate((gained - lost) / n, lambda c: newcombe((both, gained, lost, n), c), METHOD)


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
