"""What `cdml doctor` sees with a token for Azure DevOps: whose it is, and each right that it lacks, by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure_server import AzureServer
from azure_state import BOT, Organization
from doctored_project import Doctored, make

from cdml.jobs.doctor_azure_token import token_rights
from cdml.jobs.doctor_base import Finding, look
from cdml.jobs.project import open_project

CI = "ci: {providers: [azure]}\n"


@pytest.fixture
def server() -> Iterator[AzureServer]:
    with AzureServer(Organization(tokens={"eyJh.job.token": BOT, "pat": "ada@example.com"})) as server:
        yield server
    assert server.violations == []


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Doctored:
    return make(tmp_path_factory.mktemp("azure") / "toy", ci=CI, branches=())


def found(project: Doctored, url: str, **env: str) -> list[Finding]:
    project.git("remote", "set-url", "origin", f"{url}/churn/_git/churn")
    environ = {"SYSTEM_COLLECTIONURI": f"{url}/", **env}
    return list(token_rights(look(open_project(project.root), environ)))


def test_a_job_s_token_that_has_all_rights_is_told_with_its_owner(server: AzureServer, project: Doctored) -> None:
    told = found(project, server.collection, SYSTEM_ACCESSTOKEN="eyJh.job.token")
    assert {one.state for one in told} == {"ok"}
    assert told[0].what == f"the token in SYSTEM_ACCESSTOKEN is {BOT}'s, for churn/churn on {server.collection}"


def test_a_right_that_a_job_lacks_is_named_with_the_page_and_who_needs_it(
    server: AzureServer, project: Doctored
) -> None:
    server.hub.denied = {"PullRequestContribute"}
    told = found(project, server.collection, SYSTEM_ACCESSTOKEN="eyJh.job.token")
    (one,) = [one for one in told if one.state == "missing"]
    assert one.what == "the token in SYSTEM_ACCESSTOKEN may not Contribute to pull requests"
    assert one.command == (
        f"{server.collection}/churn/_settings/repositories: churn, Security, churn Build Service, "
        "Contribute to pull requests"
    )


def test_a_person_is_named_as_azure_does(server: AzureServer, project: Doctored) -> None:
    told = found(project, server.collection, AZURE_DEVOPS_EXT_PAT="pat")
    assert told[0].what.startswith("the token in AZURE_DEVOPS_EXT_PAT is ada@example.com's")


def test_a_token_that_is_refused_is_told_once_and_not_shown(server: AzureServer, project: Doctored) -> None:
    (one,) = found(project, server.collection, CDML_TOKEN="stale")
    assert one.state == "unknown"
    assert "refuses the token in CDML_TOKEN" in one.why
    assert "stale" not in f"{one}"


def test_without_a_token_nothing_is_asked(server: AzureServer, project: Doctored) -> None:
    (one,) = found(project, server.collection)
    assert (one.state, server.seen) == ("unknown", [])
    assert one.command == "AZURE_DEVOPS_EXT_PAT=TOKEN cdml doctor"


def test_another_forge_is_left_to_its_own_check(project: Doctored, tmp_path: Path) -> None:
    project.git("remote", "set-url", "origin", "https://github.com/acme/churn.git")
    assert list(token_rights(look(open_project(project.root), {}))) == []
