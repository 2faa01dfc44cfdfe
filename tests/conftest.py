"""What every test gets."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from plain import plain_environment
from small_project import Small, make
from warm_dvc import warm

MEMORY = Path("/dev/shm")
# A third of what hypothesis tries unless a test says otherwise: two cores have five minutes for all tests.
settings.register_profile("suite", max_examples=33, deadline=None)
settings.load_profile("suite")
ROOMY = 4 * 2**30


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for servers, for git and for DVC."""
    return (os.cpu_count() or 1) + 1


def pytest_configure() -> None:
    """Temporary folders in memory, where that is roomy and programs may be run from it: git waits for the disk."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        held = os.statvfs(MEMORY)
        if held.f_bavail * held.f_frsize >= ROOMY and not held.f_flag & os.ST_NOEXEC:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The demo first: it takes longest, so whoever plays it must not begin with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`: neighbours share what was set up for them, and a worker without tests takes some of another's."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


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
    with plain_environment(), warm():
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
