"""Projects for the flows: one without a version, one with."""

from __future__ import annotations

from pathlib import Path

import pytest
from plain import plain_environment
from toy_project import Toy, begin, copy


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project before its first version, made once."""
    return begin(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def toy(_template: Path, tmp_path: Path) -> Toy:
    """A project of one's own, with its remotes; nothing is registered yet."""
    return copy(_template, tmp_path / "toy", tmp_path / "toy" / "store")


@pytest.fixture(scope="session")
def _registered(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registered") / "toy"
    with plain_environment():
        copy(_template, folder, folder / "store").cdml("register")
    return folder


@pytest.fixture(scope="session")
def _versioned(_registered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a first version and release branches, made once."""
    folder = tmp_path_factory.mktemp("versioned") / "toy"
    with plain_environment():
        toy = copy(_registered, folder)
        toy.cdml("init", "--yes")
        toy.commit("What init wrote", notes__txt="")
        toy.git("push", "--quiet")
    return folder


@pytest.fixture
def registered(_registered: Path, tmp_path: Path) -> Toy:
    """The same with a first version. All tests of a worker share the DVC remote, whose content names itself."""
    return copy(_registered, tmp_path / "toy")


@pytest.fixture(scope="session")
def _failing(_registered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with an open pull request whose gate fails, made once."""
    folder = tmp_path_factory.mktemp("failing") / "toy"
    with plain_environment():
        toy = copy(_registered, folder)
        toy.branch("worse", "Rank worse", params__yaml="skill: 0.8\n")
        toy.cdml("pr", "open", code=10)
    return folder


@pytest.fixture
def failing(_failing: Path, tmp_path: Path) -> Toy:
    """A copy of it: its pull request 1 fails its gate."""
    return copy(_failing, tmp_path / "toy")
