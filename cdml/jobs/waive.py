"""`/cdml waive`: one failing gate of what a pull request offers passes, by another person's word."""

from __future__ import annotations

import difflib
import os
from dataclasses import replace

from cdml.ci import run_context
from cdml.ci.base import RunContext
from cdml.core.comparison import Judgement, Verdict, Waiver
from cdml.core.errors import RefusedError, UsageError
from cdml.evaluation.gates import gate_ids, gate_rule
from cdml.jobs.asked import Asked, is_release, one_model, require_open, require_seen
from cdml.jobs.concerned import context, own
from cdml.jobs.gate import look_again
from cdml.jobs.images import kept_images
from cdml.jobs.judged_now import judged_now
from cdml.jobs.past_runs import read_runs
from cdml.jobs.project import Project
from cdml.jobs.speech import Speaker
from cdml.jobs.waivers import keep_waiver, same_person, with_waivers


def waive(asked: Asked) -> str:
    """Keep the waiver, and show the judgement with it; returns what was done, in words.

    RefusedError for the author of the pull request, and for another commit than the person saw; UsageError for a
    gate that does not stop the merge.
    """
    require_open(asked)
    if is_release(asked):
        raise UsageError("a promotion has no gates of its own", "/cdml help")
    if same_person(asked.who, asked.pull.author):
        raise RefusedError("whoever opened a pull request cannot waive its gates", "ask somebody else to")
    one = one_model(asked)
    require_seen(asked, (one,))
    project = asked.project(one)
    snapshot, found = judged_now(project, asked.pull)
    judgement = with_waivers(project, asked.forge, found, snapshot, asked.say)
    waiver = _waiver(asked, judgement)
    keep_waiver(project.git, snapshot.inputs.digest, waiver)
    waived = with_waivers(project, asked.forge, found, snapshot, asked.say)
    if waiver not in [verdict.waived for verdict in waived.verdicts]:
        raise RefusedError(f"the waiver of {waiver.gate} does not count", "write it in a new comment")
    _show(asked, project, waived)
    if not waived.failed:
        look_again(asked.forge, asked.pull, asked.say)
    left = len(waived.failed)
    more = f"; {left} more of its gates {'fails' if left == 1 else 'fail'}" if left else ""
    return f"{one.model}: {waiver.gate} is waived by {waiver.who} for {waiver.head[:7]}: {waiver.why}{more}"


def _waiver(asked: Asked, judgement: Judgement) -> Waiver:
    names = gate_ids([verdict.gate for verdict in judgement.verdicts])
    wanted = asked.command.gate
    verdict = dict(zip(names, judgement.verdicts, strict=True)).get(wanted)
    if verdict is None:
        near = difflib.get_close_matches(wanted, names, 1)
        raise UsageError(f"{wanted!r} is not a gate", f"did you mean {near[0]}?" if near else _listed(names))
    _require_failing(wanted, verdict)
    return Waiver(
        gate=wanted,
        rule=gate_rule(verdict.gate, judgement.comparison),
        who=asked.who,
        why=asked.command.reason,
        pull=asked.pull.number,
        comment=asked.comment.id,
        head=asked.pull.head,
        at=asked.comment.created,
    )


def _require_failing(name: str, verdict: Verdict) -> None:
    if verdict.waived:
        raise UsageError(f"{name} is waived already, by {verdict.waived.who}")
    if not verdict.blocks:
        raise UsageError(f"{name} stops nothing: its outcome is {verdict.outcome.value}")


def _listed(names: tuple[str, ...]) -> str:
    return f"the gates are {', '.join(names)}" if names else "no gates are set"


def _show(asked: Asked, project: Project, judgement: Judgement) -> None:
    """The comment and the statuses again, as words of the same run: it keeps its place among the others."""
    model, pull, forge = project.settings.model, asked.pull, asked.forge
    name = context(project, own(project), pull.target)
    report = next((status.url for status in forge.statuses(pull.head) if status.context == name), "")
    here = run_context(os.environ) or RunContext("", None)
    told = next((run for run in read_runs(asked.git, pull.number, model) if run.head == pull.head), None)
    same = replace(
        here,
        order=told.order if told else (0, 0),
        run_url=(told.url if told else "") or None,
        report_url=report or None,
    )
    images = kept_images(asked.git, forge, (pull.head, model))
    Speaker(asked.git, forge, pull, model, name, same, asked.comment.created).judgement(judgement, None, images)
