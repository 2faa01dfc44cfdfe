"""Which remotes are on a Gitea or Forgejo, where its API is then, and with which token it is spoken to."""

from __future__ import annotations

from pathlib import Path

import pytest
from people import git

from cdml.core.errors import UsageError
from cdml.forges import detect
from cdml.forges.gitea import GiteaForge
from cdml.forges.gitea_place import find_place, is_gitea
from cdml.forges.github_place import find_place as find_github
from cdml.forges.github_place import is_github
from cdml.state.git import Git

HOST = "https://git.example.com"
RUN = {
    "GITHUB_ACTIONS": "true",
    "GITEA_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/churn",
    "GITHUB_SERVER_URL": HOST,
    "GITHUB_API_URL": f"{HOST}/api/v1",
    "GITHUB_TOKEN": "the-run-s",
}
HERE = {**RUN, "GITHUB_SERVER_URL": "http://127.0.0.1:3000", "GITHUB_API_URL": "http://127.0.0.1:3000/api/v1"}


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://codeberg.org/acme/churn.git", "https://codeberg.org/api/v1"),
        ("https://me:secret@Codeberg.org/acme/churn/", "https://Codeberg.org/api/v1"),
        ("git@codeberg.org:acme/churn.git", "https://codeberg.org/api/v1"),
        ("ssh://git@gitea.com:22/acme/churn.git", "https://gitea.com/api/v1"),
    ],
)
def test_public_ones_are_known(url: str, api: str) -> None:
    assert detect(url) == "gitea"
    place = find_place(url, {})
    assert place.slug == "acme/churn"
    assert place.api == api
    assert place.host == place.api.partition("//")[2].partition("/")[0].lower()


@pytest.mark.parametrize("url", ["git@git.example.com:acme/churn.git", f"{HOST}/acme/churn"])
@pytest.mark.parametrize(
    "env", [RUN, {"GITEA_HOST": "Git.Example.com"}, {"FORGEJO_HOST": f"{HOST}/"}, {**RUN, "GITEA_ACTIONS": ""}]
)
def test_another_one_is_known_by_the_environment(url: str, env: dict[str, str]) -> None:
    if env.get("GITEA_ACTIONS") == "":
        env = {**env, "FORGEJO_ACTIONS": "true"}
    assert not is_gitea(url, {})
    assert is_gitea(url, env)
    assert find_place(url, env).api.lower() == f"{HOST}/api/v1"


@pytest.mark.parametrize(
    ("url", "env", "api"),
    [
        (f"{HOST}:3000/acme/churn", {}, f"{HOST}:3000/api/v1"),
        (f"{HOST}/code/acme/churn.git", {}, f"{HOST}/code/api/v1"),
        ("git@git.example.com:acme/churn.git", {"GITEA_HOST": f"{HOST}:3000/code/"}, f"{HOST}:3000/code/api/v1"),
        (
            "ssh://git@git.example.com:222/acme/churn",
            {"GITEA_HOST": "git.example.com:3000"},
            f"{HOST}:3000/api/v1",
        ),
    ],
)
def test_ports_and_paths_of_the_forge_are_kept(url: str, env: dict[str, str], api: str) -> None:
    place = find_place(url, env)
    assert (place.slug, place.api) == ("acme/churn", api)


def test_a_run_of_gitea_is_not_taken_for_one_of_github() -> None:
    assert not is_github(f"{HOST}/acme/churn", RUN)
    assert is_github(f"{HOST}/acme/churn", {**RUN, "GITEA_ACTIONS": ""})
    assert not is_github("/srv/churn.git", HERE)
    assert is_github("https://github.com/acme/churn", RUN)
    assert not is_gitea("https://github.com/acme/churn", RUN)
    assert find_github("https://github.com/acme/churn", RUN).token == ""


@pytest.mark.parametrize("url", ["/srv/churn.git", "../churn", "file:///srv/churn.git"])
def test_a_path_in_a_run_is_gitea_only_where_its_api_is_on_this_machine(url: str) -> None:
    assert is_gitea(url, HERE)
    place = find_place(url, HERE)
    assert (place.slug, place.api, place.token) == ("acme/churn", "http://127.0.0.1:3000/api/v1", "the-run-s")
    for env in ({}, RUN, {**HERE, "GITEA_ACTIONS": ""}, {**HERE, "GITHUB_REPOSITORY": ""}):
        assert not is_gitea(url, env)


@pytest.mark.parametrize(
    "url", ["https://notcodeberg.org/o/r", "https://codeberg.org.evil.com/o/r", "", "https://["]
)
def test_a_host_that_only_looks_like_it_is_not_known(url: str) -> None:
    assert not is_gitea(url, {"GITEA_HOST": "", "FORGEJO_HOST": " "})


@pytest.mark.parametrize(
    "path", ["", "churn", "../..", "a/..", "../b", "a/../b", "a b/c", "a/b%2F..", "a/./b", "a/."]
)
def test_an_address_without_owner_and_name_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="OWNER/REPOSITORY") as caught:
        find_place(f"https://me:secret@codeberg.org/{path}", {})
    assert "secret" not in f"{caught.value.message}{caught.value.hint}"


def test_tokens_are_taken_in_order_and_never_shown() -> None:
    url, env = (
        "https://codeberg.org/acme/churn",
        {"FORGEJO_TOKEN": "three", "GITEA_TOKEN": " two\n", "CDML_TOKEN": ""},
    )
    place = find_place(url, env)
    assert (place.token, place.variable) == ("two", "GITEA_TOKEN")
    assert "two" not in repr(place)
    assert find_place(url, {**env, "CDML_TOKEN": "one"}).token == "one"
    assert find_place(url, {**env, "GITEA_TOKEN": ""}).token == "three"


def test_the_token_of_a_run_goes_to_its_own_server_alone() -> None:
    assert find_place(f"{HOST}/acme/churn", RUN).variable == "GITHUB_TOKEN"
    for url, env in (
        ("https://codeberg.org/acme/churn", RUN),
        (f"{HOST}/acme/churn", {**RUN, "GITEA_ACTIONS": ""}),
    ):
        assert find_place(url, env).token == ""
    assert find_place("https://codeberg.org/acme/churn", RUN).api == "https://codeberg.org/api/v1"


def test_nothing_is_asked_before_it_is_needed(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(UsageError, match="OWNER/REPOSITORY"):
        GiteaForge(Git(tmp_path)).pulls()
