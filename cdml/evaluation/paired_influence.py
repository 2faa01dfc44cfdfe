"""RMSE, R2 and average precision: smooth functions of weighted rows, by each row's influence on them.

The infinitesimal jackknife (Jaeckel 1972; Efron 1982, chapter 6; for a ratio it is the delta method)
differentiates the metric by every row's weight. The variance of the metric is the sum of squared influences. One
pass over sorted rows replaces a bootstrap of thousands, needs no seed, and swaps sides exactly.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cdml.evaluation import clusters
from cdml.evaluation.estimate import Bounds, Estimate, positive, student, unchanged, unpaired_difference, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions

METHOD = "paired infinitesimal jackknife"
NO_ERROR = 1e-12
LIMITS: dict[str, Bounds] = {"rmse": (0.0, math.inf), "r2": (-math.inf, 1.0)}


def value(name: str, p: Predictions) -> float:
    """The metric of these rows, as scikit-learn computes it."""
    if name == "average_precision":
        return p.once("precision", lambda: _average_precision(p))[0]
    squares = (p.y_true - p.predicted) ** 2
    if name == "rmse":
        return math.sqrt(float(squares.mean()))
    return 1 - float(squares.sum()) / float(((p.y_true - p.y_true.mean()) ** 2).sum())


def influences(name: str, p: Predictions) -> NDArray[Any]:
    """The derivative of the metric by each row's weight, shape (n,); they add up to zero."""
    import numpy as np

    if name == "average_precision":
        return p.once("precision", lambda: _average_precision(p))[1]
    squares = (p.y_true - p.predicted) ** 2
    if name == "rmse":
        mean = float(squares.mean())
        return np.asarray((squares - mean) / (2 * math.sqrt(mean) * p.rows)) if mean else np.zeros(p.rows)
    deviations = (p.y_true - p.y_true.mean()) ** 2
    total, error = float(deviations.sum()), float(squares.sum())
    return np.asarray((deviations * error / total - squares) / total)


def own(name: str, p: Predictions, value: float) -> Estimate:
    """Student's interval of one model's value, kept within the metric's range."""
    if name == "average_precision" and value >= 1:
        return _perfect(value, p)
    rows = influences(name, p)
    error, freedom = clusters.error(rows, p), clusters.freedom(rows, p)
    if name == "average_precision":
        return _logit(value, error, freedom)
    if name == "rmse" and p.groups is not None and value > 0:
        return positive(value, error, freedom, "infinitesimal jackknife, by groups")
    return student(value, error, freedom, "infinitesimal jackknife", LIMITS[name])


def difference(name: str, base: Predictions, cand: Predictions, values: tuple[float, float]) -> Estimate:
    """Student's interval of candidate's value minus baseline's, from the difference of each row's influences.

    Where average precisions show no variance although ranks differ, the two own intervals are joined instead.
    """
    import numpy as np
    from scipy.stats import rankdata

    method = METHOD if cand.groups is None else f"{METHOD}, by groups"
    ranked = name == "average_precision"
    before, after = (base.scored, cand.scored) if ranked else (base.predicted, cand.predicted)
    if np.array_equal(before, after):
        return unchanged(method)
    rows = influences(name, cand) - influences(name, base)
    error = clusters.error(rows, cand)
    if ranked and error < NO_ERROR:
        if np.array_equal(rankdata(before), rankdata(after)):
            return unchanged(method)
        one, two = own(name, base, values[0]), own(name, cand, values[1])
        return unpaired_difference(one, two, "no variance: own intervals joined (MOVER)")
    return student(values[1] - values[0], error, clusters.freedom(rows, cand), method)


def _perfect(value: float, p: Predictions) -> Estimate:
    """No positive below any negative, so no variance: as many of them, or of their groups, bound it from below."""
    units = float((clusters.sums(p.y_true.astype(float), p) > 0).sum())
    return Estimate(value, lambda confidence: wilson(units, units, confidence), "Wilson score interval")


def _logit(value: float, error: float, freedom: float) -> Estimate:
    """On the logit scale, as Boyd, Eng & Page (2013, ECML) find best for the area under precision and recall."""
    centre = math.log(value / (1 - value))
    wide = student(centre, error / (value * (1 - value)), freedom, "")

    def bounds(confidence: float) -> Bounds:
        low, high = wide.bounds(confidence)
        return 1 / (1 + math.exp(-low)), 1 / (1 + math.exp(-high))

    return Estimate(value, bounds, "infinitesimal jackknife, logit scale")


def _average_precision(p: Predictions) -> tuple[float, NDArray[Any]]:
    """The value and the influences.

    With A and B the positives and the rows scored at least as high as a row, it is the positives' mean of A / B. A
    row moves its own term, and the terms of all positives scored no higher, in whose A and B it counts.
    """
    import numpy as np

    order = p.order[::-1]
    ordered = p.scored[order]
    fresh = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    rank = np.empty(p.rows, dtype="int64")  # 0 is the highest score; ties share a rank
    rank[order] = np.cumsum(fresh) - 1
    size = np.bincount(rank)
    hits = np.bincount(rank, weights=p.y_true)
    rows_above, hits_above = np.cumsum(size), np.cumsum(hits)
    precision = hits_above / rows_above
    positives = float(hits.sum())
    value = float((hits * precision).sum()) / positives
    gain = np.cumsum((hits / rows_above)[::-1])[::-1]
    loss = np.cumsum((hits * precision / rows_above)[::-1])[::-1]
    return value, np.asarray((p.y_true * (precision[rank] + gain[rank] - value) - loss[rank]) / positives)
