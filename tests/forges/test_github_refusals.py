"""What goes wrong between here and GitHub: said in words, tried again where that is safe, never with the token."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from github_server import GithubServer

from cdml.core.errors import CdmlError, ExternalError, UsageError
from cdml.forges.base import Status

SHA = "a" * 40
GREEN = Status("cdml", "success", "")
COMMENTS = "/repos/acme/churn/issues/1/comments"


@pytest.fixture(autouse=True)
def _pull(github: GithubServer) -> None:
    github.hub.add_pull("feature")
    github.hub.branches["feature"] = "b" * 40


@pytest.mark.parametrize(
    ("act", "permission"),
    [
        (lambda forge: forge.comment(1, "x"), "pull-requests: write"),
        (lambda forge: forge.set_status(SHA, GREEN), "statuses: write"),
        (lambda forge: forge.merge(1, "merge"), "contents: write"),
        (lambda forge: forge.open_issue("k", "t", "b"), "issues: write"),
        (lambda forge: forge.open_pull("feature", "main", "t", "b"), "pull-requests: write"),
    ],
)
def test_a_missing_permission_is_named_as_the_workflow_writes_it(github, as_user, act, permission: str) -> None:
    github.hub.denied = {"pull-requests", "statuses", "contents", "issues"}
    with pytest.raises(ExternalError, match=f"the workflow's token lacks {permission}") as caught:
        act(as_user())
    assert f"add `{permission}` under `permissions:`" in caught.value.hint
    with pytest.raises(ExternalError, match=f"the token lacks {permission}"):
        act(as_user("ghp_ada"))


def test_a_repository_that_lets_no_workflow_open_pull_requests_is_said(github: GithubServer, as_user) -> None:
    github.hub.branches["other"] = "c" * 40
    said = "GitHub Actions is not permitted to create or approve pull requests."
    github.fail(method="POST", status=403, message=said)
    with pytest.raises(ExternalError, match="lets no workflow open pull requests") as caught:
        as_user().open_pull("other", "main", "t", "")
    assert "Workflow permissions" in caught.value.hint


def test_a_wrong_token_is_named_by_its_variable_alone(as_user) -> None:
    with pytest.raises(ExternalError, match=r"refuses the token in GITHUB_TOKEN .*401 Bad credentials") as caught:
        as_user("ghp_secret").pulls()
    assert "ghp_secret" not in caught.value.message + caught.value.hint


def test_writing_without_a_token_names_the_variable_and_asks_nothing(github, as_user, monkeypatch) -> None:
    forge = as_user()
    monkeypatch.delenv("GITHUB_TOKEN")
    del forge.api
    assert [pull.number for pull in forge.pulls()] == [1]
    with pytest.raises(UsageError, match="needs a token") as caught:
        forge.comment(1, "x")
    assert "GITHUB_TOKEN" in caught.value.hint
    assert github.asked("POST") == []


def test_a_token_never_stands_in_an_error_even_when_the_server_says_it(github: GithubServer, as_user) -> None:
    forge = as_user()
    faults: list[dict[str, object]] = [
        {"status": 400, "message": "bad header: Bearer ghs_bot"},
        {"status": 403, "message": "ghs_bot may not"},
        {"kind": "cut"},
    ]
    for fault in faults:
        github.fail(method="POST", **fault)
        with pytest.raises(CdmlError) as caught:
            forge.comment(1, "x")
        assert "ghs_bot" not in f"{caught.value.message}{caught.value.hint}{caught.value!r}"
    assert "ghs_bot" not in f"{forge.api.rest!r}{forge.api.place!r}"


@pytest.mark.parametrize(
    ("status", "headers"), [(429, {}), (403, {"Retry-After": "0"}), (429, {"Retry-After": "1"})]
)
def test_a_write_that_was_turned_away_for_the_rate_is_sent_again(github, as_user, naps, status, headers) -> None:
    github.fail(method="POST", status=status, headers=headers, message="slow down")
    as_user().comment(1, "x")
    assert len(github.hub.comments) == 1
    assert naps == [float(headers.get("Retry-After", 0.5))]


def test_a_limit_that_lasts_is_an_error_at_once(github: GithubServer, as_user, naps: list[float]) -> None:
    github.fail(status=403, headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"})
    with pytest.raises(ExternalError, match="takes no more requests for now") as caught:
        as_user().comments(1)
    assert "run it again in about" in caught.value.hint
    assert naps == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_reading_survives_a_fault_of_the_server(github: GithubServer, as_user, naps, status: int) -> None:
    github.fail(method="GET", status=status, times=3)
    assert as_user().comments(1) == ()
    assert naps == [0.5, 2.0, 5.0]


def test_reading_gives_up_in_the_end(github: GithubServer, as_user, naps: list[float]) -> None:
    github.fail(status=502, times=99, message="Bad Gateway")
    with pytest.raises(ExternalError, match=rf"did not do it \(GET {COMMENTS}: 502 Bad Gateway\)"):
        as_user().comments(1)
    assert len(github.seen) == 4


@pytest.mark.parametrize("kind", ["status", "cut", "cut-after"])
def test_a_write_of_which_nobody_knows_is_not_sent_twice(github: GithubServer, as_user, naps, kind: str) -> None:
    github.fail(method="POST", kind=kind)
    with pytest.raises(ExternalError, match=COMMENTS):
        as_user().comment(1, "x")
    assert len(github.asked("POST")) == 1
    assert len(github.hub.comments) == (kind == "cut-after")
    assert naps == []


def test_a_cut_connection_is_asked_again_for_what_is_read(github: GithubServer, as_user) -> None:
    github.fail(method="GET", kind="cut", times=2)
    assert as_user().pull(1).number == 1


def test_a_server_that_does_not_answer_ends_in_an_error(github: GithubServer, as_user) -> None:
    forge = as_user()
    forge.api.rest = replace(forge.api.rest, timeout=(0.1, 0.1))
    github.fail(kind="slow", method="POST")
    with pytest.raises(ExternalError, match=r"POST .*no answer \(ReadTimeout\)"):
        forge.comment(1, "x")


def test_a_server_that_is_not_there_is_tried_for_writes_too(as_user, naps, monkeypatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ExternalError, match=r"no answer \(ConnectionError\)"):
            as_user().set_status(SHA, GREEN)
    assert naps == [0.5, 2.0, 5.0]


def test_an_answer_that_is_not_github_s_is_said(github: GithubServer, as_user) -> None:
    github.fail(status=200, method="GET", times=2)
    with pytest.raises(ExternalError, match=r"answer to GET .*/pulls/1 is not what this forge's API says: number"):
        as_user().pull(1)
    with pytest.raises(ExternalError, match="is not what this forge's API says"):
        as_user().comments(1)


def test_what_is_wrong_in_a_request_is_said_in_githubs_words(as_user) -> None:
    with pytest.raises(ExternalError, match="422 Validation Failed; body cannot be blank"):
        as_user().comment(1, "")


def test_issues_that_are_switched_off_are_said(github: GithubServer, as_user) -> None:
    github.fail(method="POST", status=410, message="Issues are disabled for this repo")
    with pytest.raises(ExternalError, match="acme/churn has this switched off"):
        as_user().open_issue("k", "t", "b")


def test_a_next_page_elsewhere_gets_no_token(github: GithubServer, as_user) -> None:
    with GithubServer() as elsewhere:
        github.fail(status=200, body=[], headers={"Link": f'<{elsewhere.url}/next>; rel="next"'})
        with pytest.raises(ExternalError, match="names a next page at another address"):
            as_user().comments(1)
        assert elsewhere.seen == []


def test_a_redirect_elsewhere_gets_no_token(github: GithubServer, as_user) -> None:
    with GithubServer(check=False) as elsewhere:
        elsewhere.hub.add_pull("feature")
        github.fail(status=301, headers={"Location": elsewhere.url + COMMENTS})
        assert as_user().comments(1) == ()
        assert [seen.token for seen in elsewhere.seen] == [""]


def test_a_write_that_is_sent_elsewhere_is_not_taken_for_done(github: GithubServer, as_user) -> None:
    github.fail(method="POST", status=301, headers={"Location": f"{github.url}{COMMENTS}"})
    with pytest.raises(ExternalError, match="it has moved"):
        as_user().comment(1, "x")
    assert github.hub.comments == {}


def test_a_write_follows_a_renamed_repository(github: GithubServer, as_user) -> None:
    github.fail(method="POST", status=307, headers={"Location": f"{github.url}{COMMENTS}"})
    as_user().comment(1, "x")
    assert [comment["body"] for comment in github.hub.comments.values()] == ["x"]
