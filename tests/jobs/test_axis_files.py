"""What changed of data files that git or DVC keep, in folders too, and with the data only on the remote."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from plain import plain_environment
from toy_project import dvc, run

from cdml.jobs.axis_files import Side, file_changes
from cdml.state.dvc import Dvc, UngivenError
from cdml.state.git import Git
from cdml.state.pipeline import read_pipeline
from cdml.state.snapshot import Store


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits of a folder of many files and a table, which DVC keeps and has pushed."""
    top = tmp_path_factory.mktemp("pictures") / "work"
    top.mkdir()
    with plain_environment():
        run(["git", "init", "--quiet", "--initial-branch=main"], top)
        dvc(top, "init", "--quiet")
        dvc(top, "remote", "add", "--quiet", "--default", "store", str(top.parent / "store"))
        who = ["git", "-c", "user.name=Test", "-c", "user.email=test@localhost"]
        for commit in ("first", "second"):
            _fill(top / "data", commit)
            dvc(top, "add", "--quiet", "data")
            dvc(top, "push", "--quiet")
            run(["git", "add", "--all"], top)
            run([*who, "commit", "--quiet", "--message", commit], top)
            run(["git", "tag", commit], top)
    return top


def _fill(data: Path, commit: str) -> None:
    later = commit == "second"
    (data / "images").mkdir(parents=True, exist_ok=True)
    for n in range(10):
        (data / "images" / f"{n}.png").write_text(f"{commit if n in (1, 2) else ''}{n}")
    (data / "images" / "0.png").unlink() if later else None
    for n in range(10, 13) if later else ():
        (data / "images" / f"{n}.png").write_text("")
    (data / "labels.csv").write_text("id,y\n" + "".join(f"{n},1\n" for n in range(100 if later else 80)))
    (data / "notes.txt").write_text("same")


def sides(project: Path, path: str = "data") -> tuple[Store, Side, Side]:
    store = Store(Git(project), Dvc(project))
    both = [
        Side(commit, {path: read_pipeline(store.dvc, commit).tracked["data"]}) for commit in ("first", "second")
    ]
    return store, both[0], both[1]


SAID = ["data/images 3 files added, 1 removed, 2 changed", "data/labels.csv +20 rows (+25.0 %)"]


def test_a_folder_that_dvc_keeps_is_looked_into(pictures: Path) -> None:
    assert file_changes(*sides(pictures)) == SAID


def test_data_that_is_only_on_the_remote_is_fetched(pictures: Path, tmp_path: Path) -> None:
    run(["git", "clone", "--quiet", str(pictures), str(tmp_path / "clone")], tmp_path)
    assert file_changes(*sides(tmp_path / "clone")) == SAID


def test_a_file_in_such_a_folder_changes_only_by_itself(pictures: Path) -> None:
    assert file_changes(*sides(pictures, "data/labels.csv")) == ["data/labels.csv +20 rows (+25.0 %)"]
    assert file_changes(*sides(pictures, "data/notes.txt")) == []


def test_what_no_remote_gives_is_named_all_the_same(pictures: Path, tmp_path: Path) -> None:
    shutil.copytree(pictures, tmp_path / "work", symlinks=True)
    shutil.rmtree(tmp_path / "work" / ".dvc" / "cache")
    shutil.rmtree(tmp_path / "work" / ".dvc" / "tmp")
    config = "[core]\n    remote = store\n['remote \"store\"']\n    url = http://127.0.0.1:9/x\n"
    (tmp_path / "work" / ".dvc" / "config").write_text(config)
    assert file_changes(*sides(tmp_path / "work")) == ["data"]


def in_git(old: dict[str, str], new: dict[str, str]) -> list[str]:
    return file_changes(None, Side("a", old), Side("b", new))  # type: ignore[arg-type]


def test_folders_in_git_are_counted_when_many_of_their_files_changed() -> None:
    old = {f"img/{n}.png": "1" for n in range(5)}
    new = {f"img/{n}.png": "2" for n in range(1, 5)} | {"img/9.png": "1"}
    assert in_git(old, new) == ["img 1 file added, 1 removed, 4 changed"]
    assert in_git(old, {}) == ["img 5 files removed"]
    assert in_git({}, {"img/1.png": "1", "img/2.png": "1"}) == ["new img/1.png", "new img/2.png"]


def test_too_many_folders_are_counted_together() -> None:
    files = {f"img/{n}/{m}.png": "1" for n in range(20) for m in range(2)}
    assert in_git({}, files) == ["img 40 files added"]


@pytest.mark.parametrize("asked", ["size", "read"])
def test_a_table_that_a_remote_refuses_is_only_named(asked: str) -> None:
    class Refusing(Store):
        def size(self, commit: str, path: str) -> int | None:
            return self._answer("size") or 10

        def read(self, commit: str | None, path: str) -> bytes | None:
            return self._answer("read") or b"a\n"

        def _answer(self, question: str) -> None:
            if question == asked:
                raise UngivenError("the DVC remote refuses", "", "", ["t.csv"])

    store = Refusing(None, None)  # type: ignore[arg-type]
    assert file_changes(store, Side("a", {"t.csv": "1"}), Side("b", {"t.csv": "2"})) == ["t.csv"]
