"""`cdml doctor`: what YAML cannot hold, looked at topic by topic; each check is one line of the dictionary."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdml.core.errors import CdmlError, ConfigError, UsageError
from cdml.jobs.doctor_azure import azure
from cdml.jobs.doctor_base import Ask, Check, Finding, Scene, look
from cdml.jobs.doctor_cloud import bodies as cloud_bodies
from cdml.jobs.doctor_cloud import cloud
from cdml.jobs.doctor_dvc import storage
from cdml.jobs.doctor_gc import collections
from cdml.jobs.doctor_gitea import gitea
from cdml.jobs.doctor_github import github
from cdml.jobs.doctor_github_api import reader
from cdml.jobs.doctor_github_environments import bodies as environment_bodies
from cdml.jobs.doctor_github_rules import bodies as rulesets
from cdml.jobs.doctor_gitlab import gitlab
from cdml.jobs.doctor_repository import files, repository
from cdml.jobs.doctor_run import run
from cdml.jobs.doctor_tools import tools
from cdml.jobs.init_branches import create_release_branches
from cdml.jobs.project import open_project

CHECKS: dict[str, Check] = {
    "tools": tools,
    "repository": repository,
    "files": files,
    "dvc": storage,
    "gc": collections,
    "run": run,
    "github": github,
    "azure": azure,
    "gitlab": gitlab,
    "gitea": gitea,
    "cloud": cloud,
}


@dataclass(frozen=True)
class Doctored:
    """What was found, and the release branches that `--fix` created on origin."""

    findings: tuple[Finding, ...]
    created: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Finding, ...]:
        """What has to be mended."""
        return tuple(one for one in self.findings if one.state == "missing")


def doctor(
    root: Path, *, fix: bool = False, environ: Mapping[str, str] | None = None, ask: Ask | None = None
) -> Doctored:
    """Look at everything; with `fix` create missing release branches first, the one thing that is ours and safe.

    `ask` reads the forge's API in place of the token of `environ` (None: this process's). A check that cannot be
    made is a finding: only a `fix` that fails raises (ExternalError).
    """
    environ = os.environ if environ is None else environ
    try:
        scene = look(open_project(root), environ, ask)
    except CdmlError as error:
        return Doctored((_failed("project", error),))
    created = create_release_branches(scene.project.git, scene.project.settings) if fix else ()
    found = (one for name, check in CHECKS.items() for one in _checked(name, check, scene))
    return Doctored(tuple(found), created)


def body(root: Path, name: str, *, environ: Mapping[str, str] | None = None, ask: Ask | None = None) -> Any:
    """What a command of a finding sends, as plain data; UsageError for a name that none has."""
    scene = look(open_project(root), os.environ if environ is None else environ, ask)
    known = {**rulesets(scene), **environment_bodies(scene, reader(scene)), **cloud_bodies(scene)}
    if name not in known:
        raise UsageError(f"no finding sends {name!r}; there are {', '.join(known)}", "cdml doctor")
    return known[name]


def _checked(name: str, check: Check, scene: Scene) -> Iterator[Finding]:
    """One check cannot keep the others from being made."""
    try:
        yield from check(scene)
    except CdmlError as error:
        yield _failed(name, error)


def _failed(name: str, error: CdmlError) -> Finding:
    problems = error.problems if isinstance(error, ConfigError) else ()
    why = "; ".join(str(problem) for problem in problems)
    return Finding(name, "missing", error.message, why, error.hint or ("cdml check" if problems else ""))
