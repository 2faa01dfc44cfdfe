"""Comments on GitLab beside what holds of every forge: its commands in a line of text, notes of its own."""

from __future__ import annotations

import re

import pytest
from gitlab_state import ACTIONS
from hypothesis import example, given
from hypothesis import strategies as st
from rigs.base import ADA, BOT
from rigs.gitlab import GitlabRig

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.gitlab_text import GITLAB_FLAVOURED, fit

MARK = "<!-- cdml:churn -->"


@pytest.fixture
def pull(gitlab: GitlabRig) -> int:
    return gitlab.add_pull("feature")


def test_lines_that_are_gitlabs_commands_are_words_and_nothing_else(gitlab: GitlabRig, pull: int) -> None:
    words = "see\n/merge\n  /close\n\0/approve\n\r/label ~bug\r\n```\n/assign @eve\n```\n/Target_Branch main"
    gitlab.forge().comment(pull, words, MARK)
    gitlab.forge().comment(pull, f"again\n{words}", MARK)
    gitlab.forge().open_issue("k", "t", words)
    gitlab.forge().open_pull("feature", "main", "t", words)
    gitlab.add_branch("other")
    gitlab.forge().open_pull("other", "main", "t", words)
    assert gitlab.lab.carried_out == []
    ((_, body),) = gitlab.comments(pull)
    assert re.findall(r"\\/(\w+)", body) == ["merge", "close", "approve", "label", "assign", "Target_Branch"]


def test_a_path_and_a_command_of_ours_at_the_beginning_of_a_line_stay_as_they_are() -> None:
    for text in (
        "/cdml retrain",
        "/builds/acme/train.py:3: error",
        "a /merge in a line",
        "//merge",
        "/",
        "/2 of it",
    ):
        assert fit(text) == text


@example("/close")
@example("\r/close")
@example("\0/merge now")
@example("x\n\r\r/label ~a\r")
@given(st.text(alphabet=st.sampled_from("/closemrg \n\r\0\t\\`x"), max_size=60) | st.text(max_size=60))
def test_no_text_is_ever_a_command(text: str) -> None:
    assert ACTIONS.search(fit(text).replace("\r", "")) is None


def test_what_gitlab_itself_notes_is_no_comment(gitlab: GitlabRig, pull: int) -> None:
    noted = gitlab.lab.add_comment(pull, "added 1 commit", gitlab.author(ADA), system=True)["id"]
    gitlab.forge().comment(pull, "ours", MARK)
    assert [found.body for found in gitlab.forge().comments(pull)] == [f"{MARK}\nours"]
    with pytest.raises(UsageError, match=f"merge request !1 has no comment {noted}"):
        gitlab.forge().find_comment(pull, noted)


def test_notes_of_gitlab_are_left_out_even_by_one_that_does_not_know_the_filter(
    gitlab: GitlabRig, pull: int
) -> None:
    gitlab.lab.add_comment(pull, "added 1 commit", system=True)
    gitlab.add_comment(pull, "hello")
    path = gitlab.server.project(f"/merge_requests/{pull}/notes")
    shown = gitlab.forge().api.rest.send("GET", f"{gitlab.forge().api.root}/merge_requests/{pull}/notes").data
    assert len(shown) == 2
    gitlab.server.fail(method="GET", path=path, status=200, body=shown)
    assert [found.body for found in gitlab.forge().comments(pull)] == ["hello"]


def test_a_comment_has_the_address_of_its_note(gitlab: GitlabRig, pull: int) -> None:
    made = gitlab.forge().comment(pull, "x")
    assert made.url == f"https://gitlab.com/acme/churn/-/merge_requests/{pull}#note_{made.id}"


def test_who_comes_second_looks_only_at_what_is_newer(gitlab: GitlabRig, pull: int) -> None:
    gitlab.uncheck()
    for number in range(250):
        gitlab.add_comment(pull, f"comment {number}")
    before = len(gitlab.server.seen)
    gitlab.forge().comment(pull, "first", MARK)
    asked = gitlab.server.seen[before:]
    # Three pages to see that there is none, one to write it, one to see that nobody was quicker.
    assert [seen.method for seen in asked] == ["GET", "GET", "GET", "POST", "GET"]
    other = gitlab.forge()
    gitlab.server.once_before(
        *gitlab.operations["create comment"], lambda: other.comment(pull, "quicker", "<!-- cdml:x -->")
    )
    gitlab.forge().comment(pull, "slower", "<!-- cdml:x -->")
    assert gitlab.comments(pull)[250:] == [(BOT, f"{MARK}\nfirst"), (BOT, "<!-- cdml:x -->\nslower")]


def test_a_sign_that_is_there_already_is_no_error(gitlab: GitlabRig, pull: int) -> None:
    identity = gitlab.add_comment(pull, "/cdml help")
    for sign in ("seen", "seen", "done", "failed", "done"):
        gitlab.forge().react(pull, identity, sign)
    assert gitlab.reactions(pull, identity) == {"seen", "done", "failed"}
    assert not gitlab.forge().find_comment(pull, identity).edited
    with pytest.raises(ExternalError, match="no such thing"):
        gitlab.forge().react(pull, 987_654, "seen")


def test_a_report_may_be_as_long_as_a_note(gitlab: GitlabRig) -> None:
    assert GITLAB_FLAVOURED.longest == 1_000_000
    assert len(fit("/merge\n" * 200_000)) <= GITLAB_FLAVOURED.longest
