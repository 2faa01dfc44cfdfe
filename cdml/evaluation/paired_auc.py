"""ROC AUC: the nonparametric variance of two correlated areas, in n log n."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdml.evaluation import clusters
from cdml.evaluation.estimate import Bounds, Estimate, student, t_value, unchanged, unpaired_difference, z_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions

METHOD = "paired DeLong (1988)"
CLUSTERED = "paired DeLong, by groups (Obuchowski 1997)"
Parts = tuple["NDArray[Any]", "NDArray[Any]"]


def placements(p: Predictions) -> Parts:
    """For each positive row the share of negatives ranked below it, for each negative the share of positives
    above.

    DeLong, DeLong & Clarke-Pearson (1988, Biometrics 44:837-845) by midranks (Sun & Xu 2014, IEEE Signal
    Processing Letters 21:1389-1393). Shapes (positives,) and (negatives,); the mean of either is the area.
    """
    return p.once("placements", lambda: _placements(p))


def _placements(p: Predictions) -> Parts:
    """The ranks within each class follow from the order in all: one sort does for the three of them."""
    import numpy as np

    positive, order = p.y_true == 1, p.order
    ordered, hits = p.scored[order], positive[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(starts, len(ordered)))
    tied = np.add.reduceat(hits.astype("int64"), starts)  # positives of each score
    below = np.cumsum(tied) - tied
    m = int(tied.sum())
    others = sizes - tied
    under = np.cumsum(others) - others
    of_row = np.empty(len(order))
    negatives, positives = (under + others / 2) / (len(order) - m), 1 - (below + tied / 2) / m
    of_row[order] = np.where(hits, np.repeat(negatives, sizes), np.repeat(positives, sizes))
    return of_row[positive], of_row[~positive]


def value(p: Predictions) -> float:
    """The area: how often a positive row is ranked above a negative one."""
    return float(placements(p)[0].mean())


def own(p: Predictions, value: float) -> Estimate:
    """DeLong's variance on the logit scale (Pepe 2003, section 5.2.4): the interval stays within 0 and 1."""
    above, below = placements(p)
    if not 1e-12 < value < 1 - 1e-12:
        return _newcombe(value, len(above), len(below))
    error = math.sqrt(_variance(above, below, p))
    if error < 1e-12 and p.groups is not None:  # groups alike to a row: then the rows tell how sure it is
        return own(replace(p, groups=None), value)
    if error < 1e-12:  # one score for all rows ranks none of them, whatever the rows
        return Estimate(value, lambda _: (value, value), "all scores are alike")

    degrees = math.inf if p.groups is None else clusters.freedom(_influences(above, below, p), p)

    def bounds(confidence: float) -> Bounds:
        centre, half = math.log(value / (1 - value)), t_value(confidence, degrees) * error / (value * (1 - value))
        return 1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre))

    return Estimate(value, bounds, "DeLong, logit scale" if p.groups is None else "DeLong by groups, logit scale")


def difference(base: Predictions, cand: Predictions) -> Estimate:
    """Candidate's area minus baseline's, with DeLong's interval.

    Models that rank every row alike differ by nothing. Where no variance shows although ranks differ (both areas
    are at the edge), the two own intervals are joined instead.
    """
    import numpy as np
    from scipy.stats import rankdata

    method = METHOD if cand.groups is None else CLUSTERED
    (above1, below1), (above2, below2) = placements(base), placements(cand)
    above, below = above2 - above1, below2 - below1
    if not above.any() and not below.any() and np.array_equal(rankdata(base.scored), rankdata(cand.scored)):
        return unchanged(method)
    variance = _variance(above, below, cand)
    if variance < 1e-20:
        one, two = float(above1.mean()), float(above2.mean())
        return unpaired_difference(own(base, one), own(cand, two), "no variance: own intervals joined (MOVER)")
    return student(float(above.mean()), math.sqrt(variance), _freedom(above, below, cand), method, (-1.0, 1.0))


def _variance(above: NDArray[Any], below: NDArray[Any], p: Predictions) -> float:
    """Of the area, or of a difference of two: from both classes, and from what a group has of both."""
    if p.groups is None:
        return float(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    import numpy as np

    positive = p.y_true == 1
    centred = np.zeros(p.rows)
    centred[positive] = (above - above.mean()) / len(above)
    ups = clusters.sums(centred, p)
    centred[positive] = 0
    centred[~positive] = (below - below.mean()) / len(below)
    downs = clusters.sums(centred, p)
    units = len(ups)
    both = float(2 * (ups * downs).sum() * units / (units - 1))
    return max(0.0, _of_class(ups, positive, p) + _of_class(downs, ~positive, p) + both)


def _of_class(sums: NDArray[Any], members: NDArray[Any], p: Predictions) -> float:
    """One class's part of Obuchowski's variance (1997, Biometrics 53:567-578)."""
    units = int((clusters.sums(members.astype(float), p) > 0).sum())
    return float((sums**2).sum() * units / max(1, units - 1))


def _freedom(above: NDArray[Any], below: NDArray[Any], p: Predictions) -> float:
    """Welch-Satterthwaite degrees of freedom, as Brunner & Munzel (2000, Biometrical Journal 42) use for ranks."""
    if p.groups is not None:
        return clusters.freedom(_influences(above, below, p), p)
    one, two = float(above.var(ddof=1) / len(above)), float(below.var(ddof=1) / len(below))
    return (one + two) ** 2 / (one**2 / (len(above) - 1) + two**2 / (len(below) - 1))


def _influences(above: NDArray[Any], below: NDArray[Any], p: Predictions) -> NDArray[Any]:
    import numpy as np

    rows = np.empty(p.rows)
    rows[p.y_true == 1] = (above - above.mean()) / len(above)
    rows[p.y_true != 1] = (below - below.mean()) / len(below)
    return rows


def _newcombe(value: float, m: int, n: int) -> Estimate:
    """For an area of 0 or 1, whose DeLong variance is zero: method 5 of Newcombe (2006, Stat. Med. 25:559-573)."""
    from scipy.optimize import brentq

    mean = (m + n) / 2

    def spread(area: float) -> float:
        inner = 1 + (mean - 1) * ((1 - area) / (2 - area) + area / (1 + area))
        return math.sqrt(area * (1 - area) * inner / (m * n))

    def bounds(confidence: float) -> Bounds:
        z = z_value(confidence)
        # Symmetric in area and 1 - area: solve for the lower bound of an area of one.
        low = float(brentq(lambda area: 1 - area - z * spread(area), 0.0, 1 - 1e-12))
        return (low, 1.0) if value > 0.5 else (0.0, 1 - low)

    return Estimate(value, bounds, "score interval (Newcombe 2006)")
