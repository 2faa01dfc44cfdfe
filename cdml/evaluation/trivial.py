"""The best constant answer: what a model is worth that never looks at its input.

Each metric has its own best constant, as scikit-learn's dummy models would give with the test data's own shares:
the most frequent class, the shares as scores, the mean or the median. It is the strongest constant there is, so
who beats it has learned something.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cdml.core.comparison import Direction, MetricResult
from cdml.evaluation.predictions import Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray


def trivial(p: Predictions, name: str) -> float | None:
    """The metric of the best constant answer on these rows; None where a constant says nothing of use.

    Recall is such a metric: always saying yes has all of it.
    """
    import numpy as np

    costs = {spec.name: spec.costs for spec in p.defined if spec.kind == "cost"}
    if p.task in ("binary", "multiclass"):
        shares = np.bincount(p.y_true, minlength=len(p.classes)) / p.rows
        return _of_classes(name, shares) if name not in costs else _cheapest(costs[name], shares)
    return _of_numbers(name, p.y_true) if p.task == "regression" else None


def is_better(result: MetricResult) -> bool | None:
    """Whether the candidate is surely better than the best constant answer; None where nobody can say."""
    if result.trivial is None or result.own_interval is None or result.direction is Direction.NEITHER:
        return None
    if result.direction is Direction.HIGHER:
        return result.own_interval.low > result.trivial
    return result.own_interval.high < result.trivial


def _of_classes(name: str, shares: NDArray[Any]) -> float | None:
    """`shares` (k,) are those of the classes, the positive one last where there are two."""
    present = shares[shares > 0]
    most = float(shares.max())
    found = {
        "accuracy": most,
        "balanced_accuracy": 1 / len(present),
        "f1_macro": 2 * most / (1 + most) / len(present),
        "log_loss": -math.fsum(share * math.log(share) for share in present.tolist()),
    }
    if len(shares) == 2:
        positive = float(shares[1])
        found |= {
            "brier_score": positive * (1 - positive),
            "average_precision": positive,
            "precision": positive,
            "f1": 2 * positive / (1 + positive),
        }
        found |= {"roc_auc": 0.5} if len(present) == 2 else {}
    return found.get(name)


def _cheapest(costs: tuple[float, float, float, float], shares: NDArray[Any]) -> float | None:
    """Always no, or always yes; `costs` are those of a true negative, false positive, false negative and true
    positive."""
    if len(shares) != 2:
        return None
    true_negative, false_positive, false_negative, true_positive = costs
    negative, positive = (float(share) for share in shares)
    always_no = negative * true_negative + positive * false_negative
    return min(always_no, negative * false_positive + positive * true_positive)


def _of_numbers(name: str, truth: NDArray[Any]) -> float | None:
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        found = {
            "mae": np.abs(truth - np.median(truth)).mean(),
            "mse": truth.var(),
            "rmse": truth.std(),
            "r2": 0.0 if truth.min() < truth.max() else math.nan,
        }
    value = float(found.get(name, math.nan))
    return value if math.isfinite(value) else None
