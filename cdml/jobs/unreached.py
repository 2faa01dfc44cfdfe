"""What a run that broke could not reach: that data wants credentials is no mistake of a fork's pull request."""

from __future__ import annotations

import os
import re

from cdml.ci.base import RunContext
from cdml.core.errors import CdmlError, ConfigError, ExternalError
from cdml.core.settings import Ci, Settings
from cdml.jobs.project import Project
from cdml.jobs.snapshots import baseline_version
from cdml.state.access import Ungiven, missing_data, ungiven
from cdml.state.dvc import UngivenError
from cdml.state.inputs import stage_names
from cdml.state.pipeline import read_pipeline

# CI that hears a command in a comment: what `cdml generate` writes for the others cannot (docs/ci.md says why).
HEARING = ("github", "gitlab")
_BROKEN = re.compile(r"failed to reproduce '([^']+)'")


def unreached(project: Project, error: CdmlError, rules: Settings | None = None) -> Ungiven | None:
    """The data for want of which a run broke, asked of the remote itself; None where it broke of something else.

    `rules` are the target branch's settings, which say what the baseline is.
    """
    if not isinstance(error, (ExternalError, ConfigError)) or project.dvc.remote() is None:
        return None
    try:
        return ungiven(project.dvc, _wanted(project, error, rules))
    except CdmlError:  # the pipeline itself cannot be read: the error has said so
        return None


def _wanted(project: Project, error: CdmlError, rules: Settings | None) -> dict[str, str]:
    """Files that the run cannot have had, by path with DVC's digest."""
    train, evaluate = stage_names(project.settings)
    printed = error.printed if isinstance(error, ExternalError) else ""
    wanted = missing_data(project.dvc, (*train, *evaluate), _BROKEN.findall(printed))
    if isinstance(error, UngivenError):
        pipeline = read_pipeline(project.dvc, None)
        wanted |= {path: oid for path in error.paths if (oid := pipeline.out(path) or pipeline.tracked.get(path))}
    if isinstance(error, (UngivenError, ConfigError)):  # trained, but not compared
        wanted |= _baseline(project, (rules or project.settings).evaluate.baseline)
    return wanted


def _baseline(project: Project, wanted: str) -> dict[str, str]:
    """The baseline's predictions, where DVC keeps them."""
    version = baseline_version(project, wanted) if wanted != "main" else None
    path = project.settings_at(version.commit).evaluate.predictions if version else None
    if version is None or path is None or project.git.read(version.commit, path) is not None:
        return {}
    oid = read_pipeline(project.dvc, version.commit).out(path)
    return {path: oid} if oid else {}


def waiting_words(context: RunContext) -> str:
    """Why a fork's pull request was not evaluated, and who can have it evaluated."""
    said = "Not evaluated: the data needs credentials, which a run of a fork does not get."
    who = "Somebody who may write to this repository can"
    push = "push the branch to this repository"
    if context.provider in HEARING and context.forge in (None, context.provider):
        return f"{said} {who} look at the change and start it with the comment `/cdml evaluate`, or {push}."
    return f"{said} {who} look at the change and {push}."


def failure_words(found: Ungiven, ci: Ci) -> tuple[str, str]:
    """What a run lacked that should have had it, and the setting that would give it."""
    match found.why:
        case "denied":
            return f"the DVC remote refuses {found.path}: {found.said}", _credentials(ci)
        case "absent":
            return (
                f"{found.path} is not on the DVC remote",
                "Run `dvc push` where it was added, then run this again.",
            )
        case _:
            return f"the DVC remote does not answer for {found.path}: {found.said}", "`dvc remote list` names it."


def _credentials(ci: Ci) -> str:
    """Which secret or identity is missing here; names alone, never a value."""
    names = tuple(dict.fromkeys((*ci.secrets.get("default", ()), *ci.secrets.get("train", ()))))
    empty = [name for name in names if not os.environ.get(name)]
    if empty:
        verb = "is" if len(empty) == 1 else "are"
        return f"{', '.join(empty)} of ci.secrets.train {verb} empty in this run: set it where CI keeps secrets."
    if names:
        return (
            f"Does {', '.join(names)} (ci.secrets.train) still open the remote? `cdml doctor` shows what is set."
        )
    if ci.cloud:
        return (
            f"May the identity of ci.cloud ({', '.join(ci.cloud)}) read it? `cdml doctor` shows how to grant that."
        )
    return "Name the secrets that open it in ci.secrets.train of mlops.yaml, or an identity in ci.cloud."
