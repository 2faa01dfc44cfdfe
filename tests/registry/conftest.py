"""Fixtures: repositories with tags, a remote, and a provenance."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tagged_repository import Tag, build, command

from cdml.core.release import Artifact, Field, Measured, Provenance
from cdml.state.git import Git


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither a git identity nor a writable home."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "no-home"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., tuple[Git, list[str]]]:
    """Makes a repository of its own: `make(commits, *tags)` gives git and the commits."""

    def made(commits: int, *tags: Tag) -> tuple[Git, list[str]]:
        folder = tmp_path / "repository"
        folder.mkdir()
        oids = build(folder, commits, list(tags))
        command(folder, "reset", "--quiet", "--hard", "main")
        return Git(folder), oids

    return made


@pytest.fixture
def remote(make: Callable[..., tuple[Git, list[str]]], tmp_path: Path) -> tuple[Git, list[str], Path]:
    """A repository with three commits and the bare remote that it was pushed to."""
    git, oids = make(3)
    bare = tmp_path / "remote.git"
    command(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    command(git.root, "remote", "add", "origin", str(bare))
    command(git.root, "push", "--quiet", "origin", "main")
    return git, oids, bare


@pytest.fixture
def provenance() -> Provenance:
    return Provenance(
        inputs="1" * 64,
        commit="2" * 40,
        artifact=Artifact("model/model.skops", "3" * 64, 12345),
        base=None,
        axes=("code", "training data"),
        code={"src/train.py": "4" * 32},
        data={"data/train.csv": "5" * 32},
        parameters={"max_depth": 6, "rates": [0.1, 1e-05], "nested": {"yes": None, "no": "on"}},
        recipe="5" * 64,
        environment="6" * 64,
        python="3.11.4",
        signature=(Field("age", "integer"), Field("région", "text")),
        metrics=(Measured("roc_auc", 0.861, 0.851, 0.871), Measured("f1", 0.7)),
        verdicts={"roc_auc at least 0.80": "pass"},
        compared_with=None,
        judged_run=True,
        registered_by="Ann <ann@example.com>",
    )
