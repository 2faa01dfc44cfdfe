"""Where the tools of the real tests are, and whether they are there.

They live under `.venv/real`, beside the environment of the other tests and ignored by git. `install.py` fills
it. What could not be installed makes its tests skip with the installer's reason, so that a machine without Node
still runs the rest.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
CACHE = CHECKOUT / ".venv" / "real"
PYTHON_BIN = CACHE / "python" / "bin"
NODE_FOLDER = CACHE / "node"
NODE_SCRIPTS = HERE / "node"
MISSING = CACHE / "missing.json"
PYTHON_TOOLS = {"act", "check-jsonschema", "zizmor"}


class ToolFailed(Exception):
    """A tool crashed, or looked at fewer files than it was given: its silence means nothing."""


def need(*names: str) -> None:
    """Skip the running test unless every named tool is there.

    Names: `act`, `check-jsonschema`, `zizmor`, `node`, a package of node/package.json, or a program on PATH:
    `rsync`, `chromium`.
    """
    for name in names:
        if not _found(name):
            _skip(name)


def program(name: str) -> Path:
    """A program of the Python environment of the real tests; skips the test when it is not installed."""
    need(name)
    return PYTHON_BIN / name


def _found(name: str) -> bool:
    if name in PYTHON_TOOLS:
        return (PYTHON_BIN / name).is_file()
    if name in _packages():
        return shutil.which("node") is not None and (NODE_FOLDER / "node_modules" / name).is_dir()
    return shutil.which(name) is not None


def _packages() -> set[str]:
    return set(json.loads((NODE_SCRIPTS / "package.json").read_text())["dependencies"])


def _skip(name: str) -> NoReturn:
    reasons: dict[str, str] = json.loads(MISSING.read_text()) if MISSING.is_file() else {}
    group = "python" if name in PYTHON_TOOLS else "node" if name in {"node", *_packages()} else "debian"
    pytest.skip(f"{name} is not here: {reasons.get(group, '`make test-real` installs what it can')}")
