"""Pairing, measuring and what a report is handed, where one side has what the other lacks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary, multiclass, ranking, regression

from cdml.core.comparison import Axis, AxisChange, Direction, Side
from cdml.core.findings import BehaviourResult
from cdml.core.settings import MetricSpec
from cdml.evaluation.compare import compare, reported
from cdml.evaluation.metrics import METRICS
from cdml.evaluation.paired import PAIRED, too_few
from cdml.evaluation.pairing import Pair, pair, subset
from cdml.evaluation.predictions import Predictions


def test_the_first_model_is_not_paired_with_anything() -> None:
    base, cand = binary(np.random.default_rng(1), 50)
    assert [one.paired for one in (Pair(None, cand), Pair(base, cand), Pair(base, cand, "other rows"))] == [
        False,
        True,
        False,
    ]


def test_rows_that_only_the_candidate_has_are_not_missing_ones() -> None:
    base, cand = binary(np.random.default_rng(1), 60)
    found = pair(subset(base, slice(0, 40)), cand)
    assert (found.missing, found.unpaired) == (
        0,
        "test data differ: 40 rows in the baseline, 60 rows in the candidate",
    )


def test_queries_are_the_same_whatever_their_numbers() -> None:
    base, cand = ranking(np.random.default_rng(4), 100)
    assert pair(base, replace(cand, groups=cand.groups[::-1].copy() * 0 + 9 - cand.groups)).unpaired is None
    one = np.zeros(100, dtype=int)
    for first, second in ((base.groups, one), (one, cand.groups)):  # one of them puts all rows together
        found = pair(replace(base, groups=first), replace(cand, groups=second))
        assert found.unpaired == "test data differ: rows belong to other queries"


def test_scores_follow_their_classes_where_one_model_knows_more_of_them() -> None:
    base, cand = multiclass(np.random.default_rng(2), 80)
    rows = base.y_true != 1
    place = np.array([0, -1, 1, 2])
    fewer = Predictions(
        "x.csv",
        "multiclass",
        place[base.y_true[rows]],
        base.score[rows][:, [0, 2, 3]].argmax(axis=1),  # type: ignore[index]
        base.score[rows][:, [0, 2, 3]],  # type: ignore[index]
        ("a", "c", "d"),
    )
    both = pair(fewer, subset(cand, rows))
    assert both.unpaired is None
    assert both.baseline is not None
    assert both.baseline.classes == both.candidate.classes == ("a", "b", "c", "d")
    assert both.baseline.score is not None
    assert (both.baseline.score[:, 1] == 0).all()
    assert (both.baseline.score[:, [0, 2, 3]] == fewer.score).all()
    assert METRICS["log_loss"].compute(both.baseline) == pytest.approx(METRICS["log_loss"].compute(fewer))
    assert METRICS["accuracy"].compute(both.baseline) == METRICS["accuracy"].compute(fewer)


def test_a_report_is_handed_all_that_was_measured() -> None:
    random = np.random.default_rng(5)
    base, cand = binary(random, 2_000)
    weak = random.choice(["a", "b"], 2_000, p=[0.8, 0.2]).astype(object)
    answers = np.where((weak == "b") & (random.random(2_000) < 0.5), 1 - cand.y_true, cand.y_pred)  # type: ignore[operator]
    columns = {"weak": weak, "sex": np.array(["f", "m"] * 1_000, dtype=object)}
    base, cand = replace(base, columns=columns), replace(cand, columns=columns, y_pred=answers)
    found = compare(base, cand, metrics=("accuracy", "f1"), by=("sex",))
    found = replace(found, behaviour=(BehaviourResult("t", "examples", "d", 1, 0, ()),), notes=("a note",))
    changes = (AxisChange(Axis.CODE, True),)
    v1, this = Side("v1"), Side("this")
    shown = found.comparison("churn", v1, this, changes)
    assert (shown.model, shown.baseline, shown.candidate, shown.changes) == (
        "churn",
        Side("v1"),
        Side("this"),
        changes,
    )
    assert (shown.metrics, shown.slices, shown.rows, shown.notes) == (
        found.metrics,
        found.slices,
        2_000,
        ("a note",),
    )
    assert (shown.behaviour, shown.unpaired, len(shown.slices)) == (found.behaviour, None, 2)
    assert [one.column for one in shown.fairness] == ["sex"]
    assert shown.diagnostics is not None
    assert shown.found[0].name.endswith("weak b")
    assert replace(found, discover=False).comparison("churn", None, this).found == ()
    first = compare(None, cand, metrics=("accuracy",)).comparison("churn", v1, this)
    assert first.baseline is None


@pytest.mark.parametrize(("before", "after"), [(0.5, None), (None, 0.5), (None, None), (float("nan"), 0.5)])
def test_a_reported_number_of_one_side_alone_has_no_difference(before: float | None, after: float | None) -> None:
    found = reported("m", before, after)
    assert (found.baseline, found.candidate, found.difference) == (
        None if before is None or before != before else before,
        after,
        None,
    )


def test_a_reported_number_has_the_direction_that_its_own_name_was_given() -> None:
    other = MetricSpec("seconds", "reported", "lower")
    same_name = MetricSpec("bleu", "column", "lower", "bleu")
    assert reported("bleu", 0.1, 0.2, defined=(other, same_name)).direction is Direction.HIGHER
    assert (
        reported("bleu", 0.1, 0.2, defined=(other, replace(same_name, kind="reported"))).direction
        is Direction.LOWER
    )


@pytest.mark.parametrize(
    ("names", "kept", "why"),
    [
        (("true_positive_rate", "false_negative_rate"), 0, "no row of class 1 among these rows"),
        (("true_negative_rate", "false_positive_rate"), 1, "no row of class 0 among these rows"),
        (("roc_auc",), 0, "only one class among these rows"),
        (("roc_auc",), 1, "only one class among these rows"),
    ],
)
def test_a_metric_of_rows_that_are_not_there_says_which(names: tuple[str, ...], kept: int, why: str) -> None:
    _, cand = binary(np.random.default_rng(1), 200)
    found = compare(None, subset(cand, cand.y_true == kept), metrics=names).metrics
    assert [(one.candidate, one.method) for one in found] == [(None, why)] * len(names)


def test_r2_of_one_truth_is_not_defined() -> None:
    p, _ = regression(np.random.default_rng(1), 30)
    (found,) = compare(None, replace(p, y_true=np.full(30, 2.0)), metrics=("r2",)).metrics
    assert (found.candidate, found.method) == (None, "y_true is the same in all of these rows")


@pytest.mark.parametrize(("name", "least"), [("roc_auc", 2), ("average_precision", 40)])
def test_so_many_rows_of_either_class_are_enough_for_an_interval(name: str, least: int) -> None:
    for few, enough in ((least - 1, False), (least, True)):
        for truth in (np.arange(200) < few, np.arange(200) >= few):
            p = Predictions("x.csv", "binary", truth.astype(int), None, np.linspace(0, 1, 200), ("0", "1"))
            assert (too_few(p, PAIRED[name]) is None) is enough


def test_a_negative_class_has_the_name_that_the_baseline_knows() -> None:
    base, cand = binary(np.random.default_rng(1), 60)
    both = pair(replace(base, classes=("no", "yes")), replace(cand, classes=("not yes", "yes")))
    assert (both.unpaired, both.candidate.classes) == (None, ("no", "yes"))
