"""What every test gets."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from plain import plain_environment
from small_project import Small, make


@pytest.fixture(autouse=True, scope="session")
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a killed process or another program leaves behind goes with the folders of the tests."""
    folder = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(autouse=True)
def _plain_environment() -> Iterator[None]:
    with plain_environment():
        yield


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory) -> Small:
    with plain_environment():
        return make(tmp_path_factory.mktemp("small") / "repository")


@pytest.fixture
def small(small_template: Small, tmp_path: Path) -> Small:
    """A small evaluated project of one's own, at its second evaluated commit."""
    top = tmp_path / "repository"
    shutil.copytree(small_template.top, top, symlinks=True)
    return Small(top, small_template.first, small_template.second)
