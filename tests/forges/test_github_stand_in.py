"""The stand-in itself: it is as strict as GitHub's description, and it also runs as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import github_server
import pytest
from github_server import GithubServer
from github_state import ROUTES, Hub
from people import Person

from cdml.core.http import Rest
from cdml.forges import FORGES, detect
from cdml.state.git import Git

PULLS = "/repos/acme/churn/pulls"


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", f"{PULLS}", {"head": "feature", "base": "main", "titel": "t", "title": "t"}, "titel"),
        ("PUT", f"{PULLS}/1/merge", {"merge_method": "fast-forward"}, "fast-forward"),
        ("GET", f"{PULLS}?state=merged", None, "merged"),
        ("GET", f"{PULLS}?status=open", None, "no parameter status"),
        ("GET", "/repos/acme/churn/comments/1", None, "no such operation"),
        ("POST", "/repos/acme/churn/statuses/x", {"state": "passed"}, "passed"),
    ],
)
def test_a_request_that_github_does_not_describe_is_told(method: str, path: str, body: object, told: str) -> None:
    hub = Hub(branches={"main": "a" * 40, "feature": "b" * 40}, methods={"merge", "fast-forward"})
    hub.add_pull("feature", "other", title="x")
    hub.branches["other"] = "c" * 40
    with GithubServer(hub) as server:
        Rest(server.url, "t").send(method, path, body=body)
    assert told in "\n".join(server.violations)


def test_an_answer_that_github_would_not_give_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    template = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
    monkeypatch.setitem(ROUTES, ("GET", template), lambda call: (200, [{"id": "one"}]))
    with GithubServer() as server:
        Rest(server.url).send("GET", "/repos/acme/churn/issues/1/comments")
    assert "'one' is not of type 'integer'" in "\n".join(server.violations)


def test_it_runs_as_a_process_behind_a_path(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    words = ["--repo", str(ada.bare), "--token", "t=ada", "--check"]
    command = [sys.executable, str(Path(github_server.__file__)), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            runner = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/churn", "GITHUB_API_URL": url}
            for name, value in {**runner, "GITHUB_TOKEN": "t"}.items():
                monkeypatch.setenv(name, value)
            forge = FORGES[detect(str(ada.bare))].make(Git(ada.root))
            assert forge.open_pull("feature", "main", "t", "").author == "ada"
            merged = forge.merge(1, "squash").merged_as
            with urlopen(f"{url}/__state") as answer:
                state = json.load(answer)
        finally:
            process.terminate()
    assert [(p["number"], p["sha"], p["merged_as"]) for p in state["pulls"]] == [(1, head, merged)]
    assert state["refs"]["refs/heads/main"] == merged == ada.refs()["refs/heads/main"]
    assert state["violations"] == []
    assert "Bearer" not in json.dumps(state)
