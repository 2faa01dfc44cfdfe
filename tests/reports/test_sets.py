"""Other test sets, the gap to training and the data that both were compared on, wherever people read them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cdml.core.comparison import Comparison, DatasetResult, Direction, Interval, Judgement, MetricResult, Side
from cdml.core.dialect import GITHUB_FLAVOURED
from cdml.core.serialize import dump, load
from cdml.reports.html import report
from cdml.reports.markdown import comment
from cdml.reports.sets import datasets, gap
from cdml.reports.terminal import table

EVIL = "<b>|`*"


def metric(value: float, before: float | None = None, half: float = 0.01, name: str = "roc_auc") -> MetricResult:
    difference = None if before is None else value - before
    change = None if difference is None else Interval(difference - half, difference + half, 0.95)
    own = Interval(value - half, value + half, 0.95)
    return MetricResult(name, Direction.HIGHER, before, value, difference, change, own, 400, "DeLong")


def comparison(train: MetricResult, test: MetricResult, **words: object) -> Comparison:
    sets = (
        DatasetResult("train", 900, None, (train,)),
        DatasetResult("north", 300, f"{EVIL} has none", (replace(metric(0.7), method="no pair"),)),
        DatasetResult("empty", 0, f"{EVIL} is gone", ()),
    )
    base = Side("v1.3.0", "a" * 40, "v1.3.0") if test.baseline is not None else None
    found = Comparison("churn", base, Side("this PR", "b" * 40), 400, None, (test,), datasets=sets)
    return replace(found, basis=(f"{EVIL} was scored again.",), **words)  # type: ignore[arg-type]


GAPS = [
    (
        metric(0.99),
        metric(0.86),
        "Overfit: roc_auc 0.990 in training, 0.860 on test, a gap of 0.130 (0.116 to 0.144).",
    ),
    (metric(0.99, 0.95), metric(0.86, 0.85), "(0.116 to 0.144); the baseline's is 0.100."),
    (metric(0.865), metric(0.86), "No overfit to be seen: roc_auc 0.865 in training, 0.860 on test."),
    (metric(0.80), metric(0.86), "No overfit to be seen: roc_auc 0.800 in training, 0.860 on test."),
    (metric(0.9, name="f1"), metric(0.86), ""),
    (replace(metric(0.99), own_interval=None), metric(0.86), "roc_auc 0.990 in training, 0.860 on test."),
]


@pytest.mark.parametrize(("train", "test", "said"), GAPS)
def test_the_gap_to_training_is_said_with_its_interval(train: MetricResult, test: MetricResult, said: str) -> None:
    found = gap(comparison(train, test))
    assert said in found
    assert bool(found) is bool(said)


def test_of_an_error_more_in_training_is_no_overfit() -> None:
    lower = [replace(metric(value), direction=Direction.LOWER) for value in (0.2, 0.4)]
    assert gap(comparison(lower[0], lower[1])).startswith("Overfit: roc_auc 0.200 in training, 0.400 on test")
    assert gap(comparison(lower[1], lower[0])).startswith("No overfit")


@pytest.mark.parametrize("before", [None, 0.85])
def test_every_report_has_them_and_nothing_in_them_is_markup(before: float | None) -> None:
    judgement = Judgement(comparison(metric(0.99, before), metric(0.86, before)), ())
    assert load(Judgement, dump(judgement), "x") == judgement
    markdown = comment(judgement)
    assert "<summary>3 other test sets</summary>" in markdown
    assert "| train (900 rows) | roc_auc ↑ |" in markdown
    page, shown = report(judgement), table(judgement, colour=False)
    for text in (markdown, page, shown):
        assert "was scored again" in text
        assert "a gap of 0.130" in text
        assert "is gone" in text
    assert "Other test sets" in page
    assert EVIL in shown
    assert "<b>" not in markdown
    assert "<b>" not in page


def test_a_comment_has_no_word_of_sets_that_are_not_there() -> None:
    plain = replace(comparison(metric(0.9), metric(0.9)), datasets=(), basis=())
    assert datasets(plain, GITHUB_FLAVOURED).forms[0].text == ""
    assert "test set" not in comment(Judgement(plain, ()))
    assert "Other test sets" not in report(Judgement(plain, ()))
    assert "On which data" not in report(Judgement(plain, ()))
