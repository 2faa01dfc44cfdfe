"""The untrusted half of a pull request's run: train and judge, and leave the outcome in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cdml.ci.base import RunContext
from cdml.core.errors import CdmlError, ContractError, Exit, ExternalError, RefusedError, UsageError
from cdml.core.interpreter import TOKENS
from cdml.core.masking import masked, secret_values
from cdml.core.settings import CONFIG_FILE, Settings
from cdml.jobs.concerned import own
from cdml.jobs.handover import Failure, Handover, write
from cdml.jobs.images import drawn
from cdml.jobs.offered import Offered, judge_offer, require_offered
from cdml.jobs.overlay import run_files, small_outputs
from cdml.jobs.project import Project
from cdml.jobs.unreached import failure_words, unreached, waiting_words
from cdml.jobs.verdict import exit_code
from cdml.reports.reasons import is_unchanged
from cdml.state.git import REMOTE
from cdml.state.outputs import cached_objects

Say = Callable[[str], None]
FORK = (
    "This pull request comes from a fork, whose runs get no secrets. If the data needs them, a maintainer can push"
    " the branch to this repository."
)


def hand_over(project: Project, context: RunContext, folder: Path, say: Say) -> tuple[Handover, int]:
    """Judge what the pull request of this run offers; returns what was handed over and the exit code.

    A run that breaks is handed over too, and raises nothing that CI has not been told; UsageError outside of a run
    of a pull request. No value of a secret that mlops.yaml names is said or handed over.
    """
    if context.pull is None or context.head is None or context.base is None:
        raise UsageError("this is not the run of a pull request", "cdml pr open")
    require_offered(project, context.pull, context.head)
    waiting = waits_for(project, context)
    if waiting:
        handover = _handover(project, context, waiting=waiting)
        write(folder, handover, {}, {})
        return handover, Exit.INCONCLUSIVE  # green would let it be merged unjudged
    hidden = _secrets(project, context)

    def heard(line: str) -> None:
        say(masked(line, hidden))

    try:
        offered = judge_offer(project, context.base, heard, keep=False, force=context.force)
    except CdmlError as error:
        return _broken(project, context, folder, _hiding(error, hidden))
    handover = replace(_handover(project, context, judgement=offered.judgement), seconds=offered.seconds)
    _write(project, folder, handover, offered, heard)
    return handover, exit_code(offered.judgement)


def _broken(project: Project, context: RunContext, folder: Path, error: CdmlError) -> tuple[Handover, int]:
    """Hand over that a fork waits for whoever has credentials; else why the run broke, and raise that."""
    found = unreached(project, error, _rules(project, context))
    if found and found.why == "denied" and context.fork and not context.asked:
        handover = _handover(project, context, waiting=waiting_words(context))
        write(folder, handover, {}, {})
        return handover, Exit.INCONCLUSIVE
    if found:
        message, hint = failure_words(found, project.settings.ci)
        printed = error.printed if isinstance(error, ExternalError) else ""
        error = ExternalError(message, hint, printed or error.message)
    write(folder, _handover(project, context, failure=_failure(error, context, bool(found))), {}, {})
    raise error


def _secrets(project: Project, context: RunContext) -> tuple[str, ...]:
    """What must not be shown: values of the secrets that this change or its target names, and CI's own tokens."""
    rules = _rules(project, context)
    sections = [project.settings.ci.secrets, rules.ci.secrets if rules else {}]
    names = {name for section in sections for kind in section.values() for name in kind}
    return secret_values({*names, *TOKENS}, os.environ)


def _hiding(error: CdmlError, hidden: tuple[str, ...]) -> CdmlError:
    """The same error, with those values masked in its words."""
    error.message, error.hint = masked(error.message, hidden), masked(error.hint, hidden)
    error.args = (error.message,)
    if isinstance(error, (ExternalError, ContractError)):
        error.printed = masked(error.printed, hidden)
    return error


def _rules(project: Project, context: RunContext) -> Settings | None:
    """The settings of the branch that the change wants to enter; None where it has none."""
    target = f"refs/remotes/{REMOTE}/{context.base}"
    return project.settings_at(target) if project.git.read(target, CONFIG_FILE) is not None else None


def waits_for(project: Project, context: RunContext) -> str | None:
    """What must happen before this pull request trains, as `train.when` says; None when nothing must."""
    # As the target has it: a change does not choose for itself whether it is looked at.
    when = (_rules(project, context) or project.settings).train.when
    if when == "ready" and context.draft and not context.asked:
        return "A draft is not trained. Mark it as ready for review, and it will be."
    if when == "command" and not context.asked:
        return "Training waits to be asked for: give this pull request the label `cdml train`."
    return None


def _handover(
    project: Project,
    context: RunContext,
    *,
    judgement: object = None,
    failure: Failure | None = None,
    waiting: str | None = None,
) -> Handover:
    mine = own(project)
    return Handover(
        model=mine.model,
        folder=mine.folder,
        pull=context.pull or 0,
        head=context.head or "",
        target=context.base or "",
        code=project.git.commit("HEAD"),
        judgement=judgement,  # type: ignore[arg-type]
        failure=failure,
        waiting=waiting,
    )


def _failure(error: CdmlError, context: RunContext, unreached: bool) -> Failure:
    printed = error.printed if isinstance(error, (ExternalError, ContractError)) else ""
    fork = FORK if context.fork and not context.asked and isinstance(error, ExternalError) else ""
    said = [error.message, error.hint if unreached else "", fork]
    contract = isinstance(error, ContractError)
    return Failure("\n".join(filter(None, said)), printed, contract or isinstance(error, RefusedError), contract)


def _write(project: Project, folder: Path, handover: Handover, offered: Offered, say: Say) -> None:
    """With a DVC remote the outputs go along as DVC's objects, which the trusted half pushes; else small ones."""
    kept = run_files(project, offered.judgement)
    images = {} if is_unchanged(offered.judgement) else drawn(project.root, project.settings.evaluate.images, say)
    if project.dvc.remote():
        write(folder, handover, kept, cached_objects(project.dvc, offered.snapshot.pipeline), images)
    else:
        kept |= small_outputs(project, *project.settings.evaluate.written, *project.settings.evaluate.results)
        write(folder, handover, kept, {}, images)
