"""Projects for the flows: one without a version, one with."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from plain import plain_environment
from toy_project import EVALUATE, MLOPS, TRAIN, Toy, copy, run


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project before its first version, made once."""
    folder = tmp_path_factory.mktemp("toy")
    work = folder / "work"
    work.mkdir()
    files = {"mlops.yaml": MLOPS, "train.py": TRAIN, "evaluate.py": EVALUATE, "params.yaml": "skill: 1.0\n"}
    files["data.csv"] = "id,y,age\n" + "".join(f"{n},{n % 2},{20 + n % 60}\n" for n in range(600))
    for name, text in files.items():
        (work / name).write_text(text)
    run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder / "origin.git")], folder)
    run(["git", "init", "--quiet", "--initial-branch=main"], work)
    run(["git", "config", "user.name", "Test"], work)
    run(["git", "config", "user.email", "test@localhost"], work)
    run(["git", "remote", "add", "origin", "../origin.git"], work)
    run([sys.executable, "-m", "dvc", "init", "--quiet"], work)
    (work / ".dvc" / "config").write_text(
        "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../store\n"
    )
    run([sys.executable, "-m", "cdml", "generate"], work)
    run(["git", "add", "--all"], work)
    run(["git", "commit", "--quiet", "--message", "Begin"], work)
    run(["git", "push", "--quiet", "--set-upstream", "origin", "main"], work)
    return folder


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
