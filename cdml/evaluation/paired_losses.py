"""Metrics that are a mean over rows of a loss: log loss, Brier score, mean absolute and squared error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cdml.evaluation.estimate import Estimate, student, unchanged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions

METHOD = "paired t"


def losses(name: str, p: Predictions) -> NDArray[Any]:
    """Each row's loss, shape (n,); its mean is the metric as scikit-learn computes it."""
    import numpy as np

    if name == "mae":
        return np.asarray(np.abs(p.y_true - p.predicted))
    if name == "mse":
        return np.asarray((p.y_true - p.predicted) ** 2)
    if name == "brier_score":
        return np.asarray((p.scored - p.y_true) ** 2)
    if p.scored.ndim == 1:
        chosen = np.where(p.y_true == 1, p.scored, 1 - p.scored)
    else:
        chosen = p.scored[np.arange(p.rows), p.y_true]
    smallest = np.finfo(float).eps  # scikit-learn clips there, so that one sure mistake is not infinite
    return np.asarray(-np.log(np.clip(chosen, smallest, 1 - smallest)))


def own(name: str, p: Predictions, value: float) -> Estimate:
    """Student's interval of the mean loss; a loss is never below zero."""
    rows = losses(name, p)
    return student(value, _error(rows), len(rows) - 1, "t", (0.0, math.inf))


def difference(name: str, base: Predictions, cand: Predictions) -> Estimate:
    """Student's interval of the mean of row-wise loss differences (Dietterich 1998; Benavoli et al. 2017)."""
    rows = losses(name, cand) - losses(name, base)
    if not rows.any():
        return unchanged(METHOD)
    return student(float(rows.mean()), _error(rows), len(rows) - 1, METHOD)


def _error(rows: NDArray[Any]) -> float:
    return float(rows.std(ddof=1)) / math.sqrt(len(rows))
