"""From a judgement to what machines act on: an exit code, and a commit status in a few words."""

from __future__ import annotations

from cdml.core.comparison import Judgement, Outcome
from cdml.core.errors import Exit
from cdml.forges.base import Status, StatusState
from cdml.reports.words import headline

CONTEXT = "cdml"
DESCRIPTION_LENGTH = 140


def exit_code(judgement: Judgement) -> Exit:
    """10 when a gate failed, 11 when one that asks for certainty found none, else 0."""
    if any(v.outcome is Outcome.FAIL for v in judgement.failed):
        return Exit.GATE_FAILED
    return Exit.INCONCLUSIVE if judgement.failed else Exit.DONE


def status_of(judgement: Judgement) -> Status:
    """The aggregate status of a commit; an inconclusive gate blocks only where it asks for certainty."""
    state: StatusState = "failure" if judgement.failed else "success"
    return Status(CONTEXT, state, headline(judgement)[:DESCRIPTION_LENGTH])
