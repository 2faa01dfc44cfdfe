"""The best constant answer against scikit-learn's metrics of every constant there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary, multiclass, regression

from cdml.core.comparison import Direction
from cdml.core.settings import MetricSpec
from cdml.evaluation.compare import compare, measure
from cdml.evaluation.metrics import METRICS
from cdml.evaluation.pairing import Pair
from cdml.evaluation.predictions import Predictions
from cdml.evaluation.trivial import is_better, trivial


def best(p: Predictions, name: str, constants: list[Predictions]) -> float:
    pick = max if METRICS[name].direction is Direction.HIGHER else min
    return pick(METRICS[name].compute(one) for one in constants)


def classes(p: Predictions) -> list[Predictions]:
    """Every class as the answer, each with the classes' shares as scores."""
    shares = np.bincount(p.y_true, minlength=len(p.classes)) / p.rows
    score = np.full(p.rows, shares[1]) if len(shares) == 2 else np.tile(shares, (p.rows, 1))
    return [replace(p, y_pred=np.full(p.rows, code), score=score) for code in range(len(shares))]


@pytest.mark.parametrize(
    "name",
    [
        "accuracy",
        "balanced_accuracy",
        "f1",
        "precision",
        "log_loss",
        "brier_score",
        "roc_auc",
        "average_precision",
    ],
)
def test_of_two_classes_it_is_the_best_that_a_constant_has(name: str) -> None:
    p = binary(np.random.default_rng(1), 500)[0]
    assert trivial(p, name) == pytest.approx(best(p, name, classes(p)), abs=1e-9)


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "f1_macro", "log_loss"])
def test_of_several_classes_too(name: str) -> None:
    p = multiclass(np.random.default_rng(2), 500)[0]
    assert trivial(p, name) == pytest.approx(best(p, name, classes(p)), abs=1e-9)


@pytest.mark.parametrize("name", ["mae", "mse", "rmse", "r2"])
def test_of_numbers_no_other_constant_is_better(name: str) -> None:
    p = regression(np.random.default_rng(3), 200)[0]
    p = replace(p, y_true=np.exp(p.y_true))  # its mean is not its median
    grid = [*p.y_true, p.y_true.mean()]
    found = best(p, name, [replace(p, y_pred=np.full(p.rows, value)) for value in grid])
    value = trivial(p, name)
    assert value is not None
    sign = 1 if METRICS[name].direction is Direction.HIGHER else -1
    assert sign * found <= sign * value + 1e-12
    assert value == pytest.approx(found)


def test_of_a_cost_it_is_always_no_or_always_yes() -> None:
    for costs in ((0.0, 3.0, 20.0, 0.5), (0.5, 20.0, 3.0, 0.1)):
        spec = MetricSpec("cost", "cost", "lower", costs=costs)
        p = replace(binary(np.random.default_rng(4), 400)[0], defined=(spec,))
        both = [measure(Pair(None, one), "cost").candidate for one in classes(p)]
        assert trivial(p, "cost") == pytest.approx(min(both))


def test_recall_has_none_and_an_unknown_metric_neither() -> None:
    p = binary(np.random.default_rng(5), 50)[0]
    assert trivial(p, "recall") is None
    assert trivial(p, "latency_p99_ms") is None
    one_class = replace(p, y_true=np.zeros(50, dtype=int))
    assert trivial(one_class, "roc_auc") is None
    assert trivial(one_class, "log_loss") == 0


def test_a_model_that_guesses_is_not_surely_better_and_one_that_knows_is() -> None:
    random = np.random.default_rng(6)
    knows = binary(random, 400)[0]
    guesses = replace(knows, score=random.random(400))
    names = ("roc_auc", "log_loss")
    assert [is_better(m) for m in compare(None, knows, metrics=names).metrics] == [True, True]
    assert [is_better(m) for m in compare(None, guesses, metrics=names).metrics] == [False, False]
    first = compare(None, knows, metrics=names).metrics[0]
    assert first.own_interval is not None
    assert first.candidate is not None
    between = (first.own_interval.low + first.candidate) / 2
    assert is_better(replace(first, trivial=between)) is False
    unknown = compare(None, knows, metrics=("recall",)).metrics[0]
    assert is_better(unknown) is None


def test_a_model_that_gives_every_row_one_score_is_not_better_than_the_best_constant() -> None:
    p = binary(np.random.default_rng(6), 400)[0]
    (found,) = compare(None, replace(p, score=np.full(400, 0.4)), metrics=("roc_auc",)).metrics
    assert found.own_interval is not None
    assert (found.trivial, found.own_interval.low, found.own_interval.high, is_better(found)) == (
        0.5,
        0.5,
        0.5,
        False,
    )
    assert is_better(replace(found, direction=Direction.LOWER)) is False


def test_numbers_that_are_all_alike_have_no_r2_of_a_constant() -> None:
    p = regression(np.random.default_rng(3), 20)[0]
    assert trivial(replace(p, y_true=np.full(20, 3.0)), "r2") is None


def test_a_column_of_scores_has_no_constant_beside_it() -> None:
    spec = MetricSpec("bleu", "column", "higher", "bleu")
    assert trivial(replace(binary(np.random.default_rng(4), 40)[0], defined=(spec,)), "bleu") is None
