"""Trees written without git's index are what the index would have written, or are left to it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdml.state import plumbing, trees
from cdml.state.git import Git

NAMES = st.sampled_from(["a", "b", "a-b", "a.b", "a b"])  # their order changes where one of them is a folder
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(PATHS, st.none() | st.binary(max_size=3), max_size=5).filter(
    lambda files: not any(path.startswith(f"{other}/") for path in files for other in files)
)


def begun(folder: Path, *words: str) -> Git:
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", *words], cwd=folder, check=True)
    return Git(folder)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    return begun(tmp_path_factory.mktemp("trees") / "repository")


@settings(max_examples=20)
@given(before=FILES, files=FILES)
def test_the_index_says_the_same(
    git: Git, before: dict[str, bytes | None], files: dict[str, bytes | None]
) -> None:
    base = plumbing._by_index(git, None, before)
    assert trees.write_tree(git, base, files) == plumbing._by_index(git, base, files)


def test_what_is_there_stays_as_it_is(git: Git) -> None:
    """A program, a link, another repository and a name that is no text."""
    blob = git.text("hash-object", "-w", "--stdin", stdin=b"x")
    lines = f"100755 blob {blob}\trun\n120000 blob {blob}\tlink\n160000 commit {'1' * 40}\tmodule\n"
    base = git.text("mktree", "--missing", stdin=lines.encode() + f"100644 blob {blob}\t".encode() + b"\xff\n")
    written = trees.write_tree(git, base, {"new/file": b"n"})
    assert written == plumbing._by_index(git, base, {"new/file": b"n"})
    git.run("fsck", "--strict", "--no-dangling", str(written))


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "", ".git/config", "a/.GIT", "git~1", "ü", "a\\b", "a:b"])
def test_a_path_that_may_be_refused_is_left_to_git(git: Git, path: str) -> None:
    assert trees.write_tree(git, None, {path: b"x"}) is None


def test_files_that_contradict_each_other_are_left_to_git(git: Git) -> None:
    assert trees.write_tree(git, None, {"a": b"x", "a-b": b"x", "a/b": b"x"}) is None


@pytest.mark.parametrize("words", [["--object-format=sha256"], ["--shared"]])
def test_a_repository_of_another_kind_is_left_to_git(tmp_path: Path, words: list[str]) -> None:
    other = begun(tmp_path / "other", *words)
    assert trees.write_tree(other, None, {"x": b"x"}) is None
    assert other.find(plumbing.write_tree(other, None, {"x": b"x"}))


def test_a_base_that_is_no_tree_is_left_to_git(git: Git) -> None:
    assert trees.write_tree(git, "nothing", {"x": b"x"}) is None
