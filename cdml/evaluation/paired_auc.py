"""ROC AUC: the nonparametric variance of two correlated areas, in n log n."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cdml.evaluation.estimate import Bounds, Estimate, student, unchanged, unpaired_difference, z_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions

METHOD = "paired DeLong (1988)"


def placements(y_true: NDArray[Any], score: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """For each positive row the share of negatives ranked below it, for each negative the share of positives
    above.

    DeLong, DeLong & Clarke-Pearson (1988, Biometrics 44:837-845) by midranks (Sun & Xu 2014, IEEE Signal
    Processing Letters 21:1389-1393). Shapes (positives,) and (negatives,); the mean of either is the area.
    """
    from scipy.stats import rankdata

    positive = y_true == 1
    m, n = int(positive.sum()), int((~positive).sum())
    ranks = rankdata(score)
    above = (ranks[positive] - rankdata(score[positive])) / n
    below = 1 - (ranks[~positive] - rankdata(score[~positive])) / m
    return above, below


def own(p: Predictions, value: float) -> Estimate:
    """DeLong's variance on the logit scale (Pepe 2003, section 5.2.4): the interval stays within 0 and 1."""
    above, below = placements(p.y_true, p.scored)
    error = math.sqrt(_variance(above, below))
    if not 1e-12 < value < 1 - 1e-12:
        return _newcombe(value, len(above), len(below))

    def bounds(confidence: float) -> Bounds:
        centre, half = math.log(value / (1 - value)), z_value(confidence) * error / (value * (1 - value))
        return 1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre))

    return Estimate(value, bounds, "DeLong, logit scale")


def difference(base: Predictions, cand: Predictions) -> Estimate:
    """Candidate's area minus baseline's, with DeLong's interval.

    Models that rank every row alike differ by nothing. Where no variance shows although ranks differ (both areas
    are at the edge), the two own intervals are joined instead.
    """
    import numpy as np
    from scipy.stats import rankdata

    if np.array_equal(rankdata(base.scored), rankdata(cand.scored)):
        return unchanged(METHOD)
    above1, below1 = placements(base.y_true, base.scored)
    above2, below2 = placements(cand.y_true, cand.scored)
    variance = _variance(above2 - above1, below2 - below1)
    if variance < 1e-20:
        one, two = float(above1.mean()), float(above2.mean())
        return unpaired_difference(own(base, one), own(cand, two), "no variance: own intervals joined (MOVER)")
    value = float(above2.mean() - above1.mean())
    return student(value, math.sqrt(variance), _freedom(above2 - above1, below2 - below1), METHOD, (-1.0, 1.0))


def _variance(above: NDArray[Any], below: NDArray[Any]) -> float:
    return float(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))


def _freedom(above: NDArray[Any], below: NDArray[Any]) -> float:
    """Welch-Satterthwaite degrees of freedom, as Brunner & Munzel (2000, Biometrical Journal 42) use for ranks."""
    one, two = float(above.var(ddof=1) / len(above)), float(below.var(ddof=1) / len(below))
    return (one + two) ** 2 / (one**2 / (len(above) - 1) + two**2 / (len(below) - 1))


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
