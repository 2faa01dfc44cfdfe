"""Which interval belongs to which metric: one explicit table from names to paired tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cdml.evaluation import (
    clusters,
    paired_accuracy,
    paired_auc,
    paired_counts,
    paired_influence,
    paired_losses,
    paired_ranking,
)
from cdml.evaluation.estimate import Estimate

if TYPE_CHECKING:
    from cdml.core.settings import MetricSpec
    from cdml.evaluation.predictions import Predictions

# Below this no method here is worth its claim.
FEWEST_ROWS = 10

Own = Callable[["Predictions", float], Estimate]
Difference = Callable[["Predictions", "Predictions", tuple[float, float]], Estimate]


@dataclass(frozen=True)
class Paired:
    """How one metric's own interval and its difference's are computed.

    `own(candidate, value)`; `difference(baseline, candidate, (baseline's value, candidate's value))`, for
    predictions of the same rows in the same order. `of_a_class` rows of either class are the least that it is
    trusted with: a rank variance needs two; average precision's covers 93 of 100 times at 40 positives of 100
    rows, 95 from 60 on (simulated).
    """

    own: Own
    difference: Difference
    of_a_class: int = 0


def too_few(p: Predictions, paired: Paired) -> str | None:
    """Why these rows are too few for an interval, in words; None where they suffice."""
    units = "query" if p.task == "ranking" else "row" if p.groups is None else "group"
    number = min(p.rows, clusters.count(p))
    if number < FEWEST_ROWS:
        return f"{_counted(number, units)} too few for an interval"
    least = paired.of_a_class
    if least and not least <= int(p.y_true.sum()) <= p.rows - least:
        return "too few rows of one class for an interval"
    return None


def _counted(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what} is"
    return f"{number} {'queries' if what == 'query' else f'{what}s'} are"


def of_spec(spec: MetricSpec) -> Paired:
    """The paired test of a metric that a project defines: of its per-row costs or scores."""
    return _loss(spec)


def _loss(what: str | MetricSpec) -> Paired:
    return Paired(
        partial(paired_losses.own, what), lambda base, cand, _: paired_losses.difference(what, base, cand)
    )


def _counts(name: str) -> Paired:
    return Paired(partial(paired_counts.own, name), partial(paired_counts.difference, name))


def _influence(name: str, of_a_class: int = 0) -> Paired:
    return Paired(partial(paired_influence.own, name), partial(paired_influence.difference, name), of_a_class)


def _ranking(name: str) -> Paired:
    return Paired(
        partial(paired_ranking.own, name), lambda base, cand, _: paired_ranking.difference(name, base, cand)
    )


COUNTS = (
    "precision",
    "recall",
    "f1",
    "balanced_accuracy",
    "f1_macro",
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "true_negative_rate",
    "false_negative_rate",
)
PAIRED: dict[str, Paired] = {
    "roc_auc": Paired(paired_auc.own, lambda base, cand, _: paired_auc.difference(base, cand), of_a_class=2),
    "accuracy": Paired(paired_accuracy.own, lambda base, cand, _: paired_accuracy.difference(base, cand)),
    "average_precision": _influence("average_precision", of_a_class=40),
    "rmse": _influence("rmse"),
    "r2": _influence("r2"),
    **{name: _loss(name) for name in ("log_loss", "brier_score", "mae", "mse")},
    **{name: _counts(name) for name in COUNTS},
    **{name: _ranking(name) for name in paired_ranking.NAMES},
}
