"""Behavioural tests as gates: what may fail, what was changed, what was never tried."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary

from cdml.core.comparison import Outcome, Verdict
from cdml.core.findings import BehaviourResult
from cdml.core.settings import Gate
from cdml.evaluation.compare import compare
from cdml.evaluation.gates import gate_ids, gate_words, judge

RESULT = BehaviourResult("sex does not matter", "invariance", "d1", 200, 2, ("id 7, sex f → m: no → yes",))
GATE = Gate("behaviour", RESULT.name, 0.01, relative=True, definition="d1")


def verdict(gate: Gate, *results: BehaviourResult, base: Gate | None = None) -> Verdict:
    measured = compare(None, binary(np.random.default_rng(1), 30)[0], metrics=("f1",))
    found = judge([gate], replace(measured, behaviour=results), None if base is None else [base])
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("limit", "relative", "failed", "outcome"),
    [
        (0.01, True, 2, Outcome.PASS),
        (0.01, True, 3, Outcome.FAIL),
        (0, False, 0, Outcome.PASS),
        (0, False, 1, Outcome.FAIL),
        (3, False, 3, Outcome.PASS),
        (3, False, 4, Outcome.FAIL),
    ],
)
def test_as_many_cases_as_the_limit_says_may_fail(
    limit: float, relative: bool, failed: int, outcome: Outcome
) -> None:
    found = verdict(replace(GATE, limit=limit, relative=relative), replace(RESULT, failed=failed))
    assert found.outcome is outcome
    assert found.blocks is (outcome is Outcome.FAIL)
    assert found.measured == f"{failed} of 200 cases fail"
    assert ("id 7, sex f → m: no → yes" in found.reason) is (failed > 0)


@pytest.mark.parametrize(
    ("results", "measured"),
    [
        ((), "missing"),
        ((replace(RESULT, name="another"),), "missing"),
        ((replace(RESULT, failed=0, definition="d2"),), "another test"),
        ((replace(RESULT, failed=0, cases=0),), "no case"),
    ],
)
def test_what_was_not_tried_fails(results: tuple[BehaviourResult, ...], measured: str) -> None:
    found = verdict(GATE, *results)
    assert (found.outcome, found.measured) == (Outcome.FAIL, measured)


def test_a_change_of_the_test_is_judged_as_the_base_asks_it() -> None:
    """The head's own test passes; what the base asks was never tried."""
    easier = replace(GATE, definition="d2")
    found = verdict(easier, replace(RESULT, failed=0, definition="d2"), base=GATE)
    assert found.outcome is Outcome.FAIL
    assert found.loosened
    assert found.gate.definition == "d1"


def test_more_failing_cases_are_a_loosened_gate_and_fewer_are_not() -> None:
    result = replace(RESULT, failed=2)
    looser = verdict(replace(GATE, limit=0.05), replace(result, failed=4), base=GATE)
    assert looser.outcome is Outcome.FAIL
    assert looser.loosened == "may-fail from 1 % to 5 %"
    stricter = verdict(replace(GATE, limit=0.0), result, base=GATE)
    assert stricter.outcome is Outcome.FAIL
    assert stricter.loosened is None


def test_a_removed_test_still_fails() -> None:
    measured = compare(None, binary(np.random.default_rng(1), 30)[0], metrics=("f1",))
    (found,) = judge([], measured, [GATE])
    assert found.outcome is Outcome.FAIL
    assert found.loosened


def test_it_has_words_and_a_name() -> None:
    assert gate_words(GATE) == "sex does not matter (at most 1 % of the cases fail)"
    assert gate_words(replace(GATE, limit=0)) == "sex does not matter"
    assert gate_words(replace(GATE, limit=1, relative=False)) == "sex does not matter (at most 1 case fail)"
    assert gate_ids([GATE]) == ("sex%20does%20not%20matter:behaviour",)


def test_a_failure_of_which_no_case_may_be_shown_is_said_without_one() -> None:
    found = verdict(GATE, replace(RESULT, failed=3, examples=()))
    assert found.reason == "“sex does not matter”: 3 of 200 cases fail."
