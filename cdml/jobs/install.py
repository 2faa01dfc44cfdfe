"""`cdml run install`: what the project's own code needs, put into the project's interpreter."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from cdml.core.errors import ExternalError
from cdml.core.interpreter import stage_environment
from cdml.core.process import stream
from cdml.jobs.project import Project

REQUIREMENTS = "requirements.txt"


def install(project: Project, say: Callable[[str], None]) -> bool:
    """Run `ci.install`, or pip with requirements.txt where there is one; False where there is nothing to do.

    Raises ExternalError with the end of what was printed.
    """
    command = shlex.split(project.settings.ci.install or "")
    if not command and (project.root / REQUIREMENTS).is_file():
        words = "-m pip install --quiet --disable-pip-version-check --requirement"
        command = [str(project.python), *words.split(), REQUIREMENTS]
    if not command:
        return False
    done = stream(command, cwd=project.root, env=stage_environment(project.root), say=say)
    if done.code != 0:
        said = f"{' '.join(command[:3])} exited {done.code}"
        raise ExternalError(said, "mend ci.install or the requirements", printed=done.tail())
    return True
