"""Which remotes are on GitHub, where its API is then, and with which token it is spoken to."""

from __future__ import annotations

from pathlib import Path

import pytest
from people import git

from cdml.core.errors import UsageError
from cdml.core.http import Rest
from cdml.forges import detect
from cdml.forges.github import GithubForge
from cdml.forges.github_place import find_place, is_github
from cdml.state.git import Git

RUNNER = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/churn", "GITHUB_SERVER_URL": "https://github.com"}
PUBLIC = {**RUNNER, "GITHUB_API_URL": "https://api.github.com"}
HERE = {**RUNNER, "GITHUB_API_URL": "http://127.0.0.1:4011"}
OWN = {"GITHUB_SERVER_URL": "https://git.example.com", "GITHUB_API_URL": "https://git.example.com/api/v3"}


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://github.com/acme/churn.git", "https://api.github.com"),
        ("https://github.com/acme/churn", "https://api.github.com"),
        ("https://me:secret@GitHub.com/acme/churn.git/", "https://api.github.com"),
        ("git@github.com:acme/churn.git", "https://api.github.com"),
        ("ssh://git@github.com/acme/churn.git", "https://api.github.com"),
        ("ssh://git@ssh.github.com:443/acme/churn.git", "https://api.github.com"),
        ("https://acme.ghe.com/acme/churn.git", "https://api.acme.ghe.com"),
    ],
)
def test_githubs_own_addresses_are_known(url: str, api: str) -> None:
    assert detect(url) == "github"
    place = find_place(url, {})
    assert (place.slug, place.api, place.owner) == ("acme/churn", api, "acme")


@pytest.mark.parametrize("url", ["git@git.example.com:acme/churn.git", "https://git.example.com/acme/churn"])
@pytest.mark.parametrize("env", [OWN, {"GH_HOST": "Git.Example.com"}])
def test_an_enterprise_is_known_by_the_environment(url: str, env: dict[str, str]) -> None:
    assert not is_github(url, {})
    assert is_github(url, env)
    assert find_place(url, env).api == "https://git.example.com/api/v3"


def test_what_a_workflow_says_of_its_server_is_true_of_that_one_alone() -> None:
    assert find_place("https://github.com/acme/churn", OWN).api == "https://api.github.com"
    assert find_place("https://github.com/acme/churn", HERE).api == "http://127.0.0.1:4011"


@pytest.mark.parametrize("url", ["/srv/churn.git", "../churn", "file:///srv/churn.git"])
def test_a_path_in_a_workflow_is_github_only_where_its_api_is_on_this_machine(url: str) -> None:
    assert is_github(url, HERE)
    assert find_place(url, HERE).slug == "acme/churn"
    for env in ({}, PUBLIC, {**HERE, "GITHUB_ACTIONS": ""}, {**HERE, "GITHUB_REPOSITORY": ""}):
        assert not is_github(url, env)


def test_the_environment_of_the_process_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert detect("/srv/churn.git") == "local"
    for name, value in HERE.items():
        monkeypatch.setenv(name, value)
    assert detect("/srv/churn.git") == "github"


@pytest.mark.parametrize(
    "url", ["https://notgithub.com/o/r", "https://github.com.evil.com/o/r", "ghe.com:o/r", ""]
)
def test_a_host_that_only_looks_like_it_is_not_github(url: str) -> None:
    assert not is_github(url, PUBLIC)
    with pytest.raises(UsageError, match="no forge is known"):
        detect(url)


@pytest.mark.parametrize("url", ["https://[", "https://[::1", "ssh://git@github.com"])
def test_an_address_that_is_none_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        find_place(url, {})


@pytest.mark.parametrize("path", ["", "churn", "a/b/c", "../..", "a/..", "../b", "a b/c", "a/b%2Fc", "a/."])
def test_an_address_without_owner_and_name_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="OWNER/REPOSITORY"):
        find_place(f"https://me:secret@github.com/{path}", {})


def test_tokens_are_taken_in_order_and_never_shown() -> None:
    env = {"GH_TOKEN": "three", "GITHUB_TOKEN": " two\n", "CDML_TOKEN": ""}
    place = find_place("https://github.com/acme/churn", env)
    assert (place.token, place.variable) == ("two", "GITHUB_TOKEN")
    assert "two" not in repr(place)
    assert find_place("https://github.com/acme/churn", {**env, "CDML_TOKEN": "one"}).token == "one"
    with pytest.raises(UsageError, match="CDML_TOKEN holds letters") as caught:
        find_place("https://github.com/acme/churn", {"CDML_TOKEN": "half\nsecret"})
    assert "secret" not in caught.value.message


def test_nothing_is_asked_before_it_is_needed(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    forge = GithubForge(Git(tmp_path))
    with pytest.raises(UsageError, match="OWNER/REPOSITORY"):
        forge.pulls()


def test_a_token_is_not_sent_in_the_clear() -> None:
    for act in (lambda rest: rest.send("GET", "/x"), lambda rest: list(rest.pages("/x"))):
        with pytest.raises(UsageError, match=r"a token is not sent to git.example.com without https"):
            act(Rest("http://git.example.com", "secret"))
