"""The stand-in itself: it is as strict as Gitea's description, and it also runs as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import gitea_server
import pytest
from gitea_server import GiteaServer
from gitea_state import ROUTES, Yard
from people import Person

from cdml.core.http import Rest
from cdml.forges import FORGES, detect
from cdml.state.git import Git

REPOSITORY = "/api/v1/repos/acme/churn"


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "/pulls", {"head": "feature", "base": "main", "titel": "t", "title": "t"}, "titel"),
        ("POST", "/pulls/1/merge", {"Do": "octopus"}, "octopus"),
        ("GET", "/pulls?state=merged", None, "state is not merged"),
        ("GET", "/issues/1/comments?limit=100", None, "no parameter limit"),
        ("PUT", "/pulls/1/merge", {"Do": "merge"}, "no such operation"),
        ("POST", f"/statuses/{'a' * 40}", {"state": 1}, "is not of type 'string'"),
        ("GET", "/pulls/1", {"x": 1}, "takes no body"),
    ],
)
def test_a_request_that_gitea_does_not_describe_is_told(method: str, path: str, body: object, told: str) -> None:
    yard = Yard(tokens={"t": "ada"}, access={"ada": "write"}, methods={"octopus", "merge"})
    yard.branches = {"main": "a" * 40, "feature": "b" * 40, "other": "c" * 40}
    yard.add_pull("feature", "other")
    with GiteaServer(yard) as server:
        Rest(server.url, "t", scheme="token").send(method, REPOSITORY + path, body=body)
    assert told in "\n".join(server.violations)


def test_an_answer_that_gitea_would_not_give_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    template = "/repos/{owner}/{repo}/issues/{index}/comments"
    monkeypatch.setitem(ROUTES, ("GET", template), lambda call: (200, [{"id": "one", "author": "ada"}]))
    with GiteaServer() as server:
        Rest(server.url).send("GET", f"{REPOSITORY}/issues/1/comments")
    assert "'one' is not of type 'integer'" in "\n".join(server.violations)
    assert "'author' was unexpected" in "\n".join(server.violations)


def test_it_runs_as_a_process_behind_a_path(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    words = ["--repo", str(ada.bare), "--token", "t=ada=write", "--check"]
    command = [sys.executable, str(Path(gitea_server.__file__)), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            runner = {"GITHUB_ACTIONS": "true", "GITEA_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/churn"}
            runner |= {"GITHUB_API_URL": f"{url}/api/v1", "GITHUB_TOKEN": "t"}
            for name, value in runner.items():
                monkeypatch.setenv(name, value)
            assert detect(str(ada.bare)) == "gitea"
            forge = FORGES["gitea"].make(Git(ada.root))
            assert forge.open_pull("feature", "main", "t", "").author == "ada"
            merged = forge.merge(1, "squash").merged_as
            with urlopen(f"{url}/__state") as answer:
                state = json.load(answer)
        finally:
            process.terminate()
    assert [(p["number"], p["sha"], p["merged_as"]) for p in state["pulls"]] == [(1, head, merged)]
    assert state["refs"]["refs/heads/main"] == merged == ada.refs()["refs/heads/main"]
    assert state["violations"] == []
    assert "token t" not in json.dumps(state)
