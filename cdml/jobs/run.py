"""`cdml run train evaluate`: what changed is run through DVC, on a laptop exactly as in CI."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cdml.ci import run_context
from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.core.files import digest
from cdml.core.interpreter import stage_environment
from cdml.core.process import stream
from cdml.evaluation.predictions import demand_columns, read
from cdml.jobs.generate import stale_files
from cdml.jobs.known import is_known, note
from cdml.jobs.project import Project
from cdml.jobs.reading import reading_digest
from cdml.jobs.repeats import SEED_VARIABLE
from cdml.jobs.trace import below, read_trace, trace_environment
from cdml.state.inputs import stage_names
from cdml.state.pipeline import Pipeline, read_pipeline
from cdml.state.room import require_room
from cdml.state.snapshot import LOCK_FILE
from cdml.state.unchanged import unchanged

JOBS = ("train", "evaluate")
_ADVICE = (
    "To track the changes with git, run:",
    "git add ",
    "To enable auto staging, run:",
    "dvc config core.autostage true",
    "Use `dvc push` to send your updates",
)


@dataclass(frozen=True)
class RunReport:
    """What a run did: stages that ran, stages that DVC skipped, and files read that no stage declares."""

    ran: tuple[str, ...]
    skipped: tuple[str, ...]
    undeclared: tuple[str, ...]


def run_jobs(
    project: Project, jobs: tuple[str, ...], say: Callable[[str], None], *, force: bool = False
) -> RunReport:
    """Run the stages of `train` and `evaluate`; outputs that a skipped stage made are brought here.

    With `force` every stage runs, whether anything changed or not.

    Raises ConfigError when generated files are stale, the pipeline cannot be read or the predictions cannot be
    judged; ExternalError when a stage fails.
    """
    stale = stale_files(project.root)
    if stale:
        raise ConfigError(
            f"{', '.join(stale)} {'does' if len(stale) == 1 else 'do'} not follow mlops.yaml", "cdml generate"
        )
    train, evaluate = stage_names(project.settings)
    targets = tuple(name for job in jobs for name in _targets(job, train, evaluate))
    printed, undeclared = _reproduce(project, targets, _without_advice(say), force)
    project.dvc.fetch_outputs(*_needed(project, jobs))
    if "evaluate" in jobs:
        _check_predictions(project)
    ran = tuple(re.findall(r"^Running stage '([^']+)'", printed, re.MULTILINE))
    skipped = tuple(re.findall(r"^Stage '([^']+)' (?:didn't change|is cached)", printed, re.MULTILINE))
    return RunReport(ran, skipped, undeclared)


def _reproduce(
    project: Project, targets: tuple[str, ...], say: Callable[[str], None], force: bool
) -> tuple[str, tuple[str, ...]]:
    """What DVC printed, and the project's files that stages read though none declares them."""
    with project.dvc.files(None):
        skipped = () if force else unchanged(project.dvc, targets)
        if skipped:
            for line in skipped:
                say(line)
            return "\n".join(skipped), ()
        # DVC would exit alike for a broken file and for a training that failed; CI must tell them apart.
        pipeline = read_pipeline(project.dvc, None)
        pipeline.closure(targets)
        if project.dvc.remote():
            require_room(project.dvc, targets)
    with tempfile.TemporaryDirectory(prefix="cdml-trace-") as folder:
        traced = trace_environment(Path(folder)) | _seed(project)
        printed = project.dvc.reproduce(targets, say, traced, run_cache=trusts_run_cache(), force=force)
        return printed, _undeclared(project, pipeline, read_trace(Path(folder), project.root).reads)


def _seed(project: Project) -> dict[str, str]:
    """The seed of the model itself, where it is trained with others too."""
    return {SEED_VARIABLE: "0"} if project.settings.train.repeats > 1 else {}


def trusts_run_cache() -> bool:
    """Whether what others say that they ran may be taken over: by people, and where code of a pull request runs.

    Whoever may write to the DVC remote may fill its run-cache. What main's own CI registers, it trains itself.
    """
    context = run_context(os.environ)
    return context is None or context.event == "pull_request"


def _without_advice(say: Callable[[str], None]) -> Callable[[str], None]:
    """DVC's last words ask to add dvc.lock to git and to push: here registering does both."""

    def heard(line: str) -> None:
        if line.strip() and not line.strip().startswith(_ADVICE):
            say(line)

    return heard


def _check_predictions(project: Project) -> None:
    """What an evaluation wrote must be fit to be judged, and is best refused where it was made."""
    evaluate = project.settings.evaluate
    for path in evaluate.written:
        place = project.root / path
        if not place.is_file():
            key = "evaluate.predictions" if path == evaluate.predictions else "evaluate.datasets"
            raise ConfigError(f"evaluate wrote no file {path}", f"correct the script, or {key} in mlops.yaml")
        fit = ("fit predictions", place.suffix, digest(place).sha256, reading_digest(evaluate, None))
        if not is_known(project, *fit):
            demand_columns(read(place, path, evaluate))
            note(project, *fit)


def run_tests(project: Project, say: Callable[[str], None]) -> None:
    """The project's own tests, before anything trains; ExternalError with the end of their output.

    They are not run again where they passed on the same files of the repository in the same environment.
    """
    if not project.settings.ci.test:
        return
    passed = _tested(project)
    if passed and is_known(project, *passed):
        say(f"the tests passed on these files before, skipping ({project.settings.ci.test})")
        return
    command = shlex.split(project.settings.ci.test)
    done = stream(command, cwd=project.root, env=stage_environment(project.root), say=say)
    if done.code != 0:
        raise ExternalError(
            f"the project's tests failed ({project.settings.ci.test})", "mend them, then push", printed=done.tail()
        )
    if passed:
        note(project, *passed)


def _tested(project: Project) -> tuple[object, ...] | None:
    """What the outcome of the tests depends on; None while the working tree holds files of no commit."""
    others = project.git.text("ls-files", "--others", "--exclude-standard", "-z", ":/").split("\0")
    if any(path and not path.endswith(LOCK_FILE) for path in (*project.git.dirty(), *others)):
        return None
    tree = project.git.text("rev-parse", "HEAD^{tree}")
    where = (project.git.prefix(), str(project.python), project.environment)
    return ("tests passed", project.settings.ci.test, tree, *where)


def share(project: Project) -> str | None:
    """Push outputs and run-cache to the DVC remote, where there is one; why not, where that failed.

    It is no error: whoever runs on a laptop may read the remote without writing to it.
    """
    if project.dvc.remote() is None:
        return None
    try:
        project.dvc.push()
    except ExternalError as error:
        return error.message
    return None


def _undeclared(project: Project, pipeline: Pipeline, reads: tuple[str, ...]) -> tuple[str, ...]:
    """Files of the repository that were read though no stage names them: a change of them would go unseen."""
    if not reads:
        return ()
    known = {p for s in pipeline.stages.values() for p in (*s.deps, *s.outs, *s.params)}
    tracked = {entry.path for entry in project.git.tree("HEAD")} | set(pipeline.tracked)
    return tuple(p for p in reads if p in tracked and not below(p, known))


def _targets(job: str, train: tuple[str, ...], evaluate: tuple[str, ...]) -> tuple[str, ...]:
    if job not in JOBS:
        raise UsageError(f"{job!r} is not a job that can be run here", f"cdml run {' '.join(JOBS)}")
    return train if job == "train" else evaluate


def _needed(project: Project, jobs: tuple[str, ...]) -> tuple[str, ...]:
    evaluate = project.settings.evaluate
    more = (*evaluate.written, *evaluate.results) if "evaluate" in jobs else ()
    return (project.settings.register.artifact, *more)
