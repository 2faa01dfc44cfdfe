"""Which Python the project's own code runs on. cdml lives in another one and never imports a model itself."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

VARIABLE = "CDML_PYTHON"
# What opens a forge, or git's way to it: nothing that a project's training or tests need.
TOKENS = (
    "CDML_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "SYSTEM_ACCESSTOKEN",
    "GITLAB_TOKEN",
    "CI_JOB_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_VALUE_1",
)


def project_python(root: Path) -> Path:
    """The project's interpreter: $CDML_PYTHON, the project's own .venv, the active venv, PATH, ours."""
    named = os.environ.get(VARIABLE)
    if named:
        # A bare name or a relative path would mean another program in another folder.
        return Path(shutil.which(named) or named).absolute()
    own = root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if own.exists():
        return own
    active = os.environ.get("VIRTUAL_ENV")
    if active and (Path(active) / "bin" / "python").exists():
        return Path(active) / "bin" / "python"
    found = shutil.which("python") or shutil.which("python3")
    return Path(found) if found else Path(sys.executable)


def stage_environment(root: Path) -> dict[str, str]:
    """What the project's own commands get: `python` is the project's, `cdml` stays reachable, tokens are gone."""
    python = project_python(root)
    ours = Path(sys.executable).parent
    # An empty entry would mean the present folder.
    path = os.pathsep.join(filter(None, [str(python.parent), os.environ.get("PATH"), str(ours)]))
    return {"PATH": path, VARIABLE: str(python), **{name: "" for name in TOKENS if name in os.environ}}
