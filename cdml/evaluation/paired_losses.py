"""Metrics that are a mean over rows: log loss, Brier score, absolute and squared error, costs, columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cdml.evaluation import clusters
from cdml.evaluation.estimate import Bounds, Estimate, positive, student, unchanged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.core.settings import MetricSpec
    from cdml.evaluation.predictions import Predictions

METHOD = "paired t"
CLUSTERED = "paired t, by groups"


def losses(what: str | MetricSpec, p: Predictions) -> NDArray[Any]:
    """Each row's loss, shape (n,); its mean is the metric as scikit-learn computes it. Computed once."""
    return p.once(("losses", what), lambda: _losses(what, p))


def value(what: str | MetricSpec, p: Predictions) -> float:
    """The metric of these rows."""
    return float(losses(what, p).mean())


def own(what: str | MetricSpec, p: Predictions, value: float) -> Estimate:
    """Student's interval of the mean; a loss is never below zero. Few groups' losses are skewed: log scale."""
    error, freedom = clusters.of_mean(losses(what, p), p)
    if p.groups is None:
        return student(value, error, freedom, "t", _limits(what))
    if isinstance(what, str) and value > 0:
        return positive(value, error, freedom, "t, by groups")
    return student(value, error, freedom, "t, by groups", _limits(what))


def difference(what: str | MetricSpec, base: Predictions, cand: Predictions) -> Estimate:
    """Student's interval of the mean of row-wise loss differences (Dietterich 1998; Benavoli et al. 2017)."""
    method = METHOD if cand.groups is None else CLUSTERED
    rows = losses(what, cand) - losses(what, base)
    if not rows.any():
        return unchanged(method)
    return student(float(rows.mean()), *clusters.of_mean(rows, cand), method)


def _losses(what: str | MetricSpec, p: Predictions) -> NDArray[Any]:
    import numpy as np

    if not isinstance(what, str):
        if what.kind == "column":
            return np.asarray(p.columns[what.column], dtype=float)
        # True negatives, false positives, false negatives, true positives: in this order 2 · truth + prediction.
        return np.asarray(np.asarray(what.costs)[2 * p.y_true + p.predicted])
    if what == "mae":
        return np.asarray(np.abs(p.y_true - p.predicted))
    if what == "mse":
        return np.asarray((p.y_true - p.predicted) ** 2)
    if what == "brier_score":
        return np.asarray((p.scored - p.y_true) ** 2)
    if p.scored.ndim == 1:
        chosen = np.where(p.y_true == 1, p.scored, 1 - p.scored)
    else:
        chosen = p.scored[np.arange(p.rows), p.y_true]
    smallest = np.finfo(float).eps  # scikit-learn clips there, so that one sure mistake is not infinite
    return np.asarray(-np.log(np.clip(chosen, smallest, 1 - smallest)))


def _limits(what: str | MetricSpec) -> Bounds:
    """The range of the metric's values: a cost lies between the least and the greatest price."""
    if isinstance(what, str):
        return 0.0, math.inf
    return (min(what.costs), max(what.costs)) if what.kind == "cost" else (-math.inf, math.inf)
