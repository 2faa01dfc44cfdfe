"""What `cdml doctor` reads from GitLab: whose token it is, and which right is missing, by GitLab's own name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from doctored_project import make
from gitlab_server import GitlabServer
from gitlab_state import BOT, DEVELOPER, REPORTER, Lab

from cdml.jobs.doctor_base import Finding, Scene, look
from cdml.jobs.doctor_gitlab import gitlab
from cdml.jobs.project import open_project

GOOD = {"only_allow_merge_if_pipeline_succeeds": True, "ci_push_repository_for_job_token_allowed": True}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    project = make(tmp_path_factory.mktemp("gitlab") / "toy", ci="ci: {providers: [gitlab]}\n", branches=())
    project.git("remote", "set-url", "origin", "git@gitlab.com:acme/toy.git")
    return look(open_project(project.root), {})


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with GitlabServer(Lab("acme/toy", tokens={"glpat-t": BOT}, anybody=None, settings=dict(GOOD))) as server:
        yield server
    assert server.violations == []


def found(scene: Scene, server: GitlabServer, **environ: str) -> list[Finding]:
    known = {"CI_API_V4_URL": server.api, "GITLAB_TOKEN": "glpat-t"} | environ
    return list(gitlab(replace(scene, environ={name: value for name, value in known.items() if value})))


def missing(scene: Scene, server: GitlabServer, **environ: str) -> Finding:
    (one,) = [one for one in found(scene, server, **environ) if one.state in ("missing", "note")]
    return one


def test_what_is_well_is_told_with_the_tokens_owner(scene: Scene, server: GitlabServer) -> None:
    said = [one.what for one in found(scene, server) if one.state == "ok"]
    assert said == [
        f"acme/toy at gitlab.com; token: GITLAB_TOKEN, of {BOT}",
        f"{BOT} may comment, set statuses and open merge requests (Developer)",
        "a merge waits for a pipeline that succeeds",
        "CI_JOB_TOKEN may push to this repository",
    ]
    assert "glpat-t" not in str(found(scene, server))


@pytest.mark.parametrize("lacking", ["api", "write_repository"])
def test_a_missing_scope_is_named(scene: Scene, server: GitlabServer, lacking: str) -> None:
    server.lab.scopes["glpat-t"] = [name for name in ("api", "write_repository") if name != lacking]
    one = missing(scene, server)
    assert one.what == f"the token in GITLAB_TOKEN lacks the scope {lacking}"
    assert one.command.startswith("https://gitlab.com/acme/toy/-/settings/access_tokens: ")


def test_a_role_that_is_too_low_is_named(scene: Scene, server: GitlabServer) -> None:
    server.lab.levels[BOT] = REPORTER
    assert missing(scene, server).what == f"{BOT} has not the role Developer in acme/toy (Reporter)"
    del server.lab.levels[BOT]
    assert missing(scene, server).what == f"{BOT} has not the role Developer in acme/toy (no member)"


def test_a_token_that_ends_soon_is_noted(scene: Scene, server: GitlabServer) -> None:
    server.lab.settings["token_expires_at"] = (datetime.now(UTC) + timedelta(days=9, hours=1)).date().isoformat()
    one = missing(scene, server)
    assert one.state == "note"
    assert one.what.startswith("the token in GITLAB_TOKEN ends in ")


@pytest.mark.parametrize(
    ("setting", "value", "what"),
    [
        ("only_allow_merge_if_pipeline_succeeds", False, "a merge waits for no pipeline"),
        ("ci_push_repository_for_job_token_allowed", False, "CI_JOB_TOKEN may not push to this repository"),
        ("merge_requests_access_level", "disabled", "merge requests are switched off"),
        ("builds_access_level", "disabled", "CI/CD are switched off"),
        ("default_branch", "trunk", "the default branch is trunk, not main"),
    ],
)
def test_a_setting_that_is_wrong_is_named(
    scene: Scene, server: GitlabServer, setting: str, value: object, what: str
) -> None:
    server.lab.settings[setting] = value
    assert missing(scene, server).what == what


def test_a_jobs_own_token_is_named(scene: Scene, server: GitlabServer) -> None:
    one = missing(scene, server, GITLAB_TOKEN="", CI_JOB_TOKEN="glcbt-1_x")
    assert one.what == "the job's own token (CI_JOB_TOKEN) may not write to acme/toy on GitLab"
    assert server.seen == []


def test_without_a_token_nothing_is_asked(scene: Scene, server: GitlabServer) -> None:
    states = {one.state for one in found(scene, server, GITLAB_TOKEN="")}
    assert (states, server.seen) == ({"unknown"}, [])


def test_a_token_that_gitlab_refuses_is_named_by_its_variable(scene: Scene, server: GitlabServer) -> None:
    refused = [one for one in found(scene, server, CDML_TOKEN="glpat-old") if one.state == "missing"]
    assert {one.what for one in refused} == {"GitLab refuses the token in CDML_TOKEN"}
    assert "glpat-old" not in str(refused)


def test_a_server_that_does_not_answer_is_asked_once(scene: Scene, server: GitlabServer) -> None:
    server.fail(kind="cut", times=99)
    (one,) = [one for one in found(scene, server) if "no answer" in one.what]
    assert (one.state, len(server.seen)) == ("unknown", 1)


def test_rights_are_told_of_a_project_that_no_pipeline_of_gitlab_delivers(
    scene: Scene, server: GitlabServer
) -> None:
    server.lab.levels[BOT] = DEVELOPER
    known = {"CI_API_V4_URL": server.api, "GITLAB_TOKEN": "glpat-t"}
    told = list(gitlab(replace(scene, environ=known, providers=())))
    assert [one.state for one in told] == ["ok", "ok"]


def test_a_host_that_somebody_says_is_gitlab_is_looked_at(
    tmp_path_factory: pytest.TempPathFactory, server: GitlabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make(tmp_path_factory.mktemp("own") / "toy", branches=())
    project.git("remote", "set-url", "origin", "git@code.example.com:acme/toy.git")
    there = look(open_project(project.root), {})
    assert list(gitlab(there)) == []
    monkeypatch.setenv("CDML_FORGE", "gitlab")
    assert [one.what for one in gitlab(there)] == [
        "what a token may do here: none is in CDML_TOKEN or GITLAB_TOKEN"
    ]
