"""How far values of the same kind may lie beyond those that were seen.

The extremes of a sample are exceeded by the next one: of as many rows, about half of the time at either end. A
limit that fresh data keep has to be widened by the tail's own scale. Beyond a high quantile most tails fall off
at least as fast as an exponential, whose scale is the mean excess over that quantile (the first step of the
peaks-over-threshold method; Pickands 1975, Davison and Smith 1990), so that WIDTH scales beyond the extreme of n
rows a further row lies with a probability of about exp(-WIDTH) / n. Where the excesses grow with the threshold,
the tail is heavier and the same is done on the logarithm of the distance from the median.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 9.0
TAIL = 0.05
FEWEST_TAIL = 10  # rows beyond the threshold
WIDE = 250  # rows, or a quarter of them, whose excess a heavier tail's own is held against
FEWEST = 20  # rows of which anything can be said
HEAVY = (1.1, 1.25)  # of few rows beyond the threshold, and of many, whose excess is known better
FAR = 1e6  # a limit so many times farther from the median than anything seen says nothing
NEAR = 0.02
ZEROS = 3
FEWEST_COUNTS = 200  # whole numbers from 0 or 1 on, in so many rows, count something


def limits(values: NDArray[Any], low: float, high: float, whole: bool) -> tuple[float | None, float | None]:
    """Limits for a column of numbers, None where none can be said.

    `values` (n,) is a sample without holes, `low` and `high` are the extremes of all rows; `whole` numbers get
    whole limits. A column whose values press against 0, or against 0 and 1, ends there.
    """
    import numpy as np

    if len(values) < FEWEST:
        return None, None
    ordered = np.sort(values)
    middle = float(np.median(ordered))
    below, above = _beyond(middle - ordered[::-1], middle - low), _beyond(ordered - middle, high - middle)
    least = None if below is None else _round(middle - below, low, math.floor, whole)
    most = None if above is None else _round(middle + above, high, math.ceil, whole)
    counts = whole and low <= 1 and len(values) >= FEWEST_COUNTS
    if low >= 0 and (least is None or least < 0) and (counts or _presses(ordered)):
        least = 0.0
    if low >= 0 and high <= 1 and not whole and (most is None or most > 1) and _presses(1 - ordered[::-1]):
        most = 1.0
    return least, most


def _beyond(distance: NDArray[Any], extreme: float) -> float | None:
    """How far from the median a limit lies; `distance` is sorted, its upper half belongs to this side."""
    count = max(FEWEST_TAIL, int(len(distance) * TAIL))
    far = extreme + WIDTH * _excess(distance, count)
    wide = max(count, min(len(distance) // 4, WIDE))
    if _excess(distance, max(FEWEST_TAIL, count // 5)) > HEAVY[count >= WIDE] * _excess(distance, wide):
        import numpy as np

        positive = distance[distance > 0]
        if len(positive) > count:
            scale = WIDTH * _excess(np.log(positive), count)
            far = max(far, extreme * math.exp(scale)) if scale < math.log(FAR) else math.inf
    return far if math.isfinite(far) and far <= FAR * max(extreme, 1e-300) else None


def _excess(ordered: NDArray[Any], count: int) -> float:
    """The mean distance of the `count` greatest from the one below them."""
    count = min(count, len(ordered) - 1)
    return float((ordered[-count:] - ordered[-count - 1]).mean())


def _presses(ordered: NDArray[Any]) -> bool:
    """Whether values end at 0: some are 0, or the least is as near as in a density that does not fade out."""
    low = float(ordered[0])
    return bool((ordered[:ZEROS] == 0).all()) or low <= NEAR * float(ordered[int(len(ordered) * TAIL)])


def _round(limit: float, seen: float, outward: Any, whole: bool) -> float:
    """A number that reads well and lies no nearer than the limit: two digits of what was added."""
    width = abs(limit - seen)
    if width == 0:
        return seen
    step = 10.0 ** (math.floor(math.log10(width)) - 1)
    step = max(step, 1.0) if whole else step
    rounded = outward(limit / step) * step
    return float(f"{rounded:.12g}")
