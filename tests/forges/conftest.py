"""A bare repository as the forge, and clones of it as people; no identity and no configuration from outside."""

from __future__ import annotations

from pathlib import Path

import pytest
from people import Person, clone, git


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A bare repository whose main holds one commit."""
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    blob = git(bare, "hash-object", "-w", "--stdin", stdin="one\ntwo\nthree\n")
    tree = git(bare, "mktree", stdin=f"100644 blob {blob}\ta.txt\n")
    who = ["-c", "user.name=Root", "-c", "user.email=root@example.com"]
    commit = git(bare, *who, "commit-tree", tree, "-m", "first")
    git(bare, "update-ref", "refs/heads/main", commit)
    return bare


@pytest.fixture
def ada(bare: Path, tmp_path: Path) -> Person:
    return clone(bare, tmp_path / "ada", "Ada")


@pytest.fixture
def bob(bare: Path, tmp_path: Path) -> Person:
    return clone(bare, tmp_path / "bob", "Bob")
