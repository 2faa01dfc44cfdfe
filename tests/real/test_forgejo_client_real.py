"""Forgejo's own kind of client against the stand-in for Gitea: it answers as what it stands for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from gitea_server import GiteaServer
from gitea_state import Yard
from tools import PYTHON_BIN

CLIENT = Path(__file__).with_name("forgejo_client.py")


def test_a_generated_client_is_answered_as_forgejo_does() -> None:
    python = PYTHON_BIN / "python"
    if not python.is_file() or subprocess.run([python, "-c", "import pyforgejo"], check=False).returncode:
        pytest.skip("pyforgejo is not installed: make test-real says why")
    yard = Yard(tokens={"t": "bot"}, anybody=None, access={"bot": "admin", "ada": "write"})
    yard.branches = {"main": "a" * 40, "feature": "b" * 40}
    with GiteaServer(yard) as server:
        command = [str(python), str(CLIENT), server.api, "t", "b" * 40]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "login": "bot",
        "pull": [1, "bot", "feature", "main", True, False],
        "title": "A better model",
        "listed": [1],
        "files": ["params.yaml", "train.py"],
        "commits": 1,
        "comment": ["first", "second", True, "bot", "1", 1],
        "left": 0,
        "status": ["success", "cdml", "2 gates pass", "https://ci.example/1"],
        "level": "write",
        "issue": [2, "closed", [2]],
        "missing": 404,
        "again": 409,
        "empty": 422,
        "merged": [True, "closed", True],
    }
    assert server.violations == []
