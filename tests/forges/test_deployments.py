"""Deployments that are made by hand, as forges with environments keep them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from github_server import GithubServer
from gitlab_state import REPORTER
from people import Person
from rigs.azure import AzureRig
from rigs.gitea import GiteaRig
from rigs.gitlab import GitlabRig

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import EnvironmentRecord
from cdml.forges.local import LocalForge
from cdml.state.git import Git

SHA = "b" * 40
URL = "https://churn.example.com"
DONE = EnvironmentRecord("staging", "release/staging", SHA, "success", "serves churn@v1.0.0", URL)
BROKEN = replace(DONE, state="failure", description="x" * 150, url="")


def test_github_keeps_a_deployment_how_it_ended_and_where(github: GithubServer, as_user) -> None:
    # A red status of the commit, or a branch behind main, is no reason against what has happened.
    github.hub.statuses.append({"sha": SHA, "context": "cdml", "state": "failure"})
    assert as_user().record_deployment(DONE)
    assert as_user().record_deployment(BROKEN)
    kept = [(made["ref"], made["environment"], made["statuses"]) for made in github.hub.deployments]
    ended = {"state": "success", "description": "serves churn@v1.0.0", "environment_url": URL}
    broken = {"state": "failure", "description": "x" * 139 + "…"}
    assert kept == [
        (SHA, "staging", [ended | {"auto_inactive": True}]),
        (SHA, "staging", [broken | {"auto_inactive": True}]),
    ]


def test_the_permission_for_a_deployment_on_github_is_named(github: GithubServer, as_user) -> None:
    github.hub.denied = {"deployments"}
    with pytest.raises(ExternalError, match="lacks deployments: write"):
        as_user().record_deployment(DONE)


def test_gitlab_keeps_a_deployment_and_the_newest_address_of_its_environment(gitlab: GitlabRig) -> None:
    moved = "https://new.example.com"
    for record in (DONE, DONE, BROKEN, replace(DONE, url="ftp://x"), replace(DONE, url=moved)):
        assert gitlab.forge().record_deployment(record)
    kept = [(made["environment"], made["sha"], made["ref"], made["status"]) for made in gitlab.lab.deployments]
    good, bad = ("staging", SHA, "release/staging", "success"), ("staging", SHA, "release/staging", "failed")
    assert kept == [good, good, bad, good, good]
    assert gitlab.lab.environments == {"staging": {"id": 60, "url": moved}}
    assert len(gitlab.server.asked("PUT")) == 2


def test_the_role_for_a_deployment_on_gitlab_is_named(gitlab: GitlabRig) -> None:
    gitlab.lab.protected = {"staging"}
    with pytest.raises(ExternalError, match="Developer and, where the environment is protected, leave to deploy"):
        gitlab.forge().record_deployment(DONE)
    gitlab.lab.protected = set()
    gitlab.lab.levels[gitlab.author("bot")] = REPORTER
    with pytest.raises(ExternalError, match="it takes the role Developer"):
        gitlab.forge().record_deployment(DONE)
    assert gitlab.lab.deployments == []


@pytest.mark.parametrize("name", ["as_user", "gitlab"])
def test_only_a_full_commit_id_is_sent(request: pytest.FixtureRequest, name: str) -> None:
    made = request.getfixturevalue(name)
    forge = made() if name == "as_user" else made.forge()
    with pytest.raises(UsageError, match="is not a full commit id"):
        forge.record_deployment(replace(DONE, sha="release/staging"))


def test_forges_without_such_records_are_not_asked(gitea: GiteaRig, ada: Person) -> None:
    assert not gitea.forge().record_deployment(DONE)
    assert gitea.server.asked() == []
    before = ada.refs()
    assert not LocalForge(Git(ada.root)).record_deployment(DONE)
    assert ada.refs() == before


def test_azure_keeps_what_its_pipelines_deploy_and_no_more(azure: AzureRig) -> None:
    assert not azure.forge().record_deployment(DONE)
    assert azure.server.asked() == []
