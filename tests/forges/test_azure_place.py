"""Which remotes are on Azure Repos, where its API is then, and with which token it is spoken to."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest
from people import git

from cdml.core.errors import UsageError
from cdml.forges import detect
from cdml.forges.azure import AzureForge
from cdml.forges.azure_place import find_place, is_azure
from cdml.state.git import Git

JOB = {"TF_BUILD": "True", "BUILD_REPOSITORY_PROVIDER": "TfsGit", "SYSTEM_TEAMPROJECT": "My Project"}
PUBLIC = {**JOB, "BUILD_REPOSITORY_NAME": "churn", "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/"}
HERE = {**PUBLIC, "SYSTEM_COLLECTIONURI": "http://127.0.0.1:4011/acme/"}
OWN = {"SYSTEM_COLLECTIONURI": "https://tfs.example.com:8443/tfs/Default/"}
JWT = "eyJhbGciOi.eyJzdWIi.c2ln"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://dev.azure.com/acme/My%20Project/_git/churn", ("acme", "My Project", "churn")),
        ("https://acme@dev.azure.com/acme/ml/_git/churn", ("acme", "ml", "churn")),
        ("https://me:secret@Dev.Azure.com/acme/_git/churn/", ("acme", "churn", "churn")),
        ("git@ssh.dev.azure.com:v3/acme/My%20Project/churn", ("acme", "My Project", "churn")),
        ("ssh://git@ssh.dev.azure.com/v3/acme/ml/churn", ("acme", "ml", "churn")),
        ("https://acme.visualstudio.com/ml/_git/churn", ("acme", "ml", "churn")),
        ("https://acme.visualstudio.com/DefaultCollection/_git/churn", ("acme", "churn", "churn")),
        ("acme@vs-ssh.visualstudio.com:v3/acme/ml/churn", ("acme", "ml", "churn")),
    ],
)
def test_azures_own_addresses_are_known(url: str, place: tuple[str, str, str]) -> None:
    assert detect(url) == "azure"
    found = find_place(url, {})
    assert (found.collection, found.project, found.repository) == (f"https://dev.azure.com/{place[0]}", *place[1:])


def test_names_are_quoted_in_addresses() -> None:
    place = find_place("https://dev.azure.com/acme/My%20Project/_git/ch%C3%BCrn", {})
    assert place.web == "https://dev.azure.com/acme/My%20Project/_git/ch%C3%BCrn"
    assert place.slug == "My Project/chürn"


@pytest.mark.parametrize(
    ("url", "collection"),
    [
        ("https://tfs.example.com:8443/tfs/Default/ml/_git/churn", "https://tfs.example.com:8443/tfs/Default"),
        ("https://tfs.example.com/tfs/Default/ml/_git/churn", "https://tfs.example.com/tfs/Default"),
        ("ssh://git@tfs.example.com:22/tfs/Default/ml/_git/churn", "https://tfs.example.com/tfs/Default"),
    ],
)
def test_a_server_of_ones_own_is_known_by_the_environment(url: str, collection: str) -> None:
    assert not is_azure(url, {})
    assert is_azure(url, OWN)
    found = find_place(url, OWN)
    assert (found.collection, found.slug) == (collection, "ml/churn")


@pytest.mark.parametrize("url", ["/srv/churn.git", "../churn", "file:///srv/churn.git"])
def test_a_path_in_a_pipeline_is_azure_only_where_its_api_is_on_this_machine(url: str) -> None:
    assert is_azure(url, HERE)
    assert find_place(url, HERE).slug == "My Project/churn"
    github = {**HERE, "BUILD_REPOSITORY_PROVIDER": "GitHub"}
    for env in ({}, PUBLIC, {**HERE, "TF_BUILD": ""}, github):
        assert not is_azure(url, env)


@pytest.mark.parametrize(
    "url",
    [
        "https://notdev.azure.com/a/b/_git/c",
        "https://dev.azure.com.evil.com/a/b/_git/c",
        "https://visualstudio.com/b/_git/c",
        "https://tfs.example.com/churn.git",
        "https://github.com/acme/churn",
    ],
)
def test_a_host_that_only_looks_like_it_is_not_azure(url: str) -> None:
    assert not is_azure(url, PUBLIC | {"SYSTEM_COLLECTIONURI": "https://tfs.example.com/x/"})


@pytest.mark.parametrize(
    "path",
    [
        "",
        "acme",
        "acme/ml",
        "acme/ml/_git/",
        "acme/ml/_git/..",
        "acme/../_git/x",
        "acme/ml/_git/a/b",
        "a/m/_git/x?y=1#z",
    ],
)
def test_an_address_without_project_and_repository_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="names no project and repository") as caught:
        find_place(f"https://me:secret@dev.azure.com/{path}".replace("?", "%3F").replace("#", "%23"), {})
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["https://[", "https://tfs.example.com:x/a/b/_git/c", "git@ssh.dev.azure.com:v3/a/b"]
)
def test_an_address_that_is_none_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        find_place(url, {})


@pytest.mark.parametrize(
    ("env", "variable", "scheme"),
    [
        ({"SYSTEM_ACCESSTOKEN": JWT, "AZURE_DEVOPS_EXT_PAT": "pat"}, "SYSTEM_ACCESSTOKEN", "Bearer"),
        ({"AZURE_DEVOPS_EXT_PAT": " pat\n"}, "AZURE_DEVOPS_EXT_PAT", "Basic"),
        ({"CDML_TOKEN": "pat", "SYSTEM_ACCESSTOKEN": JWT}, "CDML_TOKEN", "Basic"),
        ({"CDML_TOKEN": JWT}, "CDML_TOKEN", "Bearer"),
    ],
)
def test_a_personal_token_is_sent_as_a_password_and_a_job_s_as_it_is(
    env: dict[str, str], variable: str, scheme: str
) -> None:
    place = find_place("https://dev.azure.com/acme/ml/_git/churn", env)
    assert (place.variable, place.scheme) == (variable, scheme)
    assert place.sent == JWT if scheme == "Bearer" else b64decode(place.sent) == b":pat"
    assert place.token not in repr(place)
    assert place.sent not in repr(place)


def test_nothing_is_asked_before_it_is_needed(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(UsageError, match="names no project"):
        AzureForge(Git(tmp_path)).pulls()
