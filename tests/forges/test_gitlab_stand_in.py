"""GitLab's stand-in itself: it is as strict as what is known of the API, and it also runs as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import gitlab_server
import pytest
from gitlab_schema import description
from gitlab_server import GitlabServer
from gitlab_state import ROUTES, Lab
from people import Person

from cdml.core.http import Rest
from cdml.forges import FORGES, detect
from cdml.state.git import Git

PROJECT = "/projects/acme%2Fchurn"
PULLS = f"{PROJECT}/merge_requests"


def test_every_operation_that_is_described_is_answered_and_no_other() -> None:
    assert {(one["method"], one["path"]) for one in description()["operations"]} == set(ROUTES)


def test_every_field_that_an_answer_must_have_has_a_type() -> None:
    for name, shape in description()["shapes"].items():
        assert set(shape.get("required", ())) <= set(shape.get("properties", {})), name


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        (
            "POST",
            PULLS,
            {"source_branch": "feature", "target_branch": "main", "titel": "t", "title": "t"},
            "titel",
        ),
        ("PUT", f"{PULLS}/1/merge", {"method": "squash"}, "method"),
        ("PUT", f"{PULLS}/1", {}, "should be non-empty"),
        ("GET", f"{PULLS}?state=open", None, "open"),
        ("GET", f"{PULLS}?status=opened", None, "status"),
        ("GET", f"{PULLS}/1/comments", None, "no such operation"),
        ("POST", f"{PROJECT}/statuses/{'a' * 40}", {"state": "failed", "target_url": "/relative"}, "relative"),
        ("POST", f"{PULLS}/1/notes", {"body": "x", "note": "y"}, "note"),
    ],
)
def test_a_request_that_gitlab_does_not_know_is_told(method: str, path: str, body: object, told: str) -> None:
    lab = Lab(branches={"main": "a" * 40, "feature": "b" * 40})
    lab.add_pull("feature", "other")
    lab.branches["other"] = "c" * 40
    with GitlabServer(lab) as server:
        Rest(server.api, "t").send(method, path, body=body)
    assert told in "\n".join(server.violations)


def test_an_answer_that_gitlab_would_not_give_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    template = "/projects/{id}/merge_requests/{number}/notes"
    monkeypatch.setitem(ROUTES, ("GET", template), lambda call: (200, [{"id": "one"}]))
    with GitlabServer() as server:
        Rest(server.api).send("GET", f"{PULLS}/1/notes")
    assert "'one' is not of type 'integer'" in "\n".join(server.violations)


def test_a_project_of_another_name_is_not_there() -> None:
    with GitlabServer() as server:
        answer = Rest(server.api, "t").send("GET", "/projects/acme%2Fother/merge_requests")
    assert (answer.status, answer.data) == (404, {"message": "404 Project Not Found"})


def test_it_runs_as_a_process_behind_a_path(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    words = ["--repo", str(ada.bare), "--token", "t=ada", "--check"]
    command = [sys.executable, str(Path(gitlab_server.__file__)), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            pipeline = {"GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/churn", "CI_API_V4_URL": f"{url}/api/v4"}
            for name, value in {**pipeline, "GITLAB_TOKEN": "t"}.items():
                monkeypatch.setenv(name, value)
            forge = FORGES[detect(str(ada.bare))].make(Git(ada.root))
            assert forge.open_pull("feature", "main", "t", "").author == "ada"
            merged = forge.merge(1, "squash").merged_as
            with urlopen(f"{url}/__state") as answer:
                state = json.load(answer)
        finally:
            process.terminate()
    assert [(p["number"], p["sha"], p["squashed_as"]) for p in state["pulls"]] == [(1, head, merged)]
    assert state["refs"]["refs/heads/main"] == merged == ada.refs()["refs/heads/main"]
    assert state["violations"] == []
    assert "Bearer" not in json.dumps(state)
