"""`min-improvement` and `max-improvement` at their boundaries, in both directions, and what serving costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary
from make_slices import models

from cdml.core.comparison import Direction, Interval, MetricResult, Outcome
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement, compare, only_reported, reported
from cdml.evaluation.gates import judge
from cdml.evaluation.pairing import subset

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
UP, DOWN = Direction.HIGHER, Direction.LOWER
GAIN = Gate("min-improvement", "m", 0.0625)  # exact in binary, so that boundaries are exact
ALARM = Gate("max-improvement", "m", 0.0625)


def _measured(direction: Direction, base: float, low: float, difference: float, high: float) -> Measurement:
    interval, own = Interval(low, high, 0.95), Interval(base + low, base + high, 0.95)
    result = MetricResult("m", direction, base, base + difference, difference, interval, own, 1000, "test")
    return Measurement((result,), (), 1000)


def _in_both_directions(gate: Gate, low: float, difference: float, high: float) -> set[Outcome]:
    up = judge((gate,), _measured(UP, 0.5, low, difference, high))
    down = judge((gate,), _measured(DOWN, 0.5, -high, -difference, -low))
    return {up[0].outcome, down[0].outcome}


@pytest.mark.parametrize(
    ("low", "difference", "high", "expected"),
    [
        (0.0625, 0.1, 0.2, PASS),
        (0.0624, 0.1, 0.2, OPEN),
        (-0.1, 0.0, 0.0625, OPEN),
        (-0.1, 0.0, 0.0624, FAIL),
        (-0.2, -0.1, -0.05, FAIL),  # surely worse
    ],
)
def test_min_improvement_in_both_directions(low: float, difference: float, high: float, expected: Outcome) -> None:
    assert _in_both_directions(GAIN, low, difference, high) == {expected}


def test_the_same_model_is_said_to_be_no_better_and_not_at_least_no_better() -> None:
    (verdict,) = judge((Gate("min-improvement", "m", 0.0),), _measured(UP, 0.5, 0.0, 0.0, 0.0))
    assert (verdict.outcome, verdict.reason) == (PASS, "m is no better; at least 0.0000 better is asked for.")


@pytest.mark.parametrize(
    ("low", "difference", "high", "expected"),
    [
        (-0.1, 0.0625, 0.3, PASS),  # by its value: an alarm is silent until something is found
        (-0.1, 0.0626, 0.3, OPEN),
        (0.0625, 0.1, 0.2, OPEN),
        (0.0626, 0.1, 0.2, FAIL),
        (-0.3, -0.2, -0.1, PASS),
    ],
)
def test_max_improvement_in_both_directions(low: float, difference: float, high: float, expected: Outcome) -> None:
    assert _in_both_directions(ALARM, low, difference, high) == {expected}


@pytest.mark.parametrize(("gate", "outcome"), [(GAIN, OPEN), (ALARM, PASS)])
def test_a_share_is_one_of_the_baselines_value(gate: Gate, outcome: Outcome) -> None:
    measured = _measured(UP, -2.0, 0.2, 0.25, 0.5)
    assert judge((replace(gate, relative=True, limit=0.1),), measured)[0].outcome is (
        PASS if gate is GAIN else OPEN
    )
    assert judge((replace(gate, relative=True, limit=0.125),), measured)[0].outcome is outcome


def test_the_words_of_min_improvement() -> None:
    def said(low: float, difference: float, high: float, direction: Direction = UP) -> tuple[str, str]:
        (verdict,) = judge((replace(GAIN, limit=0.01),), _measured(direction, 0.7, low, difference, high))
        return verdict.measured, verdict.reason

    wanted = "at least 0.010 better is asked for."
    assert said(0.02, 0.03, 0.04) == ("+0.020 at worst", f"m is at least 0.020 better; {wanted}")
    assert said(-0.02, 0.0, 0.02) == ("−0.020 at worst", f"m is possibly only 0.020 worse; {wanted}")
    assert said(-0.02, -0.01, 0.004) == ("+0.004 at best", f"m is at best 0.004 better; {wanted}")
    assert said(-0.02, -0.01, 0.0) == ("0.000 at best", f"m is at best no better; {wanted}")
    assert said(-0.04, -0.03, -0.02, DOWN) == ("−0.020 at worst", f"m is at least 0.020 better; {wanted}")


def test_the_words_of_max_improvement_say_where_to_look() -> None:
    def said(low: float, difference: float, high: float) -> tuple[str, str]:
        (verdict,) = judge((replace(ALARM, limit=0.05),), _measured(UP, 0.7, low, difference, high))
        return verdict.measured, verdict.reason

    true = "more than 0.050 is too good to be true: look for a leak."
    assert said(0.15, 0.2, 0.25) == ("at least +0.150", f"m is at least 0.150 better; {true}")
    assert said(0.01, 0.06, 0.11) == ("+0.060", f"m is 0.060 better, though not surely; {true}")
    calm = "more than 0.050 would be too good to be true."
    assert said(-0.04, 0.01, 0.06) == ("+0.010", f"m is 0.010 better; {calm}")


def test_rows_that_would_decide_an_improvement() -> None:
    (verdict,) = judge((replace(GAIN, limit=0.01),), _measured(UP, 0.7, -0.01, 0.02, 0.05))
    assert verdict.more_rows == 8_000  # 1,000 · (0.03 / 0.01)² - 1,000


@pytest.mark.parametrize("kind", ["max-regression", "min-improvement", "max-improvement"])
def test_the_first_model_and_one_that_cannot_be_paired(kind: str) -> None:
    base, cand = binary(np.random.default_rng(1), 200)
    gate = Gate(kind, "roc_auc", 0.01, by="")  # type: ignore[arg-type]
    (first,) = judge((gate,), compare(None, cand, metrics=("roc_auc",)))
    assert (first.outcome, first.measured, first.reason[:11]) == (PASS, "–", "first model")
    (unpaired,) = judge((gate,), compare(base, subset(cand, np.arange(100)), metrics=("roc_auc",)))
    assert (unpaired.outcome, unpaired.reason.endswith("same rows or no claim.")) == (OPEN, True)
    by = replace(gate, by="part", metric="accuracy")
    (one,) = judge((by,), compare(None, models({"a": (40, 0, 0, 9)})[1], metrics=("accuracy",)))
    assert one.outcome is PASS


@pytest.mark.parametrize("kind", ["max-regression", "min-improvement", "max-improvement"])
def test_a_rate_without_a_better_direction_has_no_gain(kind: str) -> None:
    measured = compare(*models({"a": (240, 0, 10, 50)}), metrics=("accuracy",), discover=False)
    (found,) = judge((Gate(kind, "selection_rate", 0.5),), measured)  # type: ignore[arg-type]
    assert (found.outcome, "better neither higher nor lower" in found.reason) == (FAIL, True)


@pytest.mark.parametrize(
    ("kind", "limit", "relative", "expected"),
    [
        ("max", 50.0, False, PASS),
        ("max", 49.0, False, FAIL),
        ("max-regression", 10.0, False, PASS),
        ("max-regression", 9.0, False, FAIL),
        ("max-regression", 0.25, True, PASS),
        ("max-regression", 0.2, True, FAIL),
        ("min-improvement", 0.0, False, FAIL),
        ("max-improvement", 0.0, False, PASS),
    ],
)
def test_what_serving_costs_is_judged_as_measured(
    kind: str, limit: float, relative: bool, expected: Outcome
) -> None:
    told = only_reported([reported("latency_p99_ms", 40.0, 50.0)], first=False, unpaired="test data differ")
    gate = Gate(kind, "latency_p99_ms", limit, relative)  # type: ignore[arg-type]
    assert judge((gate,), told)[0].outcome is expected


def test_what_serving_costs_is_said_without_an_interval() -> None:
    def said(kind: str, before: float, after: float, limit: float = 5.0) -> tuple[str, str]:
        told = only_reported([reported("model_size_mb", before, after)], first=False)
        (verdict,) = judge((Gate(kind, "model_size_mb", limit),), told)  # type: ignore[arg-type]
        return verdict.measured, verdict.reason

    assert said("max-regression", 40, 50) == ("+10.00", "model_size_mb is 10.00 worse; 5.00 worse is allowed.")
    assert said("max-regression", 50, 40) == ("−10.00", "model_size_mb is 10.00 better; 5.00 worse is allowed.")
    wanted = "at least 5.00 better is asked for."
    assert said("min-improvement", 50, 40) == ("−10.00", f"model_size_mb is 10.00 better; {wanted}")
    measured, reason = said("max-improvement", 50, 40)
    assert (measured, reason.startswith("model_size_mb is 10.00 better; more than 5.00 is")) == ("−10.00", True)


def test_what_serving_costs_does_not_hang_on_missing_rows() -> None:
    base, cand = models({"a": (240, 0, 0, 60)})
    fewer = compare(base, subset(cand, np.arange(100)), metrics=("accuracy",))
    both = fewer.with_reported([reported("model_size_mb", 3.0, 2.0)])
    size, floor = judge((Gate("max", "model_size_mb", 5.0), Gate("min", "accuracy", 0.1)), both)
    assert (size.outcome, floor.outcome) == (PASS, OPEN)
    (unknown,) = judge(
        (Gate("max-regression", "model_size_mb", 1.0),),
        only_reported([reported("model_size_mb", None, 2.0)], first=False),
    )
    assert unknown.outcome is OPEN
