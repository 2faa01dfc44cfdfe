"""The metrics that cdml computes itself, by scikit-learn's names: direction, task and formula of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cdml.core.comparison import Direction
from cdml.core.settings import Task
from cdml.evaluation.predictions import Predictions

HIGHER, LOWER = Direction.HIGHER, Direction.LOWER


@dataclass(frozen=True)
class Metric:
    """One metric. `needs` is what it is computed from; `both_classes`: one class alone leaves it undefined."""

    name: str
    direction: Direction
    tasks: tuple[Task, ...]
    needs: Literal["score", "pred"]
    compute: Callable[[Predictions], float]
    both_classes: bool = False

    def why_not(self, predictions: Predictions) -> str | None:
        """Why it cannot be computed from these predictions, in words; None where it can."""
        if predictions.task not in self.tasks:
            return f"not a metric of a {predictions.task} task"
        if self.needs == "score" and predictions.score is None:
            wanted = "y_score_<class>" if predictions.task == "multiclass" else "y_score"
            return f"no column {wanted}"
        if self.needs == "pred" and predictions.y_pred is None:
            return "no column y_pred"
        if self.both_classes and not 0 < predictions.y_true.sum() < predictions.rows:
            return "only one class among these rows"
        if self.name == "r2" and predictions.y_true.min() == predictions.y_true.max():
            return "y_true is the same in all of these rows"
        return None


def default_metrics(task: Task, has_score: bool) -> tuple[str, ...]:
    """What is reported where a project names no metrics; the first is the primary one."""
    if task == "regression":
        return ("rmse", "mae", "r2")
    if task == "binary":
        return ("roc_auc", "f1", "log_loss") if has_score else ("f1", "accuracy")
    return ("accuracy", "f1_macro", "log_loss") if has_score else ("accuracy", "f1_macro")


_LOWER_WORDS = re.compile(
    r"loss|error|mae|mse|rmse|mape|latency|duration|brier|deviance|perplexity|cost|size|bytes|memory|"
    r"regret|distance|divergence|false_positive|false_negative"
)
_LOWER_PARTS = {"time", "seconds", "ms", "wer", "cer", "ece", "fpr", "fnr", "fid"}


def infer_direction(name: str) -> Direction:
    """The direction of a metric that a project reports under its own name: what sounds like a loss is better
    lower.

    scikit-learn's scorers `neg_...` are negated losses, thus better higher.
    """
    known = METRICS.get(name)
    if known:
        return known.direction
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    parts = set(re.split(r"[^a-z0-9]+", words))
    if "neg" in parts:
        return HIGHER
    return LOWER if _LOWER_WORDS.search(words) or parts & _LOWER_PARTS else HIGHER


def _roc_auc(p: Predictions) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(p.y_true, p.score))


def _average_precision(p: Predictions) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(p.y_true, p.score))


def _accuracy(p: Predictions) -> float:
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(p.y_true, p.y_pred))


def _balanced_accuracy(p: Predictions) -> float:
    """Mean recall of the classes in y_true; a class that is only predicted has no recall."""
    from sklearn.metrics import recall_score

    present = sorted(set(p.y_true.tolist()))
    return float(recall_score(p.y_true, p.y_pred, labels=present, average="macro", zero_division=0))


def _precision(p: Predictions) -> float:
    from sklearn.metrics import precision_score

    return float(precision_score(p.y_true, p.y_pred, zero_division=0))


def _recall(p: Predictions) -> float:
    from sklearn.metrics import recall_score

    return float(recall_score(p.y_true, p.y_pred, zero_division=0))


def _f1(p: Predictions) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(p.y_true, p.y_pred, zero_division=0))


def _f1_macro(p: Predictions) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(p.y_true, p.y_pred, average="macro", zero_division=0))


def _log_loss(p: Predictions) -> float:
    from sklearn.metrics import log_loss

    return float(log_loss(p.y_true, p.score, labels=range(len(p.classes))))


def _brier(p: Predictions) -> float:
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(p.y_true, p.score, pos_label=1))


def _mae(p: Predictions) -> float:
    from sklearn.metrics import mean_absolute_error

    return float(mean_absolute_error(p.y_true, p.y_pred))


def _mse(p: Predictions) -> float:
    from sklearn.metrics import mean_squared_error

    return float(mean_squared_error(p.y_true, p.y_pred))


def _rmse(p: Predictions) -> float:
    from sklearn.metrics import root_mean_squared_error

    return float(root_mean_squared_error(p.y_true, p.y_pred))


def _r2(p: Predictions) -> float:
    from sklearn.metrics import r2_score

    return float(r2_score(p.y_true, p.y_pred))


_BINARY: tuple[Task, ...] = ("binary",)
_MULTI: tuple[Task, ...] = ("multiclass",)
_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_NUMBERS: tuple[Task, ...] = ("regression",)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", HIGHER, _BINARY, "score", _roc_auc, both_classes=True),
        Metric("average_precision", HIGHER, _BINARY, "score", _average_precision, both_classes=True),
        Metric("accuracy", HIGHER, _CLASSES, "pred", _accuracy),
        Metric("balanced_accuracy", HIGHER, _CLASSES, "pred", _balanced_accuracy),
        Metric("precision", HIGHER, _BINARY, "pred", _precision),
        Metric("recall", HIGHER, _BINARY, "pred", _recall),
        Metric("f1", HIGHER, _BINARY, "pred", _f1),
        Metric("f1_macro", HIGHER, _MULTI, "pred", _f1_macro),
        Metric("log_loss", LOWER, _CLASSES, "score", _log_loss),
        Metric("brier_score", LOWER, _BINARY, "score", _brier),
        Metric("mae", LOWER, _NUMBERS, "pred", _mae),
        Metric("mse", LOWER, _NUMBERS, "pred", _mse),
        Metric("rmse", LOWER, _NUMBERS, "pred", _rmse),
        Metric("r2", HIGHER, _NUMBERS, "pred", _r2),
    )
}
