"""Comments on GitHub: one that stays, edited in place, whoever else writes there."""

from __future__ import annotations

import pytest
from github_server import GithubServer
from github_state import BOT

from cdml.core.errors import ExternalError

MARK = "<!-- cdml:churn -->"
COMMENTS = "/repos/acme/churn/issues/1/comments"


@pytest.fixture(autouse=True)
def _pull(github: GithubServer) -> None:
    github.hub.add_pull("feature")


def bodies(github: GithubServer) -> list[tuple[str, str]]:
    return [(c["login"], c["body"]) for c in github.hub.comments.values()]


def test_a_sticky_comment_is_written_once_and_edited_in_place(github: GithubServer, as_user) -> None:
    first = as_user().comment(1, f"{MARK}\nfirst", MARK)
    again = as_user().comment(1, "second", MARK)
    assert (again.id, again.author, again.body) == (first.id, BOT, f"{MARK}\nsecond")
    assert again.updated > again.created == first.created
    assert bodies(github) == [(BOT, f"{MARK}\nsecond")]


def test_the_same_words_again_write_nothing(github: GithubServer, as_user) -> None:
    first = as_user().comment(1, "words\n", MARK)
    assert as_user().comment(1, "words\n", MARK) == first
    assert github.asked("PATCH") == []


def test_without_a_marker_every_comment_is_a_new_one(github: GithubServer, as_user) -> None:
    as_user().comment(1, "one")
    as_user("ghp_ada").comment(1, "one")
    assert bodies(github) == [(BOT, "one"), ("ada", "one")]
    assert [c.author for c in as_user().comments(1)] == [BOT, "ada"]


def test_a_marker_in_somebody_elses_comment_is_not_adopted(github: GithubServer, as_user) -> None:
    for login in ("eve", "github-actions", "ada"):
        github.hub.add_comment(1, f"{MARK}\nmine now", login)
    github.hub.add_comment(1, f"I like {MARK}", BOT)
    as_user().comment(1, "ours", MARK)
    as_user().comment(1, "ours again", MARK)
    assert [body for login, body in bodies(github) if login == BOT] == [f"I like {MARK}", f"{MARK}\nours again"]
    assert len(github.hub.comments) == 5


def test_each_person_and_the_workflow_keep_their_own(github: GithubServer, as_user) -> None:
    for token in ("ghp_ada", "ghs_bot", "ghp_bob", "ghp_ada", "ghs_bot", "ghp_bob"):
        as_user(token).comment(1, f"by {token} {len(github.seen)}", MARK)
    assert [login for login, _ in bodies(github)] == ["ada", BOT, "bob"]


def test_a_token_of_an_app_is_known_by_its_own_name(github: GithubServer, as_user) -> None:
    github.hub.tokens = {"app-token": "our-app[bot]"}
    github.hub.add_comment(1, f"{MARK}\nnot the app's", BOT)
    as_user("app-token").comment(1, "one", MARK)
    as_user("app-token").comment(1, "two", MARK)
    assert bodies(github)[1:] == [("our-app[bot]", f"{MARK}\ntwo")]


def test_an_instance_that_tells_no_name_is_taken_for_the_workflow(github: GithubServer, as_user) -> None:
    github.hub.add_comment(1, f"{MARK}\nold", BOT)
    github.fail(path="/graphql", status=404)
    as_user().comment(1, "new", MARK)
    assert bodies(github) == [(BOT, f"{MARK}\nnew")]
    assert github.asked("DELETE") == []


def test_two_runs_that_write_first_leave_one_comment(github: GithubServer, as_user) -> None:
    other = as_user()
    github.once_before("POST", COMMENTS, lambda: other.comment(1, "quicker", MARK))
    kept = as_user().comment(1, "slower", MARK)
    assert bodies(github) == [(BOT, f"{MARK}\nslower")]
    assert [kept.id] == list(github.hub.comments)


def test_a_comment_that_is_deleted_meanwhile_is_written_again(github: GithubServer, as_user) -> None:
    old = as_user().comment(1, "old", MARK)
    github.once_before("PATCH", ".*", lambda: github.hub.comments.pop(old.id))
    as_user().comment(1, "new", MARK)
    assert bodies(github) == [(BOT, f"{MARK}\nnew")]


def test_a_comment_on_the_second_page_is_found(github: GithubServer, as_user) -> None:
    for number in range(130):
        github.hub.add_comment(1, f"comment {number}")
    as_user().comment(1, "first", MARK)
    as_user().comment(1, "second", MARK)
    assert bodies(github)[130:] == [(BOT, f"{MARK}\nsecond")]
    assert len(as_user().comments(1)) == 131


def test_a_thousand_comments_cost_at_most_twelve_requests(github: GithubServer, as_user) -> None:
    github.check = False  # the pages are like those of the other tests, only many
    for number in range(999):
        github.hub.add_comment(1, f"comment {number}")
    github.hub.add_comment(1, f"{MARK}\nfirst", BOT)
    as_user().comment(1, "second", MARK)
    assert github.hub.comments[1100]["body"] == f"{MARK}\nsecond"
    assert len(github.seen) <= 12


def test_a_body_that_is_too_long_is_cut_between_lines(github: GithubServer, as_user) -> None:
    as_user().comment(1, "a line of ä\n" * 9_000, MARK)
    (_, body), *_ = bodies(github)
    assert 65_000 < len(body) <= 65_536
    assert body.startswith(MARK)
    assert body.endswith("a line of ä\n\n(The rest is too long for GitHub.)")


def test_any_text_can_be_sent(github: GithubServer, as_user) -> None:
    as_user().comment(1, "nul \0 half \udc80 ünï 🟡", MARK)
    assert bodies(github) == [(BOT, f"{MARK}\nnul  half ? ünï 🟡")]


def test_a_pull_request_that_is_not_there_is_said(as_user) -> None:
    with pytest.raises(ExternalError, match=r"no such thing \(GET /repos/acme/churn/issues/9/comments: 404"):
        as_user().comment(9, "x", MARK)
