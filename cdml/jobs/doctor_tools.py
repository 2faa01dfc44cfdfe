"""The programs that everything stands on, and whether CI installs the version that this one is."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from cdml import __version__
from cdml.jobs.doctor_base import Finding, Scene, quoted
from cdml.state.git import Git

TOPIC = "tools"
GIT = (2, 38)
DVC = (3, 60)
_PIN = re.compile(r"""\bcdml(?:\[[\w,-]*\])?==([0-9][0-9A-Za-z.]*)""")
_FILES = (".github/workflows/cdml-*.yml", ".azure/cdml/*.yml", ".gitlab/cdml.yml")


def tools(scene: Scene) -> Iterator[Finding]:
    """git, DVC, and the version of cdml."""
    git, dvc = _git_version(scene.project.git), _dvc_version()
    yield _old("git", git, GIT, "see https://git-scm.com/downloads")
    yield _old("DVC", dvc, DVC, f"{quoted(sys.executable)} -m pip install --upgrade 'dvc>=3.60'")
    yield from _ci_version(scene)


def _git_version(git: Git) -> str:
    return git.text("--version").removeprefix("git version ").split(" ")[0]


def _dvc_version() -> str:
    try:
        return version("dvc")
    except PackageNotFoundError:
        return ""


def numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _old(name: str, have: str, least: tuple[int, ...], command: str) -> Finding:
    wanted = ".".join(map(str, least))
    if numbers(have) >= least:
        return Finding(TOPIC, "ok", f"{name} {have}")
    return Finding(
        TOPIC,
        "missing",
        f"{name} {have or 'of no known version'} is too old",
        f"{wanted} or later is needed",
        command,
    )


def _ci_version(scene: Scene) -> Iterator[Finding]:
    pins = _pins(Git(scene.project.git.top()))
    asked = scene.project.settings.ci.cdml
    pins |= {asked.removeprefix("==")} if asked.startswith("==") else set()
    others = sorted(pins - {__version__})
    if others:
        yield Finding(
            TOPIC,
            "missing",
            f"CI installs cdml {', '.join(others)}, this is {__version__}",
            "another version may generate other files and judge otherwise than CI does",
            f"pip install cdml=={others[0]}" if asked else "cdml generate, then commit what it writes",
        )
    elif pins or asked:
        yield Finding(TOPIC, "ok", f"CI installs cdml {asked.removeprefix('==') or __version__}")
    else:
        yield Finding(TOPIC, "ok", f"cdml {__version__}")


def _pins(git: Git) -> set[str]:
    """The pinned versions that the CI files of the working tree name."""
    texts = (path.read_text("utf-8", "replace") for pattern in _FILES for path in git.root.glob(pattern))
    return {found for text in texts for found in _PIN.findall(text)}
