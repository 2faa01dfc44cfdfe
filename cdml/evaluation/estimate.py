"""A number with an interval at any confidence, and the few intervals that several metrics share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdml.core.comparison import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

Bounds = tuple[float, float]
LARGEST_EXPONENT = 700.0  # of a float


@dataclass(frozen=True)
class Estimate:
    """A value and its two-sided interval as a function of the confidence, both in the metric's units.

    `p_value` is the two-sided p of an exact test that goes with the interval of a difference, where there is one.
    `finest` is the smallest p that its interval can tell: of n draws none below 2 / (n + 1).
    """

    value: float
    bounds: Callable[[float], Bounds]
    method: str
    p_value: float | None = None
    finest: float = 0.0

    def interval(self, confidence: float) -> Interval:
        """The interval at this confidence (a fraction, such as 0.95)."""
        low, high = self.bounds(confidence)
        return Interval(float(low), float(high), confidence)


def unchanged(method: str) -> Estimate:
    """The difference of two models that say the same of every row: nothing, and surely so."""
    return Estimate(0.0, lambda _: (0.0, 0.0), method)


def z_value(confidence: float) -> float:
    """The normal quantile of a two-sided interval."""
    from scipy.special import ndtri  # what scipy.stats.norm.ppf comes to, in a thousandth of its time

    return float(ndtri(0.5 + confidence / 2))


def t_value(confidence: float, freedom: float) -> float:
    """Student's quantile of a two-sided interval; the normal one for infinite degrees of freedom."""
    from scipy.special import stdtrit

    return z_value(confidence) if math.isinf(freedom) else float(stdtrit(freedom, 0.5 + confidence / 2))


def student(value: float, error: float, freedom: float, method: str, limits: Bounds | None = None) -> Estimate:
    """value ± t · error, kept within `limits` (a metric's range) where they are given."""

    def bounds(confidence: float) -> Bounds:
        half = t_value(confidence, freedom) * error
        low, high = limits or (-math.inf, math.inf)
        return max(value - half, low), min(value + half, high)

    return Estimate(value, bounds, method)


def positive(value: float, error: float, freedom: float, method: str) -> Estimate:
    """Student's interval on the logarithmic scale: of few skewed units of something that is above zero."""
    wide = student(math.log(value), error / value, freedom, method)

    def bounds(confidence: float) -> Bounds:
        low, high = wide.bounds(confidence)
        return math.exp(low), math.exp(min(high, LARGEST_EXPONENT))

    return Estimate(value, bounds, f"{method}, log scale")


def wilson(successes: float, n: float, confidence: float) -> Bounds:
    """Wilson's score interval of a proportion (Wilson 1927, JASA 22); (0, 1) where there was no trial."""
    if n == 0:
        return 0.0, 1.0
    z2 = z_value(confidence) ** 2
    p = successes / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * p * (1 - p) / n + z2 * z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    return low, (1.0 if successes == n else min(1.0, centre + half))


def mean_of_proportions(parts: Sequence[tuple[float, float]], confidence: float) -> Bounds:
    """Interval of the mean of independent proportions, given as (successes, n) each.

    MOVER: the squared distances of the parts' own (Wilson) bounds add up (Zou & Donner 2008, Stat. Med. 27).
    """
    centre = below = above = 0.0
    for successes, n in parts:
        low, high = wilson(successes, n, confidence)
        share = successes / n
        centre += share
        below += (share - low) ** 2
        above += (high - share) ** 2
    k = len(parts)
    return (centre - math.sqrt(below)) / k, (centre + math.sqrt(above)) / k


def unpaired_difference(baseline: Estimate, candidate: Estimate, method: str) -> Estimate:
    """MOVER from both own intervals as if they were independent: wide, for data that show no variance at all."""
    value = candidate.value - baseline.value

    def bounds(confidence: float) -> Bounds:
        base, own = baseline.interval(confidence), candidate.interval(confidence)
        below = math.hypot(candidate.value - own.low, base.high - baseline.value)
        above = math.hypot(own.high - candidate.value, baseline.value - base.low)
        return value - below, value + above

    return Estimate(value, bounds, method)


def percentile(value: float, draws: NDArray[Any], method: str, units: int | None = None) -> Estimate:
    """Percentile interval of bootstrap draws (Efron & Tibshirani 1993, chapter 13); always holds the value.

    Where few `units` were resampled it is expanded as Student's is (Hesterberg 2015, American Statistician 69).
    """
    import numpy as np

    ordered = np.sort(draws)

    def bounds(confidence: float) -> Bounds:
        tail = (1 - confidence) / 2 if units is None else _expanded(confidence, units)
        low, high = np.quantile(ordered, [tail, 1 - tail])
        return min(float(low), value), max(float(high), value)

    return Estimate(value, bounds, method, finest=2 / (len(ordered) + 1))


def _expanded(confidence: float, units: int) -> float:
    """The tail beyond which so many resampled units leave draws of an honest interval."""
    from scipy.stats import norm

    return float(norm.cdf(-math.sqrt(units / (units - 1)) * t_value(confidence, units - 1)))
