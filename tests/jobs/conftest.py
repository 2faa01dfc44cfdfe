"""The small evaluated project of tests/state, for the jobs that compare its revisions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "state"))

from small_project import Small, make


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No git identity, no home, no settings of whoever runs the tests."""
    import os

    for name in [name for name in os.environ if name.startswith(("GIT_", "DVC_", "CDML_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("CDML_PYTHON", sys.executable)


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return make(tmp_path_factory.mktemp("small") / "repository")


@pytest.fixture
def small(small_template: Small, tmp_path: Path, plain_environment: None) -> Small:
    """A copy of one's own, at its second evaluated commit."""
    import shutil

    top = tmp_path / "repository"
    shutil.copytree(small_template.top, top, symlinks=True)
    return Small(top, small_template.first, small_template.second)
