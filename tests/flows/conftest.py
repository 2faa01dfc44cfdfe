"""Projects for the flows: one without a version, one with."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from toy_project import EVALUATE, MLOPS, TRAIN, Toy, run


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No git identity, no home, no settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "DVC_", "CDML_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("CDML_PYTHON", sys.executable)


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
    folder = tmp_path / "toy"
    shutil.copytree(_template, folder, symlinks=True)
    (folder / "store").mkdir(exist_ok=True)
    config = folder / "work" / ".dvc" / "config"
    config.write_text(config.read_text().replace("../../store", str(folder / "store")))
    toy = Toy(folder / "work")
    toy.commit("Name the store")
    toy.git("push", "--quiet")
    return toy


@pytest.fixture
def registered(toy: Toy) -> Toy:
    """The same with a first version."""
    toy.cdml("register")
    return toy
