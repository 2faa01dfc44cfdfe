"""Microsoft's own client against the stand-in for Azure DevOps: it answers as what it stands for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from azure_server import AzureServer
from azure_state import Organization
from tools import PYTHON_BIN

CLIENT = Path(__file__).with_name("azure_client.py")
HEAD = "b" * 40
BOT = "bot@example.com"


def test_microsofts_own_client_is_answered_as_azure_devops_does(tmp_path: Path) -> None:
    python = PYTHON_BIN / "python"
    if not python.is_file() or subprocess.run([python, "-c", "import azure.devops"], check=False).returncode:
        pytest.skip("azure-devops is not installed: make test-real says why")
    hub = Organization(tokens={"t": BOT}, writers={BOT, "ada@example.com"})
    hub.branches = {"main": "a" * 40, "feature": HEAD}
    hub.person("ada@example.com")
    with AzureServer(hub) as server:
        command = [str(python), str(CLIENT), server.collection, "t", HEAD]
        # It keeps what it learnt of a server under the home folder.
        env = {"HOME": str(tmp_path), "AZURE_DEVOPS_CACHE_DIR": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "pull": [1, BOT, "active", "succeeded", "refs/heads/feature"],
        "title": "A better model",
        "listed": [1],
        "head": [HEAD, HEAD],
        "changes": 2,
        "ahead": 1,
        "refs": ["refs/heads/feature"],
        "comment": ["active", "second", "closed", 1, BOT],
        "edited": True,
        "liked": [BOT],
        "deleted": [True, None],
        "status": ["succeeded", "cdml", "churn", "2 gates pass", "https://ci.example/1"],
        "of pull": ["succeeded", 3],
        "me": BOT,
        "may": True,
        "held": [True],
        "item": ["Done", "cdml; cdml:churn:drift", True],
        "missing": "GitPullRequestNotFoundException",
        "again": "GitPullRequestExistsException",
        "queued": ["queued", 77],
        "merged": ["completed", True],
    }
    assert server.violations == []
