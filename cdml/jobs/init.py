"""`cdml init`: scaffold a project, or adopt the repository it stands in; again: complete what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cdml.config.load import load
from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.core.interpreter import project_python
from cdml.core.settings import CONFIG_FILE, Settings
from cdml.jobs import init_files
from cdml.jobs.generate import generate
from cdml.jobs.init_branches import create_release_branches
from cdml.jobs.init_draft import Ask
from cdml.jobs.init_files import FileNote
from cdml.jobs.init_plan import Plan, has_own_pipeline, keep, make
from cdml.jobs.init_survey import forge_of
from cdml.jobs.init_trace import traced_run
from cdml.state.dvc import Dvc
from cdml.state.git import REMOTE, Git

IN_GIT = (
    "no DVC remote: outputs up to 50 MB are kept in git by the release commit; "
    "for more: dvc remote add --default storage s3://BUCKET"
)


@dataclass(frozen=True)
class InitResult:
    """What was found, guessed and written. `branches` were created on origin; `next_steps` are commands."""

    root: str
    found: tuple[str, ...]
    guessed: tuple[str, ...]
    files: tuple[FileNote, ...]
    branches: tuple[str, ...]
    notes: tuple[str, ...]
    next_steps: tuple[str, ...]


def init(
    root: Path,
    *,
    command: tuple[str, ...] = (),
    template: str | None = None,
    ask: Ask | None = None,
    say: Callable[[str], None] | None = None,
) -> InitResult:
    """Make `root` a project. `command` is run once to see what it reads and writes; `say` gets what it prints.

    `ask` answers what cannot be seen; without it the best guess is taken and told. No file is overwritten and
    nothing is committed. Raises ConfigError for an mlops.yaml that does not hold, UsageError where there is
    nothing to adopt, ExternalError when the command fails: then nothing was written.
    """
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is not a folder")
    kept = load(root) if (root / CONFIG_FILE).exists() else None
    trace = traced_run(root, command, say) if command else None
    files: list[FileNote] = []
    if has_own_pipeline(root):  # only DVC itself can read it, and only in its own repository
        _repository(root, files)
    plan = keep(kept, trace) if kept else make(root, command, trace, template, ask)
    root.mkdir(parents=True, exist_ok=True)
    git = _repository(root, files)
    files += [init_files.put(root, *file) for file in plan.files]
    files += [init_files.put_attributes(root), init_files.put_ignore(root)]
    settings = _generate(root, plan, files, complete_only=kept is not None)
    return InitResult(
        root=str(root),
        found=(*plan.found, *_surroundings(root, git)),
        guessed=tuple(plan.guessed),
        files=_once(files),
        branches=_branches(git, settings, plan),
        notes=(*plan.notes, *_advice(root, git, settings)),
        next_steps=_next_steps(root, git, settings, plan),
    )


def _repository(root: Path, files: list[FileNote]) -> Git:
    """git and DVC in `root`, begun where there is none."""
    git, begun = init_files.put_git(root)
    files += [*begun, *init_files.put_dvc(root, git)]
    return git


def _generate(root: Path, plan: Plan, files: list[FileNote], *, complete_only: bool) -> Settings | None:
    """What follows from mlops.yaml; None (and notes) where the one that was just guessed does not hold yet."""
    try:
        settings = load(root)
    except ConfigError as error:
        plan.notes += [str(problem) for problem in error.problems] or [error.message]
        return None
    files += init_files.put_generated(root, complete_only=complete_only)
    return settings


def _once(files: list[FileNote]) -> tuple[FileNote, ...]:
    """One note per path: what was done to a file, rather than that it was there when it was looked at again."""
    strength = ("kept", "extended", "written")
    best: dict[str, FileNote] = {}
    for file in files:
        if file.path not in best or strength.index(file.state) > strength.index(best[file.path].state):
            best[file.path] = file
    return tuple(best.values())


def _surroundings(root: Path, git: Git) -> tuple[str, ...]:
    forge = forge_of(git.remote_url())
    return (
        f"main branch: {git.default_branch()}",
        *([f"forge: {forge}, by the remote {REMOTE}"] if forge else []),
        f"the project's Python: {project_python(root)}",
    )


def _branches(git: Git, settings: Settings | None, plan: Plan) -> tuple[str, ...]:
    """Release branches; a remote that cannot be reached is told, since everything else is done."""
    try:
        return create_release_branches(git, settings) if settings else ()
    except ExternalError as error:
        plan.notes.append(f"release branches were not created: {error.message}; cdml init again does it")
        return ()


def _advice(root: Path, git: Git, settings: Settings | None) -> Iterator[str]:
    """What a person should know of this repository before the first run."""
    if Dvc(root).remote() is None:
        yield IN_GIT
    above = [place for place in root.parents if (place / ".dvc").is_dir() and place.is_relative_to(git.top())]
    if above:
        yield f"the .dvc of {above[0]} is not used here: this folder has its own cache and remote"
    outs = settings.train.stage.outs if settings and settings.train.stage else ()
    tracked = git.text("ls-files", "--", *outs).splitlines() if outs else []
    if tracked:
        yield f"DVC keeps outputs, but git has them: git rm --cached {shlex.join(tracked)}"
    if any(line.startswith("i/crlf") for line in git.text("ls-files", "--eol").splitlines()):
        yield "git holds files with Windows line endings: git add --renormalize . changes them once"
    if git.remote_url() is None and settings and settings.environments:
        yield "no remote named origin yet: release branches are created by cdml init once there is one"


def _next_steps(root: Path, git: Git, settings: Settings | None, plan: Plan) -> tuple[str, ...]:
    if settings is None:
        return (f"edit {CONFIG_FILE}", "cdml init")
    steps = ["pip install -r requirements.txt"] if plan.scaffolded else []
    if any(file.state == "stale" for file in generate(root, check=True)):
        steps.append("cdml generate")
    if git.text("status", "--porcelain", "--", "."):
        steps += ["git add --all .", 'git commit --message "Deliver the model with cdml"']
    return (*steps, "cdml run train evaluate")
