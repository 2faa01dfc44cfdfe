"""What `cdml doctor` tells of a token for Gitea or Forgejo, and of the rights of its owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from doctored_project import Doctored, make
from gitea_server import GiteaServer
from gitea_state import ACTIONS, HOST, Yard

from cdml.jobs.doctor_base import Finding, Scene, look
from cdml.jobs.doctor_gitea import gitea
from cdml.jobs.project import open_project

SCOPES = "write:repository, write:issue and read:user"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Doctored:
    made = make(tmp_path_factory.mktemp("gitea") / "toy")
    made.git("remote", "set-url", "origin", f"{HOST}/acme/toy.git")
    return made


@pytest.fixture
def server() -> Iterator[GiteaServer]:
    tokens = {"t": "cdml-bot", "the-run-s": ACTIONS}
    with GiteaServer(Yard("acme/toy", tokens=tokens, anybody=None, access={"cdml-bot": "admin"})) as server:
        yield server
    assert server.violations == []


def scene(project: Doctored, server: GiteaServer, **environ: str) -> Scene:
    run = {"GITEA_ACTIONS": "true", "GITHUB_SERVER_URL": HOST, "GITHUB_API_URL": server.api}
    return look(open_project(project.root), {**run, **environ})


def told(findings: Iterator[Finding]) -> list[tuple[str, str]]:
    return [(one.state, one.what) for one in findings]


def test_a_token_that_has_everything(project: Doctored, server: GiteaServer) -> None:
    assert told(gitea(scene(project, server, GITEA_TOKEN="t"))) == [
        ("ok", "token: GITEA_TOKEN, of cdml-bot"),
        ("ok", "cdml-bot may push to acme/toy"),
        ("unknown", f"whether the token in GITEA_TOKEN has {SCOPES}"),
    ]


def test_the_right_that_is_missing_is_named(project: Doctored, server: GiteaServer) -> None:
    server.yard.access = {"cdml-bot": "read"}
    found = list(gitea(scene(project, server, CDML_TOKEN="t")))
    assert told(iter(found))[1:3] == [
        ("missing", "cdml-bot may only read acme/toy"),
        ("note", "cdml-bot is no administrator of the repository"),
    ]
    assert found[1].command.endswith("/acme/toy/settings/collaboration: give cdml-bot the permission Write")
    assert "commands in comments are refused" in found[2].why


@pytest.mark.parametrize(
    ("held", "lacking"),
    [
        ((), "read:user"),
        (("read:user",), "read:repository"),
        (("read:user", "read:repository"), "read:issue"),
    ],
)
def test_the_scope_that_is_missing_is_named(project, server, held: tuple[str, ...], lacking: str) -> None:
    server.yard.scopes["t"] = frozenset(held)
    last = list(gitea(scene(project, server, GITEA_TOKEN="t")))[-1]
    assert (last.state, last.what) == ("missing", f"the token in GITEA_TOKEN lacks {lacking}")
    assert SCOPES in last.command


def test_the_token_of_a_run_has_no_scopes_to_look_at(project: Doctored, server: GiteaServer) -> None:
    server.yard.access[ACTIONS] = "write"
    found = told(gitea(scene(project, server, GITHUB_TOKEN="the-run-s")))
    assert found[0] == ("ok", "token: GITHUB_TOKEN, of gitea-actions")
    assert [state for state, _ in found] == ["ok", "ok", "note"]


def test_without_a_token_nothing_is_asked(project: Doctored, server: GiteaServer) -> None:
    one = next(gitea(scene(project, server)))
    assert (one.state, one.what) == ("note", "no token in CDML_TOKEN, GITEA_TOKEN, FORGEJO_TOKEN")
    assert SCOPES in one.command
    assert server.seen == []


def test_a_forge_that_does_not_answer_is_asked_once(project: Doctored, server: GiteaServer) -> None:
    server.fail(status=502, message="t is down", times=9)
    found = list(gitea(scene(project, server, GITEA_TOKEN="t")))
    assert told(iter(found)) == [("unknown", "git.example.com did not do it")]
    assert len(server.seen) == 1


def test_a_token_that_is_refused_is_missing(project: Doctored, server: GiteaServer) -> None:
    found = told(gitea(scene(project, server, GITEA_TOKEN="old")))
    assert found == [("missing", "git.example.com refuses the token in GITEA_TOKEN")]


def test_settings_that_delivery_needs_are_looked_at(project: Doctored, server: GiteaServer) -> None:
    body = {"full_name": "acme/toy", "default_branch": "trunk", "has_issues": False, "permissions": {"push": True}}
    server.fail(path=".*/acme/toy", status=200, body=body)
    found = told(gitea(scene(project, server, GITEA_TOKEN="t")))
    assert ("missing", "acme/toy has no issues") in found
    assert ("missing", "the default branch is trunk, not main") in found


def test_a_host_that_nobody_knows_is_left_alone_unless_it_is_chosen(
    project: Doctored, server: GiteaServer
) -> None:
    elsewhere = scene(project, server, GITEA_TOKEN="t")
    assert list(gitea(replace(elsewhere, environ={"GITEA_TOKEN": "t"}))) == []
    assert told(gitea(replace(elsewhere, environ={"CDML_FORGE": "Gitea"})))[0][0] == "note"
    assert server.seen == []
