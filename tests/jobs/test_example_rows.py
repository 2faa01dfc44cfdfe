"""A judgement without the rows that it holds: nothing else of it changes."""

from __future__ import annotations

from dataclasses import replace

import judgements
import pytest
from drawn_words import diagnostics

from cdml.core.comparison import Judgement, Outcome, Verdict
from cdml.core.diagnostics import Diagnostics
from cdml.core.findings import BehaviourResult
from cdml.core.settings import Gate
from cdml.jobs.example_rows import holds_rows, without_rows
from cdml.reports.html_matrix import flipped

DRAWN = diagnostics("word")
TRIED = BehaviourResult("same", "invariance", "d", 200, 3, ("id 13, sex m → f: yes → no",))


def bare() -> Judgement:
    made = judgements.better()
    return replace(made, comparison=replace(made.comparison, diagnostics=None, behaviour=()))


def test_every_kind_of_row_is_noticed_and_left_out() -> None:
    plain = bare()
    assert not holds_rows(plain)
    assert without_rows(plain) == plain
    assert DRAWN.flips
    kinds = [
        replace(plain.comparison, behaviour=(TRIED,)),
        replace(plain.comparison, diagnostics=Diagnostics(flips=DRAWN.flips)),
        replace(plain.comparison, diagnostics=Diagnostics(moved=DRAWN.flips.examples)),
    ]
    for comparison in kinds:
        shown = replace(plain, comparison=comparison)
        assert holds_rows(shown)
        assert not holds_rows(without_rows(shown))


def test_counts_and_pictures_stay_and_the_reason_names_no_case() -> None:
    plain = bare()
    gate = Gate("behaviour", "same", 0.0)
    reason = "“same”: 3 of 200 cases fail, such as id 13, sex m → f: yes → no."
    failed = Verdict(gate, Outcome.FAIL, "3 of 200 cases fail", reason)
    comparison = replace(plain.comparison, diagnostics=DRAWN, behaviour=(TRIED,))
    found = without_rows(replace(plain, comparison=comparison, verdicts=(*plain.verdicts, failed)))
    assert found.verdicts == (*plain.verdicts, replace(failed, reason="“same”: 3 of 200 cases fail."))
    assert found.comparison.behaviour == (replace(TRIED, examples=()),)
    assert DRAWN.flips
    kept = replace(DRAWN, flips=replace(DRAWN.flips, examples=()), moved=())
    assert found.comparison.diagnostics == kept
    assert kept.flips
    assert (kept.flips.fixed, kept.flips.broken) == (DRAWN.flips.fixed, DRAWN.flips.broken) != (0, 0)


@pytest.mark.parametrize(("examples", "words"), [(True, False), (False, True)])
def test_the_report_says_that_rows_are_left_out(examples: bool, words: bool) -> None:
    assert DRAWN.flips
    shown = flipped(DRAWN.flips if examples else replace(DRAWN.flips, examples=()))
    assert shown
    assert shown.says.endswith("The rows themselves are left out.") is words
