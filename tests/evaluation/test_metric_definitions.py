"""Values against scikit-learn, exact tests against statsmodels, and metrics that a project defines itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics as theirs
from make_predictions import binary, multiclass, regression
from scipy.stats import ttest_rel

from cdml.core.comparison import Direction, MetricResult, Side
from cdml.core.errors import ConfigError
from cdml.core.settings import MetricSpec
from cdml.evaluation.compare import compare, only_reported, reported
from cdml.evaluation.estimate import wilson
from cdml.evaluation.metrics import METRICS, find
from cdml.evaluation.paired_accuracy import mcnemar
from cdml.evaluation.pairing import subset
from cdml.evaluation.predictions import Predictions, read_predictions
from cdml.reports import words

COST = MetricSpec("cost", "cost", "lower", costs=(0.0, 1.0, 20.0, -2.0))
BLEU = MetricSpec("bleu", "column", "higher", "bleu")
BINARY = {
    "roc_auc": lambda p: theirs.roc_auc_score(p.y_true, p.score),
    "average_precision": lambda p: theirs.average_precision_score(p.y_true, p.score),
    "accuracy": lambda p: theirs.accuracy_score(p.y_true, p.y_pred),
    "balanced_accuracy": lambda p: theirs.balanced_accuracy_score(p.y_true, p.y_pred),
    "precision": lambda p: theirs.precision_score(p.y_true, p.y_pred),
    "recall": lambda p: theirs.recall_score(p.y_true, p.y_pred),
    "f1": lambda p: theirs.f1_score(p.y_true, p.y_pred),
    "log_loss": lambda p: theirs.log_loss(p.y_true, p.score),
    "brier_score": lambda p: theirs.brier_score_loss(p.y_true, p.score),
    "selection_rate": lambda p: p.y_pred.mean(),
    # fairlearn.metrics takes these four from the same matrix.
    "true_positive_rate": lambda p: _confusion(p)[1, 1],
    "false_positive_rate": lambda p: _confusion(p)[0, 1],
    "true_negative_rate": lambda p: _confusion(p)[0, 0],
    "false_negative_rate": lambda p: _confusion(p)[1, 0],
}
MULTICLASS = {
    "accuracy": BINARY["accuracy"],
    "balanced_accuracy": BINARY["balanced_accuracy"],
    "f1_macro": lambda p: theirs.f1_score(p.y_true, p.y_pred, average="macro"),
    "log_loss": lambda p: theirs.log_loss(p.y_true, p.score, labels=range(4)),
}
REGRESSION = {
    "mae": lambda p: theirs.mean_absolute_error(p.y_true, p.y_pred),
    "mse": lambda p: theirs.mean_squared_error(p.y_true, p.y_pred),
    "rmse": lambda p: theirs.root_mean_squared_error(p.y_true, p.y_pred),
    "r2": lambda p: theirs.r2_score(p.y_true, p.y_pred),
}


def _confusion(p: Predictions) -> np.ndarray:
    return theirs.confusion_matrix(p.y_true, p.y_pred, normalize="true")


@pytest.mark.parametrize(
    ("make", "expected"), [(binary, BINARY), (multiclass, MULTICLASS), (regression, REGRESSION)]
)
def test_every_value_is_scikit_learns(make: object, expected: dict) -> None:
    p, _ = make(np.random.default_rng(1), 300)
    ties = replace(p, score=p.score.round(1)) if p.task == "binary" else p
    for name, score in expected.items():
        assert METRICS[name].compute(ties) == pytest.approx(score(ties), abs=1e-12), name
    assert set(expected) == {name for name, metric in METRICS.items() if p.task in metric.tasks}


@pytest.mark.parametrize(
    ("gained", "lost", "expected"),
    [(9, 2, 0.0654296875), (15, 4, 0.0192108154296875), (1, 8, 0.0390625), (40, 21, 0.0204147137996349)],
)
def test_mcnemar_is_statsmodels_exact_one(gained: int, lost: int, expected: float) -> None:
    """statsmodels 0.15: stats.contingency_tables.mcnemar(table, exact=True)."""
    assert mcnemar(gained, lost) == pytest.approx(expected, rel=1e-12)


def test_wilson_is_statsmodels_interval() -> None:
    """statsmodels 0.15: stats.proportion.proportion_confint(81, 263, method="wilson"); also Newcombe (1998)."""
    assert wilson(81, 263, 0.95) == pytest.approx((0.2552885198782742, 0.36620957698280004), rel=1e-9)
    assert wilson(0, 20, 0.95) == pytest.approx((0.0, 0.1611251580528194), rel=1e-9)


def _changed(gained: int, lost: int, n: int = 100) -> MetricResult:
    """Accuracy's result where the candidate gains and loses so many of n rows."""
    truth = np.tile([0, 1], n // 2)
    old, new = truth.copy(), truth.copy()
    old[:gained] = 1 - old[:gained]
    new[gained : gained + lost] = 1 - new[gained : gained + lost]
    sides = (Predictions("x", "binary", truth, said, None, ("0", "1")) for said in (old, new))
    return compare(*sides, metrics=("accuracy",)).metrics[0]


@pytest.mark.parametrize(("gained", "lost"), [(5, 0), (8, 1), (9, 2), (6, 0), (0, 6), (15, 4), (30, 29), (1, 0)])
def test_accuracys_interval_and_exact_test_agree(gained: int, lost: int) -> None:
    result = _changed(gained, lost)
    assert result.p_value == pytest.approx(mcnemar(gained, lost))
    apart = result.interval.low > 0 or result.interval.high < 0
    assert not apart or result.p_value <= 0.05
    if result.p_value > 0.05:
        assert result.judgement == "can't tell"
    assert "exact McNemar" in result.method


def test_a_cost_is_the_mean_price_of_a_row() -> None:
    base, cand = (replace(side, defined=(COST,)) for side in binary(np.random.default_rng(2), 200))
    result = compare(base, cand, metrics=("cost",)).metrics[0]
    prices = [_prices(side) for side in (base, cand)]
    assert (result.baseline, result.candidate) == pytest.approx([rows.mean() for rows in prices])
    expected = ttest_rel(*prices[::-1]).confidence_interval(0.95)
    assert (result.interval.low, result.interval.high) == pytest.approx((expected.low, expected.high))
    assert result.direction is Direction.LOWER
    numbers = replace(regression(np.random.default_rng(1), 40)[0], defined=(COST,))
    assert compare(None, numbers, metrics=("cost",)).metrics[0].method == "not a metric of a regression task"


def _prices(p: Predictions) -> np.ndarray:
    table = {(0, 0): 0.0, (0, 1): 1.0, (1, 0): 20.0, (1, 1): -2.0}
    return np.array([table[pair] for pair in zip(p.y_true.tolist(), p.y_pred.tolist(), strict=True)])


def _scores(values: list[float], name: str = "s.csv", **more: str) -> Predictions:
    rows = "\n".join(f"{i},{value}" for i, value in enumerate(values))
    return read_predictions(f"id,bleu\n{rows}".encode(), name, task="scores", defined=(BLEU,), **more)


def test_columns_of_scores_need_no_truth() -> None:
    random = np.random.default_rng(3)
    first = random.random(30).round(3)
    second = (first + random.normal(0.1, 0.1, 30)).round(3)
    result = compare(_scores(first.tolist()), _scores(second.tolist()), metrics=("bleu",)).metrics[0]
    expected = ttest_rel(second, first).confidence_interval(0.95)
    assert (result.interval.low, result.interval.high) == pytest.approx((expected.low, expected.high))
    assert (result.judgement, result.candidate) == ("better", pytest.approx(second.mean()))
    lower = replace(_scores(second.tolist()), defined=(replace(BLEU, direction="lower"),))
    assert compare(_scores(first.tolist()), lower, metrics=("bleu",)).metrics[0].judgement == "worse"


def test_a_column_stands_beside_other_metrics_of_any_task() -> None:
    base, cand = regression(np.random.default_rng(4), 40)
    columns = {"bleu": np.arange(40.0)}
    sides = [replace(side, columns=columns, defined=(BLEU,)) for side in (base, cand)]
    found = compare(*sides, metrics=("mae", "bleu"))
    assert [m.judgement for m in found.metrics][1] == "same"
    assert found.at("bleu", 0.9) is not None
    without = compare(None, replace(cand, defined=(BLEU,)), metrics=("bleu",)).metrics[0]
    assert (without.candidate, without.method) == (None, "no column bleu")


def test_a_table_of_scores_answers_no_other_question() -> None:
    p = _scores([0.1] * 12)
    assert compare(None, p, metrics=("mae",)).metrics[0].method == "not a metric of a scores task"
    with pytest.raises(ConfigError, match="a table of scores has no usual metrics"):
        compare(None, p, metrics=())
    with pytest.raises(ConfigError, match="column bleu: row 2: the cell is empty"):
        read_predictions(b"id,bleu\n1,0.5\n2,\n", "s.csv", task="scores", defined=(BLEU,))
    with pytest.raises(ConfigError, match="no column y_true"):
        read_predictions(b"id,bleu\n1,0.5\n", "s.csv")


def test_rates_of_no_row_are_not_zero() -> None:
    _, cand = binary(np.random.default_rng(5), 60)
    negatives = subset(cand, cand.y_true == 0)
    result = compare(None, negatives, metrics=("true_positive_rate", "false_positive_rate", "selection_rate"))
    assert [m.candidate is None for m in result.metrics] == [True, False, False]
    assert result.metrics[0].method == "no row of class 1 among these rows"
    rates = compare(None, subset(cand, cand.y_true == 1), metrics=("false_positive_rate", "true_negative_rate"))
    assert {m.method for m in rates.metrics} == {"no row of class 0 among these rows"}


def test_a_selection_rate_is_neither_better_nor_worse() -> None:
    _, cand = binary(np.random.default_rng(6), 300)
    bold = replace(cand, y_pred=np.where(cand.score > 0.3, 1, 0))
    for old, new in ((cand, bold), (bold, cand)):
        found = compare(old, new, metrics=("selection_rate",))
        assert found.metrics[0].judgement == "changed"
        sign = "+" if new is bold else "\u2212"
        told = words.sentence(found.comparison("m", Side("old"), Side("new")))
        assert told.startswith(f"selection_rate changed by {sign}0.2")
    assert compare(cand, cand, metrics=("selection_rate",)).metrics[0].judgement == "same"


def test_a_declared_direction_counts_and_an_inferred_one_is_said() -> None:
    declared = MetricSpec("score_x", "reported", "lower")
    results = [
        reported("score_x", 2.0, 1.0, defined=(declared,)),
        reported("train.loss", 1.0, 0.5),
        reported("accuracy", 0.5, 0.6),
    ]
    found = only_reported(results, first=False)
    assert [m.direction.value for m in found.metrics] == ["lower", "lower", "higher"]
    assert [m.method for m in found.metrics] == ["reported", "reported, direction inferred", "reported"]
    assert found.notes == (
        "Better is inferred from the name: train.loss lower. "
        "Say it in evaluate.metrics: {name: ..., direction: higher or lower}.",
    )
    base, cand = (replace(side, defined=(declared,)) for side in binary(np.random.default_rng(1), 60))
    both = compare(base, cand, metrics=("score_x", "f1")).with_reported(results)
    assert [m.name for m in both.metrics] == ["score_x", "f1", "train.loss", "accuracy"]
    assert both.at("score_x", 0.95).difference == -1


def test_an_unknown_name_is_no_metric_and_a_definition_is_found_by_its_own() -> None:
    assert find("nobody") is None
    assert find("score_x", (MetricSpec("score_x", "reported", "lower"),)) is None
    found = find("cost", (COST,))
    assert found is not None
    assert found[0].direction is Direction.LOWER
    with pytest.raises(ConfigError, match="'bleu' is not a metric"):
        compare(None, binary(np.random.default_rng(1), 30)[0], metrics=("bleu",))
