"""The untrusted half of a pull request's run: train and judge, and leave the outcome in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cdml.ci.base import RunContext
from cdml.core.errors import CdmlError, Exit, ExternalError, RefusedError, UsageError
from cdml.core.settings import CONFIG_FILE
from cdml.jobs.concerned import own
from cdml.jobs.handover import Failure, Handover, write
from cdml.jobs.offered import Offered, judge_offer, require_offered
from cdml.jobs.overlay import run_files, small_outputs
from cdml.jobs.project import Project
from cdml.jobs.verdict import exit_code
from cdml.state.git import REMOTE
from cdml.state.outputs import cached_objects

FORK = (
    "This pull request comes from a fork, whose runs get no secrets. If the data needs them, a maintainer can push"
    " the branch to this repository."
)


def hand_over(
    project: Project, context: RunContext, folder: Path, say: Callable[[str], None]
) -> tuple[Handover, int]:
    """Judge what the pull request of this run offers; returns what was handed over and the exit code.

    A run that breaks is handed over too, and raises nothing that CI has not been told; UsageError outside of a run
    of a pull request.
    """
    if context.pull is None or context.head is None or context.base is None:
        raise UsageError("this is not the run of a pull request", "cdml pr open")
    require_offered(project, context.pull, context.head)
    waiting = waits_for(project, context)
    if waiting:
        handover = _handover(project, context, waiting=waiting)
        write(folder, handover, {}, {})
        return handover, Exit.INCONCLUSIVE  # green would let it be merged unjudged
    try:
        offered = judge_offer(project, context.base, say, keep=False)
    except CdmlError as error:
        write(folder, _handover(project, context, failure=_failure(error, context)), {}, {})
        raise
    handover = _handover(project, context, judgement=offered.judgement)
    _write(project, folder, handover, offered)
    return handover, exit_code(offered.judgement)


def waits_for(project: Project, context: RunContext) -> str | None:
    """What must happen before this pull request trains, as `train.when` says; None when nothing must."""
    target = f"refs/remotes/{REMOTE}/{context.base}"
    known = project.git.read(target, CONFIG_FILE) is not None
    # As the target has it: a change does not choose for itself whether it is looked at.
    when = (project.settings_at(target) if known else project.settings).train.when
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


def _failure(error: CdmlError, context: RunContext) -> Failure:
    printed = error.printed if isinstance(error, ExternalError) else ""
    hint = f"\n{FORK}" if context.fork and isinstance(error, ExternalError) else ""
    return Failure(f"{error.message}{hint}", printed, isinstance(error, RefusedError))


def _write(project: Project, folder: Path, handover: Handover, offered: Offered) -> None:
    """With a DVC remote the outputs go along as DVC's objects, which the trusted half pushes; else small ones."""
    kept = run_files(project, offered.judgement)
    if project.dvc.remote():
        write(folder, handover, kept, cached_objects(project.dvc, offered.snapshot.pipeline))
    else:
        write(folder, handover, kept | small_outputs(project, project.settings.evaluate.predictions), {})
