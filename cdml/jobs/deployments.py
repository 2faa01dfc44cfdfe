"""A deployment that somebody makes by hand, kept by the forge beside those that its CI makes.

A job of CI names its environment, and its forge records the deployment itself; of a laptop it knows nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal

from cdml.ci import run_context
from cdml.core.errors import CdmlError
from cdml.core.http import shown_address
from cdml.core.settings import Environment
from cdml.forges.base import EnvironmentRecord, Forge
from cdml.jobs.deploy import Deployed, deploy
from cdml.jobs.project import Project
from cdml.jobs.promote import find_environment
from cdml.state.git import REMOTE

Say = Callable[[str], None]


def deploy_and_record(project: Project, forge: Forge | None, name: str, say: Say) -> Deployed:
    """`deploy`, and outside of CI the forge's record of how it ended; where that fails, only a warning says so."""
    environment = find_environment(project, name)
    try:
        deployed = deploy(project, name)
    except CdmlError as error:
        _record(project, forge, environment, "failure", (error.message.splitlines() or [""])[0], "", say)
        raise
    served = deployed.deployment
    if served:
        said, url = f"serves {served.model}@{served.version}", shown_address(served.url)
        _record(project, forge, environment, "success", said, url, say)
    return deployed


def _record(
    project: Project,
    forge: Forge | None,
    environment: Environment,
    state: Literal["success", "failure"],
    said: str,
    url: str,
    say: Say,
) -> None:
    ref = f"refs/remotes/{REMOTE}/{environment.branch}"
    if forge is None or run_context(os.environ) or not project.git.has(ref):
        return
    tip = project.git.commit(ref)
    try:
        forge.record_deployment(EnvironmentRecord(environment.name, environment.branch, tip, state, said, url))
    except CdmlError as error:
        hint = f" ({error.hint})" if error.hint else ""
        say(f"warning: the forge keeps no record of this deployment: {error.message}{hint}")
