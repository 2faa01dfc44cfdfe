"""Which models a run of CI is about, and on what machine each of them works: decided inside a job, from git."""

from __future__ import annotations

import json
from dataclasses import dataclass

from cdml.ci.base import Event, RunContext
from cdml.ci.machines import limit, machine
from cdml.config.load import parse
from cdml.core.errors import CdmlError, UsageError
from cdml.core.settings import CONFIG_FILE, Settings
from cdml.jobs.concerned import Concerned, context_of, projects_at, released, touched
from cdml.jobs.judged import RUNS, fetch_runs
from cdml.state.dvc import Dvc
from cdml.state.git import REMOTE, Git
from cdml.state.inputs import Revision, read_inputs
from cdml.state.pipeline import read_pipeline

RUNS_LOOKED_AT = 20
NOWHERE = "0" * 40
KINDS: dict[Event, str] = {"pull_request": "train", "main": "register", "release": "deploy", "schedule": "retrain"}


@dataclass(frozen=True)
class Planned:
    """One model of this run.

    `superseded`: an older run of the same pull request trains on other inputs. `trains`: no judged run was kept
    that registering could take, after a push to main. Machine and limit are those of the kind of job that it is
    planned for.
    """

    model: str
    folder: str
    labels: tuple[str, ...]
    minutes: int
    python: str
    superseded: bool
    trains: bool = False

    def entry(self) -> dict[str, object]:
        """The model as an entry of a provider's matrix."""
        labels = self.labels[0] if len(self.labels) == 1 else list(self.labels)
        return {
            "model": self.model,
            "folder": self.folder,
            "runs-on": json.dumps(labels),
            "minutes": self.minutes,
            "python": self.python,
            "superseded": self.superseded,
        }


def plan(git: Git, context: RunContext) -> tuple[Planned, ...]:
    """The models that this run is about, by folder; `git` acts at the top of the repository.

    Raises UsageError for an event that no workflow of ours has.
    """
    if context.event in (None, "comment"):
        raise UsageError(
            "this event has no plan" if context.event else "this event is none that cdml's workflows have"
        )
    kind = KINDS.get(context.event, "retrain")
    return tuple(_planned(git, context, one, kind) for one in _concerned(git, context))


def plan_monitor(git: Git, context: RunContext) -> tuple[Planned, ...]:
    """The models whose production this run looks at: those that are due, or that a person chose."""
    if context.event not in ("schedule", "manual"):
        return ()
    everyone = ((one, _settings(git, one).monitor) for one in _all(git, git.commit("HEAD")))
    watched = [(one, monitor.schedule) for one, monitor in everyone if monitor and monitor.schedule]
    if context.event == "schedule":
        due = [one for one, line in watched if line == context.schedule]
    else:
        due = [one for one, _ in watched if context.folder in (None, one.folder or ".")]
    return tuple(_planned(git, context, one, "monitor") for one in due)


def contexts(git: Git, context: RunContext, planned: tuple[Planned, ...]) -> tuple[str, ...]:
    """Under which name each of these models states its judgement of the pull request of this run."""
    if context.base is None:
        return ()
    main = git.default_branch()
    return tuple(
        context_of(one.model, "" if one.folder == "." else one.folder, context.base, main) for one in planned
    )


def _concerned(git: Git, context: RunContext) -> tuple[Concerned, ...]:
    head = git.commit("HEAD")
    if context.event == "pull_request":
        target = git.commit(f"refs/remotes/{REMOTE}/{context.base}")
        base = git.run("merge-base", target, head, check=False).out.decode().strip() or target
        return tuple(
            one for one in touched(git, base, head, target) if context.folder in (None, one.folder or ".")
        )
    if context.event == "main":
        return touched(git, context.before or "", head) if _known(git, context.before) else _all(git, head)
    if context.event == "release":
        after = git.commit(f"refs/remotes/{REMOTE}/{context.branch}")
        root = git.text("rev-list", "--max-parents=0", after).splitlines()[-1]
        before = context.before if context.before and _known(git, context.before) else root
        return released(git, head, before, after)
    everyone = _all(git, head)
    if context.event == "schedule":
        return tuple(one for one in everyone if _settings(git, one).train.schedule == context.schedule)
    return tuple(one for one in everyone if context.folder in (None, one.folder or "."))


def _known(git: Git, commit: str | None) -> bool:
    return commit is not None and commit != NOWHERE and git.has(commit)


def _all(git: Git, commit: str) -> tuple[Concerned, ...]:
    return tuple(Concerned(model, folder) for folder, model in sorted(projects_at(git, commit).items()))


def _planned(git: Git, context: RunContext, one: Concerned, kind: str) -> Planned:
    settings = _settings(git, one)
    return Planned(
        model=one.model,
        folder=one.folder or ".",
        labels=machine(settings.ci, kind),
        minutes=limit(settings.ci, kind),
        python=settings.ci.python,
        superseded=context.event == "pull_request" and _superseded(git, context, one),
        trains=context.event == "main" and not _judged(git, one),
    )


def _settings(git: Git, one: Concerned, commit: str = "HEAD") -> Settings:
    """The model's settings; those of the commit before where it was taken away."""
    path = f"{one.folder}/{CONFIG_FILE}" if one.folder else CONFIG_FILE
    content = git.read(commit, path) or b""
    return parse(content.decode("utf-8", "replace"), file=path)


def _superseded(git: Git, context: RunContext, one: Concerned) -> bool:
    """Whether what was pushed before trained on other inputs than this; where that cannot be told, it did."""
    if not _known(git, context.before):
        return True
    try:
        return _inputs(git, one, context.before or "") != _inputs(git, one, "HEAD")
    except CdmlError:
        return True


def _judged(git: Git, one: Concerned) -> bool:
    """Whether a newer judged run was of these inputs, the environment aside: what registering may take over."""
    fetch_runs(git)
    newest = ("for-each-ref", "--sort=-creatordate", f"--count={RUNS_LOOKED_AT}", "--format=%(parent)", RUNS)
    try:
        wanted = _inputs(git, one, "HEAD")
        return any(_inputs(git, one, code) == wanted for code in git.text(*newest).splitlines() if git.has(code))
    except CdmlError:
        return False


def _inputs(git: Git, one: Concerned, commit: str) -> str:
    here = Git(git.root / one.folder)
    pipeline = read_pipeline(Dvc(here.root), here.commit(commit))
    blobs = {entry.path: entry.oid for entry in here.tree(commit)}
    return read_inputs(Revision(here, commit, pipeline, blobs), _settings(git, one, commit), "").digest
