"""Issues on GitHub: one key, one open issue, and nobody else's is taken for it."""

from __future__ import annotations

import pytest
from github_server import GithubServer
from github_state import BOT
from hypothesis import example, given
from hypothesis import strategies as st

from cdml.forges.keyed import key_of, with_key
from cdml.forges.text import clean

ISSUES = "/repos/acme/churn/issues"
KEY = "cdml:churn:register"


def test_one_key_has_one_open_issue(github: GithubServer, as_user) -> None:
    first = as_user().open_issue(KEY, "Not\nregistered", "why\nand more")
    assert (first.number, first.key, first.title, first.open) == (1, KEY, "Not registered", True)
    assert first.body == "why\nand more"
    again = as_user("ghp_ada").open_issue(KEY, "Still not registered", "worse")
    assert (again.number, again.body) == (1, "worse")
    other = as_user().open_issue("other", "Other", "")
    assert as_user().issues() == (other, again)


def test_the_same_issue_again_writes_nothing(github: GithubServer, as_user) -> None:
    first = as_user().open_issue(KEY, "t", "b\n")
    assert as_user().open_issue(KEY, "t", "b\n") == first
    assert github.asked("PATCH") == []


def test_a_closed_issue_is_followed_by_a_new_one(as_user) -> None:
    as_user().open_issue(KEY, "t", "b")
    closed = as_user().close_issue(KEY)
    assert closed is not None
    assert (closed.number, closed.open, closed.key) == (1, False, KEY)
    assert as_user().close_issue(KEY) is None
    assert as_user().open_issue(KEY, "t", "b").number == 2
    assert [(issue.number, issue.open) for issue in as_user().issues()] == [(2, True), (1, False)]


def test_a_strangers_issue_and_a_pull_request_are_not_taken_for_ours(github: GithubServer, as_user) -> None:
    github.hub.outsiders = {"eve"}
    github.hub.add_issue("hers", with_key(KEY, "mine now"), "eve")
    github.hub.add_pull("feature", body=with_key(KEY, "x"))
    github.hub.add_issue("a person's", "no line of ours", "ada")
    assert as_user().close_issue(KEY) is None
    assert as_user().open_issue(KEY, "t", "b").number == 4
    assert github.hub.issues[1]["state"] == "open"


def test_two_runs_that_open_it_at_once_leave_one(github: GithubServer, as_user) -> None:
    other = as_user()
    github.once_before("POST", ISSUES, lambda: other.open_issue(KEY, "t", "quicker"))
    kept = as_user().open_issue(KEY, "t", "slower")
    assert (kept.number, kept.body) == (1, "slower")
    assert [(i["number"], i["state"], i["login"]) for i in github.hub.issues.values()] == [
        (1, "open", BOT),
        (2, "closed", BOT),
    ]


@pytest.mark.parametrize("number", [120])
def test_an_issue_behind_a_page_of_others_is_found(github: GithubServer, as_user, number: int) -> None:
    for each in range(number):
        github.hub.add_issue(f"issue {each}", "x")
    as_user().open_issue(KEY, "t", "b")
    assert as_user().open_issue(KEY, "t", "c").number == number + 1


@example("a\nb", "")
@example("x --> y", "")
@example("100%41", "")
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_key_comes_back_and_ends_its_own_line_only(key: str, body: str) -> None:
    body = with_key(key, "words")
    line = body.partition("\n")[0]
    assert line.startswith("<!-- ")
    assert line.index("-->") == len(line) - 3
    assert key_of(body) == clean(key)
