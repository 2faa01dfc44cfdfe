"""Performance with labels: joined by id, and held against a published interval."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from cdml.config.load import parse
from cdml.core.errors import ConfigError
from cdml.core.observation import Performance
from cdml.core.settings import Evaluate, Gate, MetricSpec
from cdml.evaluation.predictions import Predictions, read_predictions
from cdml.evaluation.table import Table
from cdml.monitoring.batches import Batch, Window
from cdml.monitoring.performance import Labels, joined, performance

EVALUATE = parse(
    "model: m\ntrain: {cmd: c, outs: [m]}\nevaluate: {data: d.csv, target: y, metrics: [accuracy]}\n"
).evaluate


def window(**columns: Any) -> Window:
    return Window((Batch("b.csv", None),), pd.DataFrame(columns))


def labels(target: str | None = "y", **columns: Any) -> Labels:
    return Labels(Table("labels.csv", pd.DataFrame(columns)), "id", target)


def of(right: int, wrong: int) -> pd.DataFrame:
    """Binary rows of which so many are right."""
    truth = [n % 2 for n in range(right + wrong)]
    said = [y if n < right else 1 - y for n, y in enumerate(truth)]
    return pd.DataFrame({"id": [str(n) for n in range(right + wrong)], "y_true": truth, "y_pred": said})


def reference(right: int, wrong: int) -> Predictions:
    return read_predictions(of(right, wrong).to_csv(index=False).encode(), "reference.csv")


def judged(rows: pd.DataFrame, *gates: Gate, before: tuple[int, int] = (48, 32)) -> Performance:
    evaluate = replace(EVALUATE, gates=gates)
    found = performance(rows, window(id=["0"]), len(rows), reference(*before), evaluate)
    assert isinstance(found, Performance), found
    return found


def test_the_difference_of_two_sets_of_rows_is_newcombes() -> None:
    """56 of 70 against 48 of 80: 0.2000 (0.0524 to 0.3339), Newcombe 1998, Stat. Med. 17, table II, method 10."""
    result = judged(of(56, 14)).metrics[0]
    assert (result.baseline, result.candidate) == (pytest.approx(0.6), pytest.approx(0.8))
    assert result.interval is not None
    assert result.difference == pytest.approx(0.2)
    assert (result.interval.low, result.interval.high) == (
        pytest.approx(0.0524, abs=5e-5),
        pytest.approx(0.3339, abs=5e-5),
    )


def test_what_mistakes_cost_is_judged_too() -> None:
    prices = MetricSpec("price", "cost", "lower", costs=(0.0, 1.0, 5.0, 0.0))
    evaluate = replace(EVALUATE, metrics=("price",), defined=(prices,), gates=(Gate("max", "price", 0.5),))
    found = performance(of(56, 14), window(id=["0"]), 70, reference(48, 32), evaluate)
    assert isinstance(found, Performance)
    # Of 14 (32) wrong rows half are false positives at 1, half false negatives at 5.
    (result,) = found.metrics
    assert (result.baseline, result.candidate) == (pytest.approx(32 * 3 / 80), pytest.approx(14 * 3 / 70))
    assert [verdict.gate.metric for verdict in found.verdicts] == ["price"]


@pytest.mark.parametrize(
    ("right", "outcome"), [(90, "pass"), (62, "inconclusive"), (30, "fail")]
)  # of 100, where at least 60 % are asked for
def test_a_minimum_is_judged_with_confidence_though_the_gate_names_none(right: int, outcome: str) -> None:
    found = judged(of(right, 100 - right), Gate("min", "accuracy", 0.6))
    assert [verdict.outcome for verdict in found.verdicts] == [outcome]
    assert bool(found.failed) == (outcome == "fail")


@pytest.mark.parametrize(("right", "outcome"), [(850, "pass"), (792, "inconclusive"), (700, "fail")])
def test_a_regression_is_judged_against_the_test_data(right: int, outcome: str) -> None:
    gate = Gate("max-regression", "", 0.02, confidence=0.95)
    found = judged(of(right, 1000 - right), gate, before=(800, 200))
    assert [verdict.outcome for verdict in found.verdicts] == [outcome]


def test_gates_on_what_production_cannot_know_are_not_asked() -> None:
    gates = (
        Gate("min", "accuracy", 0.99, by="sex"),
        Gate("min", "accuracy", 0.99, dataset="holdout"),
        Gate("min", "reported_by_the_project", 0.99),
    )
    assert judged(of(50, 50), *gates).verdicts == ()


def test_predictions_find_their_labels_by_id_and_the_later_of_two_counts() -> None:
    said = window(id=[1, 2, 2, 3, None], y_pred=[0, 0, 1, 1, 1])
    rows, predicted = joined(said, labels(id=["1", "2", "1", "9"], y=[0, 1, 1, 1]))
    assert predicted == 3
    assert rows[["id", "y_pred", "y_true"]].values.tolist() == [["1", 0, 1], ["2", 1, 1]]


def test_a_label_that_is_empty_has_not_arrived() -> None:
    rows, predicted = joined(window(id=["1", "2"], y_pred=[0, 1]), labels(id=["1", "2"], y_true=[1.0, None]))
    assert (len(rows), predicted) == (1, 2)


@pytest.mark.parametrize(
    ("said", "truth", "named"),
    [
        (window(y_pred=[1]), labels(id=["1"], y=[1]), "b.csv: no column id"),
        (window(id=["1"]), labels(key=["1"], y=[1]), "labels.csv: no column id"),
        (window(id=["1"]), labels(id=["1"], z=[1]), "labels.csv: no column y_true or y"),
        (window(id=["1"]), labels(None, id=["1"], z=[1]), "labels.csv: no column y_true"),
    ],
)
def test_columns_that_joining_needs_are_asked_for_by_name(said: Window, truth: Labels, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        joined(said, truth)
    assert str(caught.value).startswith(named)


def unjudged(rows: pd.DataFrame, evaluate: Evaluate = EVALUATE) -> object:
    return performance(rows, window(id=["0"]), len(rows), reference(8, 2), evaluate)


def test_labels_of_one_kind_judge_nothing_yet() -> None:
    rows = of(10, 0)
    assert unjudged(rows[rows["y_true"] == 0]) == "the labels so far are all alike"
    assert unjudged(rows[:0]) == "no prediction has a label yet"


def test_a_label_that_is_no_class_is_bad_data() -> None:
    rows = of(10, 0)
    rows.loc[3, "y_true"] = 7
    with pytest.raises(ConfigError, match=r"labelled rows of b\.csv"):
        unjudged(rows)
