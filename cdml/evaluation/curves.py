"""ROC, precision-recall and calibration of scores that are sorted once: what the report draws, in few points.

A million rows cost one sort for each model. Only what is drawn is thinned; areas are those of the whole curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdml.core.diagnostics import MOST_POINTS, Bin, Calibration, Curve
from cdml.evaluation.estimate import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 15
FEWEST_IN_A_BIN = 20
DIGITS = 5


@dataclass(frozen=True, eq=False)
class Ranked:
    """Scores (n,) in falling order, and how many of the rows so far are `true`: (n,), at each of them."""

    scores: NDArray[Any]
    hits: NDArray[Any]

    @property
    def positives(self) -> int:
        """How many rows are true."""
        return int(self.hits[-1])


def ranked(true: NDArray[Any], scores: NDArray[Any]) -> Ranked:
    """Sort by score, the highest first; `true` (n,) is 0 or 1."""
    import numpy as np

    order = np.argsort(scores)[::-1]
    return Ranked(scores[order], np.cumsum(true[order], dtype="int64"))


def roc(found: Ranked) -> Curve | None:
    """False against true positive rate, from (0, 0) to (1, 1); None where only one class is there.

    The area is the trapezoid rule's, which is ROC AUC (Hanley & McNeil 1982, Radiology 143:29-36).
    """
    import numpy as np

    n, positives = len(found.scores), found.positives
    if not 0 < positives < n:
        return None
    ends = _ends(found.scores)
    y = np.concatenate([[0.0], found.hits[ends] / positives])
    x = np.concatenate([[0.0], (ends + 1 - found.hits[ends]) / (n - positives)])
    scores = np.concatenate([found.scores[:1], found.scores[ends]])
    area = float((np.diff(x) * (y[1:] + y[:-1])).sum() / 2)
    # Both rates only rise, so the way along the curve is their sum.
    return _curve(_spread(x + y), (x, y, scores), area)


def precision_recall(found: Ranked) -> Curve | None:
    """Recall against precision; None where no row is true.

    The area is average precision: the precision of each step times the recall that it adds, without interpolation.
    """
    import numpy as np

    if not found.positives:
        return None
    ends = _ends(found.scores)
    recall, precision = found.hits[ends] / found.positives, found.hits[ends] / (ends + 1)
    area = float((np.diff(recall, prepend=0.0) * precision).sum())
    last = int(np.searchsorted(recall, 1.0)) + 1  # beyond it nothing is found any more
    recall, precision = recall[:last], precision[:last]
    falls = np.maximum.accumulate(precision[::-1])[::-1]  # the best precision at this recall or more
    way = recall + falls[0] - falls
    return _curve(_spread(way), (recall, precision, found.scores[ends][:last]), area)


def calibration(found: Ranked, confidence: float) -> Calibration:
    """Quantile bins of the scores: the mean score, and the share that came true with Wilson's interval."""
    import numpy as np

    scores, hits = found.scores[::-1], found.positives - np.concatenate([found.hits[::-1], [0]])
    n = len(scores)
    bins = max(1, min(BINS, n // FEWEST_IN_A_BIN))
    inner = np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1])
    stops = np.unique(np.concatenate([[0], np.searchsorted(scores, inner, side="right"), [n]]))
    sums = np.concatenate([[0.0], np.cumsum(scores)])[stops]
    counts = np.diff(stops)
    said, came = np.diff(sums) / counts, np.diff(hits[stops])
    error = float((np.abs(came / counts - said) * counts).sum() / n)
    parts = zip(said.tolist(), came.tolist(), counts.tolist(), strict=True)
    return Calibration(tuple(_bin(*part, confidence) for part in parts), round(min(error, 1.0), DIGITS))


def _bin(score: float, came: int, rows: int, confidence: float) -> Bin:
    low, high = wilson(came, rows, confidence)
    share = min(1.0, max(0.0, score))  # a mean may miss an end by rounding
    said, true, low, high = (round(one, DIGITS) for one in (share, came / rows, low, high))
    return Bin(said, true, low, high, rows)


def _ends(scores: NDArray[Any]) -> NDArray[Any]:
    """The last place of each score: rows of one score are told apart by no threshold."""
    import numpy as np

    return np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)


def _spread(way: NDArray[Any]) -> NDArray[Any]:
    """Places of at most MOST_POINTS points, evenly along a way that never falls; the first and last among them."""
    import numpy as np

    if len(way) <= MOST_POINTS:
        return np.arange(len(way))
    targets = np.linspace(way[0], way[-1], MOST_POINTS)
    places = np.unique(np.searchsorted(way, targets))
    places[-1] = len(way) - 1
    return np.asarray(places)


def _curve(places: NDArray[Any], parts: tuple[NDArray[Any], ...], area: float) -> Curve:
    x, y, scores = (tuple(round(one, DIGITS) for one in part[places].tolist()) for part in parts)
    return Curve(x, y, scores, round(min(1.0, max(0.0, area)), 8))
