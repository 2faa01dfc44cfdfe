"""The project that a job works on: its folder, its doors, its settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cdml.config.load import load, parse
from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.core.interpreter import project_python
from cdml.core.settings import CONFIG_FILE, Environment, Settings
from cdml.jobs.cloud import ACCESS, enter
from cdml.serving.client import environment
from cdml.state.dvc import Dvc
from cdml.state.git import REMOTE, Git, open_git, require_commit, words
from cdml.state.snapshot import Store

STATE_VARIABLE = "CDML_STATE"


@dataclass(frozen=True)
class Project:
    """One model's project. `state` is where servers on this machine are kept; it outlives temporary clones."""

    root: Path
    git: Git
    dvc: Dvc
    settings: Settings
    python: Path
    state: Path

    @property
    def store(self) -> Store:
        """Files of any revision, from git or DVC."""
        return Store(self.git, self.dvc)

    @property
    def main(self) -> str:
        """The branch that versions come from."""
        return self.settings.ci.main or self.git.default_branch()

    @cached_property
    def environment(self) -> str:
        """The lock of the environment that the project's code runs in, read once."""
        return environment(self.python).lock_text

    @property
    def environments(self) -> tuple[Environment, ...]:
        """The environments as main has them: no other branch chooses where a model is deployed."""
        main = f"refs/remotes/{REMOTE}/{self.main}"
        if not self.git.has(main) or self.git.read(main, CONFIG_FILE) is None:
            return self.settings.environments
        return self.settings_at(main).environments

    def settings_at(self, commit: str) -> Settings:
        """mlops.yaml of a commit; ConfigError where it has none."""
        content = self.git.read(commit, CONFIG_FILE)
        if content is None:
            raise ConfigError(f"{commit[:7]} has no {CONFIG_FILE}", "compare with a later commit")
        return parse(content.decode("utf-8", "replace"), file=f"{commit[:7]}:{CONFIG_FILE}")

    def moved(self, git: Git) -> Project:
        """The same project in another clone, served on the same machine by the same interpreter."""
        return open_project(git.root, python=self.python, state=self.state, git=git)


def open_project(
    path: Path, *, python: Path | None = None, state: Path | None = None, git: Git | None = None
) -> Project:
    """The project in a folder; an error in words where it is not a repository, or has no mlops.yaml or DVC."""
    git = git or open_git(path)
    settings = load(path)
    require_commit(git)
    if settings.ci.cloud and os.environ.get(ACCESS):
        enter(settings.ci.cloud)
    dvc = Dvc(path)
    if not dvc.initialised:
        raise ConfigError(f"{path} has no .dvc folder", "cdml init")
    named = os.environ.get(STATE_VARIABLE)
    place = state or (Path(named) if named else git.common_dir() / "cdml")
    return Project(path, git, dvc, settings, python or project_python(path), place)


def no_environments(project: Project) -> str:
    """Why there are none, and what to do: they count as main has them on the remote."""
    if project.settings.environments:
        return f"the environments of {CONFIG_FILE} are not on {REMOTE}/{project.main} yet: commit and push them"
    example = "environments: {staging: {deploy: {target: local, port: 8081}}}"
    return f"{CONFIG_FILE} has no environments; add, for example: {example}"


def require_clean(project: Project, verb: str) -> None:
    """Refuse when tracked files differ from HEAD: what a commit says must be what was used."""
    dirty = [p for p in project.git.dirty() if not p.endswith("dvc.lock")]
    if dirty:
        verb_form = "differs" if len(dirty) == 1 else "differ"
        raise UsageError(
            f"{verb} needs committed files, and {words(dirty)} {verb_form} from HEAD", "git commit, or git stash"
        )


def fetch(project: Project) -> None:
    """Bring tags and branches of the remote up to date, where there is one; ExternalError without an answer."""
    fetch_all(project.git)


def fetch_all(git: Git) -> None:
    """The same, of a repository in which no project need be."""
    if not git.remote_url():
        return
    done = git.run(
        "fetch",
        "--quiet",
        "--tags",
        "--force",
        "--prune",
        REMOTE,
        f"+refs/heads/*:refs/remotes/{REMOTE}/*",
        check=False,
    )
    if done.code != 0:
        raise ExternalError(
            f"the remote {REMOTE!r} cannot be reached: {done.err.strip()}", "git remote -v shows where it points"
        )
