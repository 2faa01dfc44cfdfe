"""Same data or no claim: pairing, slices, missing metrics, reported ones."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary, multiclass, regression

from cdml.core.comparison import Side
from cdml.core.errors import ConfigError
from cdml.evaluation.compare import compare, only_reported, reported
from cdml.evaluation.metrics import METRICS
from cdml.evaluation.pairing import pair, subset
from cdml.evaluation.predictions import Predictions, read_predictions

NAMES = ("roc_auc", "f1", "log_loss")


def _with_ids(p: Predictions, prefix: str = "r") -> Predictions:
    return replace(p, ids=np.array([f"{prefix}{i}" for i in range(p.rows)], dtype=object))


@pytest.fixture
def sides() -> tuple[Predictions, Predictions]:
    base, cand = binary(np.random.default_rng(1), 300)
    return _with_ids(base), _with_ids(cand)


def test_rows_are_paired_by_id_whatever_their_order(sides: tuple[Predictions, Predictions]) -> None:
    base, cand = sides
    order = np.random.default_rng(2).permutation(300)
    assert compare(base, subset(cand, order), metrics=NAMES).metrics == compare(base, cand, metrics=NAMES).metrics


def test_without_ids_the_order_of_rows_pairs(sides: tuple[Predictions, Predictions]) -> None:
    base, cand = (replace(side, ids=None) for side in sides)
    assert compare(base, cand, metrics=NAMES).unpaired is None
    mixed = compare(sides[0], cand, metrics=NAMES)
    assert mixed.unpaired is None
    assert mixed.metrics == compare(base, cand, metrics=NAMES).metrics


def test_a_candidate_that_left_rows_out_claims_nothing(sides: tuple[Predictions, Predictions]) -> None:
    base, cand = sides
    right = cand.y_true == cand.y_pred
    only_right = subset(cand, right)
    found = compare(base, only_right, metrics=("accuracy", "roc_auc"))
    lost = int((~right).sum())
    assert found.unpaired == f"test data differ: {lost} rows only in the baseline"
    assert found.missing_rows == lost
    assert found.metrics[0].candidate == 1
    assert found.metrics[0].baseline == METRICS["accuracy"].compute(base)
    assert all(m.difference is None and m.interval is None and m.judgement == "" for m in found.metrics)
    nameless = compare(replace(base, ids=None), replace(only_right, ids=None), metrics=("accuracy",))
    assert nameless.missing_rows == lost
    assert "300 rows in the baseline" in (nameless.unpaired or "")


def test_new_rows_and_other_truths_unpair(sides: tuple[Predictions, Predictions]) -> None:
    base, cand = sides
    fewer = compare(subset(base, np.arange(299)), cand, metrics=NAMES)
    assert fewer.unpaired == "test data differ: 1 row only in the candidate"
    assert fewer.missing_rows == 0
    truth = cand.y_true.copy()
    truth[:3] = 1 - truth[:3]
    assert pair(base, replace(cand, y_true=truth)).unpaired == "test data differ: y_true is another in 3 rows"
    other = pair(base, replace(cand, classes=("1", "0")))
    assert other.unpaired == "positive classes differ: 1 in the baseline, 0 in the candidate"
    numbers, _ = regression(np.random.default_rng(1), 300)
    assert (pair(numbers, cand).unpaired or "").startswith("tasks differ: regression")
    assert compare(numbers, cand, metrics=NAMES).metrics[0].baseline is None


def test_a_class_that_only_one_model_knows() -> None:
    old = read_predictions(b"y_true,y_pred\n" + b"a,a\nb,b\nc,c\nc,b\n" * 5, "old.csv")
    new = read_predictions(b"y_true,y_pred\n" + b"a,a\nb,b\nc,c\nc,aa\n" * 5, "new.csv")
    found = compare(old, new, metrics=("accuracy", "f1_macro", "balanced_accuracy"))
    assert found.unpaired is None
    assert found.metrics[0].difference == 0
    assert found.metrics[0].judgement == "can't tell"
    assert found.metrics[1].candidate == METRICS["f1_macro"].compute(new)


def test_a_metric_that_cannot_be_computed_says_why(sides: tuple[Predictions, Predictions]) -> None:
    base, cand = sides
    found = compare(base, replace(cand, score=None), metrics=("f1", "roc_auc"))
    assert found.metrics[1].candidate is None
    assert found.metrics[1].method == "no column y_score"
    assert found.metrics[1].baseline is not None
    scoreless = compare(replace(base, score=None), cand, metrics=("f1", "roc_auc"))
    assert scoreless.metrics[1].method == "baseline: no column y_score"
    assert scoreless.metrics[1].own_interval is not None
    assert scoreless.metrics[1].interval is None
    one = subset(cand, cand.y_true == 1)
    assert compare(None, one, metrics=("roc_auc",)).metrics[0].method == "only one class among these rows"
    huge = replace(regression(np.random.default_rng(1), 20)[0], y_pred=np.full(20, 1e200))
    assert compare(None, huge, metrics=("mse",)).metrics[0].candidate is None


def test_few_rows_have_values_but_no_interval(sides: tuple[Predictions, Predictions]) -> None:
    nine = [subset(side, np.arange(9)) for side in sides]
    result = compare(*nine, metrics=("accuracy",)).metrics[0]
    assert result.candidate is not None
    assert result.interval is None
    assert result.own_interval is None
    assert result.method == "9 rows are too few for an interval"


def test_any_confidence_and_any_known_metric(sides: tuple[Predictions, Predictions]) -> None:
    found = compare(*sides, metrics=("roc_auc",))
    wide, narrow = found.at("roc_auc", 0.99), found.at("roc_auc", 0.5)
    assert wide is not None
    assert narrow is not None
    assert wide.interval.low < found.metrics[0].interval.low < narrow.interval.low
    assert wide.interval.confidence == 0.99
    assert found.at("recall", 0.95).interval is not None
    assert found.at("nobody", 0.95) is None
    with pytest.raises(ConfigError, match="'acuracy' is not a metric"):
        compare(*sides, metrics=("acuracy",))


def test_first_model_and_an_absent_baseline(sides: tuple[Predictions, Predictions]) -> None:
    first = compare(None, sides[1], metrics=NAMES)
    assert first.first
    assert first.metrics[0].own_interval is not None
    absent = compare(None, sides[1], metrics=NAMES, absent="production v1.0.0 has no predictions")
    assert not absent.first
    assert absent.unpaired == "production v1.0.0 has no predictions"


def test_reported_metrics_stand_after_measured_ones(sides: tuple[Predictions, Predictions]) -> None:
    extra = [reported("roc_auc", 0.1, 0.2), reported("train_seconds", 5, 4.5), reported("odd", math.nan, 1)]
    found = compare(*sides, metrics=("roc_auc",)).with_reported(extra)
    assert [m.name for m in found.metrics] == ["roc_auc", "train_seconds", "odd"]
    assert found.metrics[0].candidate > 0.5
    assert found.metrics[1].difference == -0.5
    assert found.metrics[1].direction == "lower"
    assert found.at("train_seconds", 0.9) == found.metrics[1]
    assert found.metrics[2].baseline is None
    assert only_reported(extra, first=True).at("odd", 0.95).candidate == 1


def _sliced(column: list[str], by: str = "where") -> tuple[Predictions, Predictions]:
    base, cand = multiclass(np.random.default_rng(3), len(column))
    return base, replace(cand, columns={by: np.array(column, dtype=object)})


def test_slices_are_sorted_counted_and_cut_like_the_rows() -> None:
    column = ["10"] * 20 + ["9"] * 30 + ["b|x"] * 10 + ["a"] * 9
    base, cand = _sliced(column)
    found = compare(base, cand, metrics=("accuracy",), by=("where",))
    assert [(s.column, s.value, s.metric.rows) for s in found.slices] == [
        ("where", "9", 30),
        ("where", "10", 20),
        ("where", "b|x", 10),
    ]
    assert found.notes == ("where: 1 more values in 9 rows are not shown",)
    rows = np.array(column) == "9"
    assert (
        found.slices[0].metric == compare(subset(base, rows), subset(cand, rows), metrics=("accuracy",)).metrics[0]
    )


def test_slices_are_capped_by_size() -> None:
    column = [f"v{i:02d}" for i in range(25) for _ in range(10 + i)]
    found = compare(*_sliced(column), metrics=("accuracy",), by=("where",))
    assert len(found.slices) == 20
    assert found.slices[0].value == "v05"  # the five smallest are left out
    assert found.notes == ("where: 5 more values in 60 rows are not shown",)


def test_slices_by_the_truth_empty_cells_and_unknown_columns() -> None:
    base, cand = _sliced(["x"] * 40)
    assert {s.value for s in compare(base, cand, metrics=("accuracy",), by=("y_true",)).slices} <= set("abcd")
    holes = read_predictions(b"y_true,y_pred,c\n" + b"a,a,\nb,a,1\nc,c,1\n" * 12, "x.csv")
    assert [s.value for s in compare(None, holes, metrics=("accuracy",), by=("c",)).slices] == ["1.0", "(empty)"]
    with pytest.raises(ConfigError, match="no column age to slice by; it has where"):
        compare(base, cand, metrics=("accuracy",), by=("age",))


def test_slices_of_unpaired_files_use_each_files_own_column() -> None:
    base, cand = _sliced(["x"] * 40 + ["y"] * 40)
    shorter = subset(cand, np.arange(10, 80))
    without = compare(base, shorter, metrics=("accuracy",), by=("where",))
    assert [s.metric.baseline for s in without.slices] == [None, None]
    based = replace(base, columns=cand.columns)
    found = compare(based, shorter, metrics=("accuracy",), by=("where",))
    assert all(s.metric.baseline is not None and s.metric.difference is None for s in found.slices)


def test_a_comparison_names_its_sides(sides: tuple[Predictions, Predictions]) -> None:
    found = compare(*sides, metrics=NAMES).comparison("churn", Side("old"), Side("new"))
    assert (found.model, found.rows, found.baseline, found.candidate) == ("churn", 300, Side("old"), Side("new"))
    assert compare(None, sides[1], metrics=NAMES).comparison("churn", Side("old"), Side("new")).baseline is None
