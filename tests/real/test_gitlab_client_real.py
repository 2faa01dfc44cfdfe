"""The best known client of GitLab's API against the stand-in: it answers as what it stands for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from gitlab_server import GitlabServer
from gitlab_state import BOT, DEVELOPER, MAINTAINER, Lab
from tools import PYTHON_BIN

CLIENT = Path(__file__).with_name("gitlab_client.py")
HEAD = "b" * 40


def test_python_gitlab_is_answered_as_gitlab_does() -> None:
    python = PYTHON_BIN / "python"
    if not python.is_file() or subprocess.run([python, "-c", "import gitlab"], check=False).returncode:
        pytest.skip("python-gitlab is not installed: make test-real says why")
    lab = Lab(tokens={"t": BOT}, anybody=None, levels={BOT: DEVELOPER, "ada": MAINTAINER})
    lab.branches = {"main": "a" * 40, "feature": HEAD}
    with GitlabServer(lab) as server:
        command = [str(python), str(CLIENT), server.url, "t", HEAD]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "login": BOT,
        "method": "merge",
        "pull": [1, BOT, "feature", "mergeable", False],
        "title": "A better model",
        "listed": [1],
        "files": ["params.yaml", "train.py"],
        "branch": "bbb",
        "base": 40,
        "pipeline": "merge_request_event",
        "notes": ["edited", "note 2"],
        "counted": 129,
        "kind": "MergeRequest",
        "awards": ["eyes"],
        "status": ["success", "cdml", "2 gates pass", "https://ci.example/1"],
        "level": MAINTAINER,
        "scopes": ["api", "write_repository"],
        "issue": [1, "closed", [1]],
        "missing": [404, "404 Not found"],
        "again": [409, ["Another open merge request already exists for this source branch: !1"]],
        "taken": [404, "404 Award Emoji Name has already been taken Not Found"],
        "nobody": [401, "401 Unauthorized"],
        "merged": ["merged", True],
    }
    assert server.violations == []
