"""Which Python runs the project's code, and the PATH that its commands see."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cdml.core.interpreter import project_python, stage_environment


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CDML_PYTHON", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)


def python_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / "python"
    path.symlink_to(sys.executable)
    return path


def test_the_order_of_preference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert project_python(tmp_path) == Path(sys.executable)
    on_path = python_in(tmp_path / "path")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert project_python(tmp_path) == on_path
    active = python_in(tmp_path / "active/bin")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert project_python(tmp_path) == active
    own = python_in(tmp_path / ".venv/bin")
    assert project_python(tmp_path) == own
    monkeypatch.setenv("CDML_PYTHON", str(on_path))
    assert project_python(tmp_path) == on_path


def test_a_bare_or_relative_name_means_one_program_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = python_in(tmp_path / "bin")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDML_PYTHON", "bin/python")
    assert project_python(tmp_path) == there
    monkeypatch.setenv("PATH", str(there.parent))
    monkeypatch.setenv("CDML_PYTHON", "python")
    assert project_python(tmp_path) == there


def test_the_projects_python_comes_first_and_ours_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = python_in(tmp_path / ".venv/bin")
    ours = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", "/somewhere")
    found = stage_environment(tmp_path)
    assert found == {"PATH": os.pathsep.join([str(own.parent), "/somewhere", ours]), "CDML_PYTHON": str(own)}
    monkeypatch.setenv("PATH", "")
    assert stage_environment(tmp_path)["PATH"] == os.pathsep.join([str(own.parent), ours])
