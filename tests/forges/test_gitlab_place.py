"""Which remotes are on GitLab, where its API is then, and with which token it is spoken to."""

from __future__ import annotations

from pathlib import Path

import pytest
from people import git

from cdml.core.errors import UsageError
from cdml.forges import detect
from cdml.forges.gitlab import GitlabForge
from cdml.forges.gitlab_place import find_place, is_gitlab
from cdml.state.git import Git

PIPELINE = {"GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/churn", "CI_SERVER_HOST": "gitlab.com"}
PUBLIC = {**PIPELINE, "CI_API_V4_URL": "https://gitlab.com/api/v4", "CI_SERVER_URL": "https://gitlab.com"}
HERE = {**PIPELINE, "CI_API_V4_URL": "http://127.0.0.1:4011/api/v4"}
OWN = {
    "CI_SERVER_HOST": "git.example.com",
    "CI_SERVER_URL": "https://git.example.com:8443",
    "CI_API_V4_URL": "https://git.example.com:8443/api/v4",
    "CI_SERVER_SHELL_SSH_HOST": "ssh.example.com",
}
BELOW = {
    "CI_SERVER_HOST": "example.com",
    "CI_SERVER_URL": "https://example.com/gitlab",
    "CI_API_V4_URL": "https://example.com/gitlab/api/v4",
}


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/acme/churn.git",
        "https://gitlab.com/acme/churn",
        "https://oauth2:secret@GitLab.com/acme/churn.git/",
        "git@gitlab.com:acme/churn.git",
        "ssh://git@gitlab.com/acme/churn.git",
        "ssh://git@altssh.gitlab.com:443/acme/churn.git",
    ],
)
def test_gitlabs_own_addresses_are_known(url: str) -> None:
    assert detect(url) == "gitlab"
    place = find_place(url, {})
    assert (place.slug, place.api, place.root) == (
        "acme/churn",
        "https://gitlab.com/api/v4",
        "/projects/acme%2Fchurn",
    )
    assert place.page == "https://gitlab.com/acme/churn"


def test_groups_may_nest() -> None:
    place = find_place("git@gitlab.com:acme/ml/models/churn.git", {})
    assert (place.slug, place.root) == ("acme/ml/models/churn", "/projects/acme%2Fml%2Fmodels%2Fchurn")


@pytest.mark.parametrize(
    ("url", "env", "api"),
    [
        ("https://git.example.com:8443/acme/churn.git", OWN, "https://git.example.com:8443/api/v4"),
        ("git@git.example.com:acme/churn.git", OWN, "https://git.example.com:8443/api/v4"),
        ("ssh://git@ssh.example.com:2222/acme/churn.git", OWN, "https://git.example.com:8443/api/v4"),
        ("https://t:x@example.com/gitlab/acme/churn.git", BELOW, "https://example.com/gitlab/api/v4"),
        ("git@example.com:acme/churn.git", BELOW, "https://example.com/gitlab/api/v4"),
        (
            "git@git.example.com:acme/churn.git",
            {"GITLAB_HOST": "Git.Example.com"},
            "https://git.example.com/api/v4",
        ),
        ("https://a.b:8443/acme/churn", {"GITLAB_HOST": "https://a.b:8443/"}, "https://a.b:8443/api/v4"),
        ("https://a.b/git/acme/churn", {"GITLAB_HOST": "https://a.b/git"}, "https://a.b/git/api/v4"),
    ],
)
def test_one_of_your_own_is_known_by_the_environment(url: str, env: dict[str, str], api: str) -> None:
    assert not is_gitlab(url, {})
    assert is_gitlab(url, env)
    place = find_place(url, env)
    assert (place.slug, place.api.lower(), place.page.lower()) == (
        "acme/churn",
        api,
        f"{api.removesuffix('/api/v4')}/acme/churn",
    )


def test_what_a_pipeline_says_of_its_server_is_true_of_that_one_alone() -> None:
    place = find_place("https://gitlab.com/acme/churn", OWN)
    assert (place.api, place.page) == ("https://gitlab.com/api/v4", "https://gitlab.com/acme/churn")
    assert find_place("https://gitlab.com/acme/churn", HERE).api == "http://127.0.0.1:4011/api/v4"


@pytest.mark.parametrize("url", ["/srv/churn.git", "../churn", "file:///srv/churn.git"])
def test_a_path_in_a_pipeline_is_gitlab_only_where_its_api_is_on_this_machine(url: str) -> None:
    assert is_gitlab(url, HERE)
    assert find_place(url, HERE).slug == "acme/churn"
    for env in ({}, PUBLIC, {**HERE, "GITLAB_CI": ""}, {**HERE, "CI_PROJECT_PATH": ""}):
        assert not is_gitlab(url, env)


def test_the_environment_of_the_process_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert detect("/srv/churn.git") == "local"
    for name, value in HERE.items():
        monkeypatch.setenv(name, value)
    assert detect("/srv/churn.git") == "gitlab"


@pytest.mark.parametrize(
    "url", ["https://notgitlab.com/o/r", "https://gitlab.com.evil.com/o/r", "https://gitlab.evil.com/o/r", ""]
)
def test_a_host_that_only_looks_like_it_is_not_gitlab(url: str) -> None:
    assert not is_gitlab(url, PUBLIC)
    with pytest.raises(UsageError, match="no forge is known"):
        detect(url)


def test_a_person_says_which_forge_is_at_a_host_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDML_FORGE", "GitLab")
    assert detect("git@code.example.com:acme/churn.git") == "gitlab"
    assert find_place("git@code.example.com:acme/churn.git").api == "https://code.example.com/api/v4"
    assert detect("https://github.com/acme/churn") == "github"
    assert detect("/srv/churn.git") == "local"
    for wrong in ("gitlub", "local"):
        monkeypatch.setenv("CDML_FORGE", wrong)
        with pytest.raises(UsageError, match=f"CDML_FORGE is '{wrong}'") as caught:
            detect("https://me:secret@code.example.com/acme/churn")
        assert "secret" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize(
    "path", ["", "churn", "../..", "a/..", "../b", "a b/c", "a/./b", "a//b", "a/b%2F..", "a/-?x"]
)
def test_an_address_without_group_and_project_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="GROUP/PROJECT"):
        find_place(f"https://me:secret@gitlab.com/{path.replace('?', '%3F')}", {})


@pytest.mark.parametrize("url", ["https://[", "https://[::1", "ssh://git@gitlab.com"])
def test_an_address_that_is_none_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        find_place(url, {})


def test_tokens_are_taken_in_order_and_never_shown() -> None:
    env = {"GITLAB_TOKEN": " two\n", "CDML_TOKEN": ""}
    place = find_place("https://gitlab.com/acme/churn", env)
    assert (place.token, place.variable, place.job) == ("two", "GITLAB_TOKEN", False)
    assert "two" not in repr(place)
    assert find_place("https://gitlab.com/acme/churn", {**env, "CDML_TOKEN": "one"}).token == "one"


@pytest.mark.parametrize(
    "env",
    [
        {"CI_JOB_TOKEN": "t"},
        {"CI_JOB_TOKEN": "t", "CDML_TOKEN": "t"},
        {"CDML_TOKEN": "glcbt-64_t"},
        {"GITLAB_TOKEN": "glcbt-64_t", "CI_JOB_TOKEN": "other"},
    ],
)
def test_a_jobs_own_token_is_never_taken_for_one_that_may_write(env: dict[str, str]) -> None:
    place = find_place("https://gitlab.com/acme/churn", env)
    assert (place.token, place.job) == ("", True)


def test_nothing_is_asked_before_it_is_needed(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    forge = GitlabForge(Git(tmp_path))
    with pytest.raises(UsageError, match="GROUP/PROJECT"):
        forge.pulls()
