"""Every gate at its boundary, in both directions, with sides that would be wrong when swapped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_predictions import binary

from cdml.core.comparison import Direction, Interval, MetricResult, Outcome
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement, compare, only_reported, reported
from cdml.evaluation.gates import GATES, effective, gate_words, judge
from cdml.evaluation.pairing import subset
from cdml.evaluation.rows import more_rows

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
UP, DOWN = Direction.HIGHER, Direction.LOWER


def _measured(
    direction: Direction, base: float, difference: float, low: float, high: float, rows: int = 1000
) -> Measurement:
    """A metric `m` whose difference has the interval (low, high), its own value the same widths."""
    value = base + difference
    interval, own = Interval(low, high, 0.95), Interval(base + low, base + high, 0.95)
    result = MetricResult("m", direction, base, value, difference, interval, own, rows, "test")
    return Measurement((result,), (), rows)


def _outcome(gate: Gate, measurement: Measurement) -> Outcome:
    (verdict,) = judge((gate,), measurement)
    return verdict.outcome


REGRESSION = Gate("max-regression", "m", 0.0625)  # exact in binary, so that boundaries are exact


@pytest.mark.parametrize(
    ("low", "difference", "high", "expected"),
    [
        (-0.03, 0.0, 0.03, PASS),
        (-0.0625, 0.0, 0.03, PASS),  # the whole interval is within, its end on the margin
        (-0.0626, 0.0, 0.03, OPEN),
        (-0.20, -0.1, -0.0625, OPEN),  # the margin itself is not beyond the margin
        (-0.20, -0.1, -0.0626, FAIL),
        (-0.20, -0.1, 0.0, OPEN),
        (0.01, 0.2, 0.3, PASS),  # better is no regression
        (-0.03, -0.02, -0.01, PASS),  # surely worse, yet surely within the margin
    ],
)
def test_max_regression_in_both_directions(low: float, difference: float, high: float, expected: Outcome) -> None:
    assert _outcome(REGRESSION, _measured(UP, 0.5, difference, low, high)) is expected
    assert _outcome(REGRESSION, _measured(DOWN, 0.5, -difference, -high, -low)) is expected


@pytest.mark.parametrize("base", [2.0, -2.0])
def test_a_relative_margin_is_a_fraction_of_the_baseline(base: float) -> None:
    gate = Gate("max-regression", "m", 0.125, relative=True)
    assert _outcome(gate, _measured(UP, base, 0.0, -0.25, 0.1)) is PASS
    assert _outcome(gate, _measured(UP, base, 0.0, -0.2501, 0.1)) is OPEN
    assert _outcome(replace(gate, relative=False), _measured(UP, base, 0.0, -0.25, 0.1)) is OPEN


def test_the_words_of_max_regression() -> None:
    (worse,) = judge((Gate("max-regression", "m", 0.01),), _measured(UP, 0.702, -0.001, -0.012, 0.010, 12_000))
    assert worse.measured == "−0.012 at worst"
    assert worse.reason == "m could be up to 0.012 worse; 0.010 is allowed."
    # 12,000 · (0.011 / 0.009)² - 12,000 = 5,926
    assert worse.more_rows == 6_000
    (error,) = judge((Gate("max-regression", "m", 0.01),), _measured(DOWN, 0.702, 0.05, 0.03, 0.07))
    assert error.measured == "+0.030 at best"
    assert error.reason == "m is at least 0.030 worse; 0.010 is allowed."
    assert error.more_rows is None
    (better,) = judge((Gate("max-regression", "m", 0.01),), _measured(UP, 0.702, 0.02, 0.01, 0.03))
    assert (better.measured, better.reason) == ("+0.010 at worst", "m is not worse; 0.010 is allowed.")
    (level,) = judge((Gate("max-regression", "m", 0.01),), _measured(UP, 0.702, 0.0, 0.0, 0.0))
    assert level.reason.startswith("m is not worse;")
    (near,) = judge((Gate("max-regression", "m", 0.01),), _measured(UP, 0.7, 0.0, -0.01004, 0.01))
    assert near.reason == "m could be up to 0.01004 worse; 0.01000 is allowed."


def test_more_rows_from_either_side_of_the_margin() -> None:
    beyond = _measured(UP, 0.5, -0.1, -0.2, 0.0, 100)  # loss 0.1, margin 0.0625: the good end must come in
    (verdict,) = judge((REGRESSION,), beyond)
    assert verdict.more_rows == 620  # 100 · (0.1 / 0.0375)² - 100 = 611
    on_it = _measured(UP, 0.5, -0.0625, -0.2, 0.1)
    assert judge((REGRESSION,), on_it)[0].more_rows is None
    assert more_rows(1000, 0.0, 0.1, (-0.2, 0.11)) == 210  # 210 exactly: 1000 · 1.1² - 1000
    assert more_rows(1000, 0.2, 0.1, (0.05, 0.21)) == 1_300  # 1,250 rounded up
    assert more_rows(10, 0.0, 1.0, (-1.0, 1.5)) == 13  # 12.5
    assert more_rows(10, 0.0, 1e-9, (-1, 1)) is None
    assert more_rows(10, 0.2, 0.1, (0.2, 0.3)) is None  # nothing on that side to narrow


@given(st.integers(10, 10**6), st.floats(0.01, 10), st.floats(0.001, 10))
def test_that_many_rows_would_decide(n: int, half: float, distance: float) -> None:
    wanted = more_rows(n, 0.0, distance, (-half, half))
    if half > distance and wanted is not None:
        assert half * (n / (n + wanted)) ** 0.5 <= distance * (1 + 1e-9)
        assert wanted <= max(1.11 * (n * (half / distance) ** 2 - n) + 1, 1)
        assert len(str(wanted).rstrip("0")) <= 2


def test_first_unpaired_reported_and_missing() -> None:
    base, cand = binary(np.random.default_rng(1), 200)
    gate = Gate("max-regression", "roc_auc", 0.5)
    assert _outcome(gate, compare(base, cand, metrics=("roc_auc",))) is PASS
    (first,) = judge((gate,), compare(None, cand, metrics=("roc_auc",)))
    assert (first.outcome, first.reason) == (PASS, "first model: nothing to be worse than")
    (unpaired,) = judge((gate,), compare(base, subset(cand, np.arange(100)), metrics=("roc_auc",)))
    assert unpaired.outcome is OPEN
    assert "200 rows in the baseline, 100 rows in the candidate" in unpaired.reason
    (absent,) = judge((gate,), compare(None, cand, metrics=("roc_auc",), absent="main has no predictions"))
    assert (absent.outcome, absent.reason) == (OPEN, "main has no predictions: same rows or no claim.")
    own = only_reported([reported("m", 0.5, 0.4)], first=False)
    (told,) = judge((REGRESSION,), own)
    assert (told.outcome, "reported by the project" in told.reason) == (OPEN, True)
    for kind in set(GATES) - {"behaviour"}:
        (gone,) = judge((Gate(kind, "gone", 0.5),), own)
        assert gone.outcome is FAIL
        (scoreless,) = judge(
            (Gate(kind, "roc_auc", 0.5),), compare(None, replace(cand, score=None), metrics=("f1",))
        )
        assert (scoreless.outcome, "no column y_score" in scoreless.reason) == (FAIL, True)
    (unknown,) = judge((REGRESSION,), only_reported([reported("m", None, 0.4)], first=False))
    assert unknown.outcome is OPEN


@pytest.mark.parametrize(
    ("kind", "limit", "expected"),
    [("min", 0.5, PASS), ("min", 0.5001, FAIL), ("max", 0.5, PASS), ("max", 0.4999, FAIL)],
)
def test_thresholds_hold_their_limit(kind: str, limit: float, expected: Outcome) -> None:
    own = only_reported([reported("m", 0.9, 0.5)], first=False)
    assert _outcome(Gate(kind, "m", limit), own) is expected
    assert _outcome(Gate(kind, "m", limit), only_reported([reported("m", None, 0.5)], first=True)) is expected


@pytest.mark.parametrize(
    ("kind", "limit", "expected"),
    [
        ("min", 0.25, PASS),
        ("min", 0.26, OPEN),
        ("min", 0.75, OPEN),
        ("min", 0.76, FAIL),
        ("max", 0.75, PASS),
        ("max", 0.74, OPEN),
        ("max", 0.25, OPEN),
        ("max", 0.24, FAIL),
    ],
)
def test_thresholds_with_confidence_judge_the_whole_interval(kind: str, limit: float, expected: Outcome) -> None:
    own = _measured(UP, 0.5, 0.0, -0.25, 0.25)
    (verdict,) = judge((Gate(kind, "m", limit, confidence=0.9),), own)
    assert verdict.outcome is expected
    assert (verdict.more_rows is not None) == (expected is OPEN)
    assert verdict.measured.startswith("0.25")
    no_interval = only_reported([reported("m", 0.5, 0.5)], first=False)
    assert _outcome(Gate(kind, "m", limit, confidence=0.9), no_interval) is OPEN


def test_a_gates_own_confidence_is_used() -> None:
    base, cand = binary(np.random.default_rng(2), 300)
    found = compare(base, cand, metrics=("roc_auc",))
    sure, unsure = found.at("roc_auc", 0.999).own_interval.low, found.at("roc_auc", 0.8).own_interval.low
    gate = Gate("min", "roc_auc", (sure + unsure) / 2, confidence=0.8)
    assert _outcome(gate, found) is PASS
    assert _outcome(replace(gate, confidence=0.999), found) is OPEN
    worse = compare(cand, base, metrics=("roc_auc",))
    lowest, low = worse.at("roc_auc", 0.999).interval.low, worse.at("roc_auc", 0.8).interval.low
    regression = Gate("max-regression", "roc_auc", -(lowest + low) / 2, confidence=0.8)
    assert _outcome(regression, worse) is PASS
    assert _outcome(replace(regression, confidence=0.999), worse) is OPEN
    assert _outcome(regression, found) is PASS


def test_a_threshold_is_never_passed_by_leaving_rows_out() -> None:
    base, cand = binary(np.random.default_rng(3), 300)
    only_right = subset(cand, cand.y_true == cand.y_pred)
    found = compare(base, only_right, metrics=("accuracy",))
    (verdict,) = judge((Gate("min", "accuracy", 0.99),), found)
    assert verdict.outcome is OPEN
    assert "of the baseline's test rows are missing" in verdict.reason
    only_wrong = compare(base, subset(cand, cand.y_true != cand.y_pred), metrics=("accuracy",))
    assert _outcome(Gate("min", "accuracy", 0.99), only_wrong) is FAIL


BASE = Gate("max-regression", "m", 0.01, confidence=0.95)
BY = Gate("min", "m", 0.9, by="sex")
GAP = Gate("max-gap", "m", 0.05, confidence=0.95, by="sex")
GAIN = Gate("min-improvement", "m", 0.01, confidence=0.95)
ALARM = Gate("max-improvement", "m", 0.1, confidence=0.95)
TEST = Gate("behaviour", "m", 0, definition="a")


@pytest.mark.parametrize(
    ("base", "head", "words"),
    [
        (BASE, replace(BASE, limit=0.02), "margin from 0.01 to 0.02"),
        (BASE, replace(BASE, limit=0.005), None),
        (BASE, replace(BASE, confidence=0.9), "confidence from 95 % to 90 %"),
        (BASE, replace(BASE, confidence=0.99), "confidence from 95 % to 99 %"),  # it would fail later
        (BASE, replace(BASE, confidence=0.99, on_inconclusive="fail"), None),
        (replace(BASE, on_inconclusive="fail"), replace(BASE, confidence=0.99, on_inconclusive="fail"), None),
        (BASE, replace(BASE, confidence=None), None),  # 95 % is the default of this kind
        (replace(BASE, confidence=0.99), replace(BASE, confidence=None), "confidence from 99 % to 95 %"),
        (BASE, replace(BASE, relative=True), "margin from 0.01 to 1 %"),
        (replace(BASE, relative=True), BASE, "margin from 1 % to 0.01"),
        (replace(BASE, relative=True), replace(BASE, limit=0.0), None),
        (BASE, replace(BASE, on_inconclusive="pass"), "on-inconclusive from warn to pass"),
        (BASE, replace(BASE, on_inconclusive="fail"), None),
        (replace(BASE, on_inconclusive="fail"), BASE, "on-inconclusive from fail to warn"),
        (BASE, replace(BASE, line=7), None),
        (Gate("min", "m", 0.9), Gate("min", "m", 0.8), "min from 0.90 to 0.80"),
        (Gate("min", "m", 0.9), Gate("min", "m", 0.95), None),
        (Gate("max", "m", 0.5), Gate("max", "m", 0.6), "max from 0.50 to 0.60"),
        (Gate("max", "m", 0.5), Gate("max", "m", 0.4), None),
        (Gate("min", "m", 0.9, confidence=0.9), Gate("min", "m", 0.9), "confidence from 90 % to none"),
        (Gate("min", "m", 0.9), Gate("min", "m", 0.9, confidence=0.5), "confidence from none to 50 %"),
        (Gate("min", "m", 0.9), Gate("min", "m", 0.9, confidence=0.5, on_inconclusive="fail"), None),
        (BY, replace(BY, confidence=0.95), None),  # it fails no later, and passes only with proof
        (BY, replace(BY, confidence=0.99), "confidence from none to 99 %"),
        (replace(BY, confidence=0.95), BY, "confidence from 95 % to none"),
        (BY, replace(BY, min_rows=30), None),  # the default
        (BY, replace(BY, min_rows=200), "min-rows from 30 to 200"),
        (replace(BY, min_rows=200), BY, "min-rows from 200 to 30"),  # more slices dilute the others
        (GAP, replace(GAP, limit=0.06), "max-gap from 0.05 to 0.06"),
        (GAP, replace(GAP, limit=0.04), None),
        (GAIN, replace(GAIN, limit=0.005), "min-improvement from 0.01 to 0.005"),
        (GAIN, replace(GAIN, limit=0.02), None),
        (GAIN, replace(GAIN, relative=True, limit=0.5), "min-improvement from 0.01 to 50 %"),
        (GAIN, replace(GAIN, relative=True, limit=0.0), "min-improvement from 0.01 to 0 %"),
        (replace(GAIN, limit=0.0), replace(GAIN, relative=True), None),  # nothing is the least in either unit
        (ALARM, replace(ALARM, limit=0.2), "max-improvement from 0.10 to 0.20"),
        (ALARM, replace(ALARM, confidence=0.9), None),  # it fails sooner, and a pass needs none
        (ALARM, replace(ALARM, confidence=0.99), "confidence from 95 % to 99 %"),
        (TEST, replace(TEST, definition="b"), "the test asks for something else"),
        (
            BASE,
            replace(BASE, limit=0.02, confidence=0.8),
            "margin from 0.01 to 0.02; confidence from 95 % to 80 %",
        ),
    ],
)
def test_a_loosened_gate_is_judged_as_the_base_has_it(base: Gate, head: Gate, words: str | None) -> None:
    (verdict,) = judge((head,), _measured(UP, 0.5, 0.0, -0.015, 0.015), (base,))
    assert verdict.loosened == words
    assert verdict.gate == (base if words else head)


def test_removed_and_new_gates() -> None:
    new, kept = Gate("min", "m", 0.1), replace(BASE, limit=0.005)
    gone = Gate("max", "m", 0.4)
    verdicts = judge((new, kept), _measured(UP, 0.5, 0.0, -0.001, 0.001), (gone, BASE))
    assert [v.gate for v in verdicts] == [new, kept, gone]
    assert [v.loosened for v in verdicts] == [None, None, "removed"]
    assert verdicts[2].outcome is FAIL


def test_a_gate_stands_where_the_change_wrote_it_and_a_removed_one_nowhere() -> None:
    loose, gone = replace(BASE, limit=0.02, line=7), Gate("max", "m", 0.4, line=9)
    measured = _measured(UP, 0.5, 0.0, -0.001, 0.001)
    verdicts = judge((loose,), measured, (replace(BASE, line=3), gone))
    assert [v.gate.line for v in verdicts] == [7, None]
    said = effective((loose,), (replace(BASE, line=3), gone))
    assert said == [(v.gate, v.loosened) for v in verdicts]


@pytest.mark.parametrize(
    "change",
    [{"metric": "n"}, {"by": "sex"}, {"dataset": "d"}, {"against": "latest"}, {"kind": "min-improvement"}],
)
def test_the_same_demand_on_something_else_is_another_gate(change: dict[str, str]) -> None:
    other = replace(BASE, **change)  # type: ignore[arg-type]
    verdicts = judge((other,), _measured(UP, 0.5, 0.0, -0.001, 0.001), (BASE,))
    assert [(v.gate, v.loosened) for v in verdicts] == [(other, None), (BASE, "removed")]


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (Gate("max-regression", "roc_auc", 0.01), "roc_auc at most 0.01 worse"),
        (Gate("max-regression", "roc_auc", 0.01, relative=True), "roc_auc at most 1 % worse"),
        (Gate("max-regression", "f1", 0.0125, confidence=0.9), "f1 at most 0.0125 worse (90 % sure)"),
        (Gate("min", "roc_auc", 0.8), "roc_auc at least 0.80"),
        (Gate("max", "rmse", 12), "rmse at most 12"),
        (Gate("min", "r2", -0.5, confidence=0.95), "r2 at least −0.50 (95 % sure)"),
    ],
)
def test_gate_words(gate: Gate, words: str) -> None:
    assert gate_words(gate) == words
