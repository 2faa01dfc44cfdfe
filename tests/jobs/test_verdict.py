"""From a judgement to an exit code and to the statuses of a commit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cdml.core.comparison import (
    Comparison,
    Direction,
    Interval,
    Judgement,
    MetricResult,
    Outcome,
    Side,
    Verdict,
    Waiver,
)
from cdml.core.errors import Exit
from cdml.core.settings import Gate
from cdml.forges.base import Status
from cdml.jobs.verdict import MOST_GATES, exit_code, set_statuses, statuses_of

SHA = "a" * 40
BOB = Waiver("f1:min", "0" * 64, "bob", "the\nnew labels are stricter", 7, 12, SHA, 1)
METRIC = MetricResult("f1", Direction.HIGHER, 0.7, 0.6, -0.1, Interval(-0.2, -0.05, 0.95), None, 100, "bootstrap")
COMPARISON = Comparison("churn", Side("churn@v1.0.0", SHA, "v1.0.0"), Side("this PR", SHA), 100, None, (METRIC,))


def verdict(kind: str, outcome: Outcome, on: str = "warn", waived: Waiver | None = None) -> Verdict:
    gate = Gate(kind, "f1", 0.5, on_inconclusive=on)  # type: ignore[arg-type]
    return Verdict(gate, outcome, "0.4", "f1 is 0.4.", waived=waived)


def judgement(*verdicts: Verdict) -> Judgement:
    return Judgement(COMPARISON, verdicts)


@pytest.mark.parametrize(
    ("outcome", "on", "waived", "code", "state", "words"),
    [
        (Outcome.PASS, "warn", None, Exit.DONE, "success", "0.4; f1 at least 0.5"),
        (Outcome.FAIL, "warn", None, Exit.GATE_FAILED, "failure", "0.4; f1 at least 0.5"),
        (Outcome.INCONCLUSIVE, "fail", None, Exit.INCONCLUSIVE, "failure", "inconclusive: 0.4; f1"),
        (Outcome.INCONCLUSIVE, "warn", None, Exit.DONE, "success", "inconclusive: 0.4; f1"),
        (Outcome.INCONCLUSIVE, "pass", None, Exit.DONE, "success", "inconclusive: 0.4; f1"),
        (Outcome.FAIL, "warn", BOB, Exit.DONE, "success", "waived by bob: the new labels are stricter"),
        (Outcome.INCONCLUSIVE, "fail", BOB, Exit.DONE, "success", "waived by bob: the new labels are stricter"),
    ],
)
def test_a_gate_states_what_its_settings_make_of_its_outcome(
    outcome: Outcome, on: str, waived: Waiver | None, code: Exit, state: str, words: str
) -> None:
    judged = judgement(verdict("min", outcome, on, waived))
    whole, gate = statuses_of(judged, "cdml/churn", "https://ci.example/7")
    assert exit_code(judged) is code
    assert (whole.context, whole.state, whole.url) == ("cdml/churn", state, "https://ci.example/7")
    assert (gate.context, gate.state, gate.url) == ("cdml/churn: f1:min", state, "https://ci.example/7")
    assert gate.description.startswith(words)
    assert "\n" not in gate.description


def test_a_waiver_of_one_gate_does_not_hide_another() -> None:
    judged = judgement(verdict("min", Outcome.FAIL, waived=BOB), verdict("max", Outcome.FAIL))
    assert [(s.context, s.state) for s in statuses_of(judged, "cdml")] == [
        ("cdml", "failure"),
        ("cdml: f1:max", "failure"),
        ("cdml: f1:min", "success"),
    ]


def test_the_worst_of_many_gates_are_stated_and_each_fits() -> None:
    passing = [verdict("min", Outcome.PASS) for _ in range(30)]
    judged = judgement(*passing, replace(verdict("max", Outcome.FAIL), measured="9" * 300))
    stated = statuses_of(judged, "cdml")
    assert len(stated) == 1 + MOST_GATES
    assert stated[1].context == "cdml: f1:max"
    assert max(len(status.description) for status in stated) == 140
    assert len({status.context for status in stated}) == len(stated)


class Board:
    """The part of a forge that keeps statuses; it remembers what was written, and how often it was read."""

    def __init__(self, *standing: Status) -> None:
        self.kept = {status.context: status for status in standing}
        self.written: list[Status] = []
        self.read = 0

    def statuses(self, sha: str) -> tuple[Status, ...]:
        self.read += 1
        return tuple(self.kept.values())

    def set_status(self, sha: str, *statuses: Status) -> None:
        assert statuses
        self.kept |= {status.context: status for status in statuses}
        self.written += statuses


def test_only_what_differs_is_written_after_one_look() -> None:
    stated = statuses_of(judgement(verdict("min", Outcome.PASS), verdict("max", Outcome.PASS)), "cdml", "u")
    board = Board(stated[0], replace(stated[1], url="another run"), Status("lint", "failure", "not ours"))
    set_statuses(board, SHA, stated)  # type: ignore[arg-type]
    assert board.written == [stated[1], stated[2]]
    assert board.read == 1
    set_statuses(board, SHA, stated)  # type: ignore[arg-type]
    assert len(board.written) == 2


def test_the_aggregate_is_written_last() -> None:
    board = Board()
    set_statuses(board, SHA, statuses_of(judgement(verdict("min", Outcome.FAIL)), "cdml"))  # type: ignore[arg-type]
    assert [status.context for status in board.written] == ["cdml: f1:min", "cdml"]


def test_a_gate_that_is_gone_does_not_stay_red() -> None:
    old = Status("cdml: auc:min", "failure", "0.1; auc at least 0.5")
    theirs = Status("cdml into dev: auc:min", "failure", "0.1; auc at least 0.5")
    board = Board(old, theirs)
    set_statuses(board, SHA, statuses_of(judgement(verdict("min", Outcome.PASS)), "cdml"))  # type: ignore[arg-type]
    assert board.kept[old.context].state == "success"
    assert board.kept[theirs.context] == theirs
