"""The metrics that cdml computes itself, by scikit-learn's names: direction, task and formula of each.

The formulas stand beside their tests (`paired_*.py`), for both read the same ranks, counts and losses; they agree
with scikit-learn's to rounding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from cdml.core.comparison import Direction
from cdml.core.settings import MetricSpec, Task
from cdml.evaluation import (
    paired_accuracy,
    paired_auc,
    paired_counts,
    paired_influence,
    paired_losses,
    paired_ranking,
)
from cdml.evaluation.paired import PAIRED, Paired, of_spec
from cdml.evaluation.predictions import Predictions

HIGHER, LOWER = Direction.HIGHER, Direction.LOWER


@dataclass(frozen=True)
class Metric:
    """One metric. `needs` is what it is computed from (`column`: that of `column`).

    `both_classes`: one class alone leaves it undefined; `of_class`: it is a share of that class's rows.
    """

    name: str
    direction: Direction
    tasks: tuple[Task, ...]
    needs: Literal["score", "pred", "column"]
    compute: Callable[[Predictions], float]
    both_classes: bool = False
    of_class: int | None = None
    column: str = ""

    def why_not(self, predictions: Predictions) -> str | None:
        """Why it cannot be computed from these predictions, in words; None where it can."""
        if predictions.task not in self.tasks:
            return f"not a metric of a {predictions.task} task"
        return self._lacks(predictions) or self._undefined(predictions)

    def _lacks(self, predictions: Predictions) -> str | None:
        if self.needs == "score" and predictions.score is None:
            wanted = "y_score_<class>" if predictions.task == "multiclass" else "y_score"
            return f"no column {wanted}"
        if self.needs == "pred" and predictions.y_pred is None:
            return "no column y_pred"
        if self.needs == "column" and self.column not in predictions.columns:
            return f"no column {self.column}"
        return None

    def _undefined(self, predictions: Predictions) -> str | None:
        """Why these rows leave it without a value."""
        truth = predictions.y_true
        if self.of_class is not None and not (truth == self.of_class).any():
            return f"no row of class {predictions.classes[self.of_class]} among these rows"
        if self.both_classes and not 0 < truth.sum() < predictions.rows:
            return "only one class among these rows"
        if self.name == "r2" and truth.min() == truth.max():
            return "y_true is the same in all of these rows"
        return None


def default_metrics(task: Task, has_score: bool) -> tuple[str, ...]:
    """What is reported where a project names no metrics; the first is the primary one.

    Nothing for a table of scores, whose columns only the project knows.
    """
    if task == "scores":
        return ()
    if task == "ranking":
        return ("ndcg_at_10", "mrr")
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


_BINARY: tuple[Task, ...] = ("binary",)
_MULTI: tuple[Task, ...] = ("multiclass",)
_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_NUMBERS: tuple[Task, ...] = ("regression",)
_RANKED: tuple[Task, ...] = ("ranking",)
_ANY: tuple[Task, ...] = ("binary", "multiclass", "regression", "ranking", "scores")


def _counts(name: str, direction: Direction, tasks: tuple[Task, ...] = _BINARY, of: int | None = None) -> Metric:
    return Metric(name, direction, tasks, "pred", partial(paired_counts.value, name), of_class=of)


def _loss(name: str, tasks: tuple[Task, ...], needs: Literal["score", "pred"]) -> Metric:
    return Metric(name, LOWER, tasks, needs, partial(paired_losses.value, name))


def _smooth(name: str, direction: Direction) -> Metric:
    return Metric(name, direction, _NUMBERS, "pred", partial(paired_influence.value, name))


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", HIGHER, _BINARY, "score", paired_auc.value, both_classes=True),
        Metric(
            "average_precision",
            HIGHER,
            _BINARY,
            "score",
            partial(paired_influence.value, "average_precision"),
            both_classes=True,
        ),
        Metric("accuracy", HIGHER, _CLASSES, "pred", paired_accuracy.value),
        _counts("balanced_accuracy", HIGHER, _CLASSES),
        _counts("precision", HIGHER),
        _counts("recall", HIGHER),
        _counts("f1", HIGHER),
        _counts("f1_macro", HIGHER, _MULTI),
        _counts("selection_rate", Direction.NEITHER),
        _counts("true_positive_rate", HIGHER, of=1),
        _counts("false_positive_rate", LOWER, of=0),
        _counts("true_negative_rate", HIGHER, of=0),
        _counts("false_negative_rate", LOWER, of=1),
        _loss("log_loss", _CLASSES, "score"),
        _loss("brier_score", _BINARY, "score"),
        _loss("mae", _NUMBERS, "pred"),
        _loss("mse", _NUMBERS, "pred"),
        _smooth("rmse", LOWER),
        _smooth("r2", HIGHER),
        *(
            Metric(name, HIGHER, _RANKED, "score", partial(paired_ranking.value, name))
            for name in paired_ranking.NAMES
        ),
    )
}


def find(name: str, defined: Iterable[MetricSpec] = ()) -> tuple[Metric, Paired] | None:
    """A metric by its name, and its paired test: one that the project defines, or a built-in one.

    None for a name that nobody knows, and for a number of the project's own metrics files.
    """
    spec = next((one for one in defined if one.name == name), None)
    if spec is not None:
        return None if spec.kind == "reported" else (_of_spec(spec), of_spec(spec))
    return (METRICS[name], PAIRED[name]) if name in METRICS else None


def _of_spec(spec: MetricSpec) -> Metric:
    cost = spec.kind == "cost"
    return Metric(
        spec.name,
        Direction(spec.direction),
        _BINARY if cost else _ANY,
        "pred" if cost else "column",
        partial(paired_losses.value, spec),
        column=spec.column,
    )
