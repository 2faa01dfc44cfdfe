"""The token of a run stands in no process's words, no output, no file, no comment and no reference."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from github_server import GithubServer
from github_state import Hub
from toy_project import Toy

TOKEN = "ghs_0123456789abcdefghij"
HEADER = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the words of every git that is started, as a list of processes would show them."""
    folder, log, git = tmp_path / "bin", tmp_path / "words", shutil.which("git")
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{log}\nexec {git} "$@"\n')
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log


@pytest.fixture
def github(registered: Toy, monkeypatch: pytest.MonkeyPatch) -> Iterator[GithubServer]:
    with GithubServer(Hub(repo=registered.origin, tokens={TOKEN: "github-actions[bot]"}, anybody=None)) as server:
        here = {"ACTIONS": "true", "REPOSITORY": "acme/churn", "API_URL": server.url, "TOKEN": TOKEN}
        here |= {"SERVER_URL": server.url, "RUN_ID": "7", "RUN_NUMBER": "7", "RUN_ATTEMPT": "1"}
        for name, value in here.items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
        yield server


def test_a_token_shows_nowhere_in_a_whole_run(
    registered: Toy, words: Path, github: GithubServer, tmp_path: Path
) -> None:
    toy, handed = registered, tmp_path / "handed"
    head = toy.branch("better", "Better", params__yaml="skill: 1.3\n")
    toy.git("push", "--quiet", "origin", "HEAD:refs/heads/better")
    github.hub.add_pull("better")
    about = ["--pull", "1", "--head", head]
    said = toy.cdml("run", "--event", "pull_request", *about, "--base", "main", "--handover", str(handed))
    deliver = ["comment", "--from", str(handed), *about]
    said += toy.cdml(*deliver, "--report", str(tmp_path / "report"))
    said += toy.cdml("pr", "show", "1")
    github.fail(status=403, message=f"{TOKEN} may not", times=99)
    said += toy.cdml(*deliver, code=4)
    said += toy.cdml("doctor", code=3)
    assert any(seen.token == TOKEN for seen in github.seen)  # it was used
    assert "push" in words.read_text()
    told = said + words.read_text() + json.dumps(github.hub.document())
    told += toy.git("log", "--all", "--patch", at=toy.origin)
    folders = (handed, tmp_path / "report", toy.root, toy.origin)
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert TOKEN not in told
    assert HEADER not in told
    assert [
        file for file in files if TOKEN.encode() in (held := file.read_bytes()) or HEADER.encode() in held
    ] == []
