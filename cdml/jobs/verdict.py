"""From a judgement to what machines act on: an exit code, and statuses of a commit in a few words each.

The aggregate status is named `cdml` (`cdml/<model>` in a folder, with ` into <branch>` for another target than
main); a gate's is named after it and the gate's id: `cdml: f1:max-regression`. Only the aggregate is fit to be
required: a gate's name goes when the gate goes.
"""

from __future__ import annotations

from cdml.core.comparison import Judgement, Outcome, Verdict
from cdml.core.errors import Exit
from cdml.evaluation.gates import gate_ids, gate_words
from cdml.forges.base import Forge, Status, StatusState
from cdml.reports.words import headline, worst_first

CONTEXT = "cdml"
DESCRIPTION_LENGTH = 140
MOST_GATES = 20


def exit_code(judgement: Judgement) -> Exit:
    """10 when a gate failed, 11 when one that asks for certainty found none, else 0."""
    if any(v.outcome is Outcome.FAIL for v in judgement.failed):
        return Exit.GATE_FAILED
    return Exit.INCONCLUSIVE if judgement.failed else Exit.DONE


def status_of(judgement: Judgement) -> Status:
    """The aggregate status of a commit; an inconclusive gate blocks only where it asks for certainty."""
    state: StatusState = "failure" if judgement.failed else "success"
    return Status(CONTEXT, state, headline(judgement)[:DESCRIPTION_LENGTH])


def statuses_of(judgement: Judgement, name: str, url: str = "") -> tuple[Status, ...]:
    """The aggregate status, called `name`, then one per gate, the worst first, of at most `MOST_GATES`.

    `url` is where people read more: the report, or the run.
    """
    whole = status_of(judgement)
    names = gate_ids([verdict.gate for verdict in judgement.verdicts])
    called = {id(verdict): gate for verdict, gate in zip(judgement.verdicts, names, strict=True)}
    shown = worst_first(judgement.verdicts)[:MOST_GATES]
    return (
        Status(name, whole.state, whole.description, url),
        *(_status(verdict, f"{name}: {called[id(verdict)]}", url) for verdict in shown),
    )


def _status(verdict: Verdict, name: str, url: str) -> Status:
    state: StatusState = "failure" if verdict.blocks else "success"
    asked = gate_words(verdict.gate)
    if verdict.waived:
        said = f"waived by {verdict.waived.who}: {verdict.waived.why}"
    elif verdict.outcome is Outcome.INCONCLUSIVE:
        said = f"inconclusive: {verdict.measured}; {asked}"
    else:
        said = f"{verdict.measured}; {asked}"
    return Status(name, state, " ".join(said.split())[:DESCRIPTION_LENGTH], url)


def set_statuses(forge: Forge, sha: str, statuses: tuple[Status, ...]) -> None:
    """Write those of a judgement's statuses that differ from what stands on the commit, which is read once.

    A gate that stood there and is none of them any more must not stay red: it is stated to be asked no longer.
    """
    standing = {status.context: status for status in forge.statuses(sha)}
    wanted = {status.context for status in statuses}
    whole = statuses[0]
    gone = [
        Status(context, "success", "this gate is not stated here any more; the comment has them all", whole.url)
        for context, old in standing.items()
        if context.startswith(f"{whole.context}: ") and context not in wanted and old.state != "success"
    ]
    # The aggregate comes last: whoever waits for it then finds all others.
    told = [s for s in (*statuses[1:], *gone, whole) if standing.get(s.context) != s]
    if told:
        forge.set_status(sha, *told)
