"""The stand-in itself: it is as strict as what is known of Azure DevOps' API, and it also runs as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import azure_server
import pytest
from azure_server import AzureServer
from azure_state import HANDLERS, Organization
from people import Person

from cdml.core.http import Rest
from cdml.forges import FORGES, detect
from cdml.forges.azure_api import HEADERS, PATCH
from cdml.state.git import Git

PULLS = "/churn/_apis/git/repositories/churn/pullrequests"
THREADS = f"{PULLS}/1/threads"


def served() -> AzureServer:
    hub = Organization(
        anybody="ada@example.com", branches={name: name[0] * 40 for name in ("main", "feature", "other")}
    )
    hub.add_pull("feature", "other")
    return AzureServer(hub)


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", THREADS, {"comments": [{"content": "x", "text": "y"}]}, "Comment has no such attribute"),
        ("POST", THREADS, {"comments": [{"content": "x"}], "status": "open"}, "body.status is 'open'"),
        ("POST", f"{PULLS}/1/comments", {}, "no such operation"),
        ("GET", f"{PULLS}?status=active", None, "no parameter status"),
        ("PATCH", f"{PULLS}/1", {"isDraft": "no"}, "body.isDraft is 'no', not bool"),
        ("PATCH", "/churn/_apis/wit/workitems/1", [], "a body of the type application/json"),
    ],
)
def test_a_request_that_the_client_does_not_know_is_told(method: str, path: str, body: object, told: str) -> None:
    with served() as server:
        Rest(server.collection, "t", headers=HEADERS).send(method, path, body=body)
    assert told in "\n".join(server.violations)


@pytest.mark.parametrize(
    ("path", "accept"),
    [(THREADS, "application/json"), ("/_apis/connectionData", HEADERS["Accept"])],
)
def test_a_request_without_its_version_is_told(path: str, accept: str) -> None:
    with served() as server:
        Rest(server.collection, "t", headers={"Accept": accept}).send("GET", path)
    assert "version" in "\n".join(server.violations)


def test_what_the_adapter_sends_is_not_told() -> None:
    with served() as server:
        Rest(server.collection, "t", headers=HEADERS).send("GET", THREADS)
        change = [{"op": "add", "path": "/fields/System.Title", "value": "t"}]
        where = "/churn/_apis/wit/workitems/$Task"
        Rest(server.collection, "t", headers={**HEADERS, **PATCH}).send("POST", where, body=change)
    assert server.violations == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([{"id": 1}], "a listing comes as count and value"),
        ({"count": 1, "value": [{"id": "one"}]}, "answer.0.id is 'one', not int"),
        ({"count": 1, "value": [{"publishedDate": "yesterday"}]}, "not iso-8601"),
    ],
)
def test_an_answer_that_azure_would_not_give_is_told(
    monkeypatch: pytest.MonkeyPatch, answer: object, told: str
) -> None:
    monkeypatch.setitem(HANDLERS, "get_threads", lambda call: (200, answer))
    with served() as server:
        Rest(server.collection, headers=HEADERS).send("GET", THREADS)
    assert told in "\n".join(server.violations)


def test_it_runs_as_a_process_behind_a_path(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    words = ["--repo", str(ada.bare), "--token", "t=ada@example.com", "--check"]
    command = [sys.executable, str(Path(azure_server.__file__)), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            job = {
                "TF_BUILD": "True",
                "BUILD_REPOSITORY_PROVIDER": "TfsGit",
                "SYSTEM_COLLECTIONURI": f"{url}/acme/",
            }
            names = {"SYSTEM_TEAMPROJECT": "churn", "BUILD_REPOSITORY_NAME": "churn", "AZURE_DEVOPS_EXT_PAT": "t"}
            for name, value in {**job, **names}.items():
                monkeypatch.setenv(name, value)
            forge = FORGES[detect(str(ada.bare))].make(Git(ada.root))
            assert forge.open_pull("feature", "main", "t", "").author == "ada@example.com"
            merged = forge.merge(1, "squash").merged_as
            with urlopen(f"{url}/__state") as answer:
                state = json.load(answer)
        finally:
            process.terminate()
    assert [(p["number"], p["sha"], p["merged_as"]) for p in state["pulls"]] == [(1, head, merged)]
    assert state["refs"]["refs/heads/main"] == merged == ada.refs()["refs/heads/main"]
    assert state["violations"] == []
    assert "Bearer" not in json.dumps(state)
