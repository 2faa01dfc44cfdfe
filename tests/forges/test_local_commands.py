"""What commands in comments need of the local forge: changed files, one comment by its id, and no CI to ask."""

from __future__ import annotations

import pytest
from people import Person

from cdml.core.errors import UsageError
from cdml.forges.base import MergeMethod, Status

MARK = "<!-- cdml:churn -->"
METHODS: tuple[MergeMethod, ...] = ("merge", "squash", "rebase")


def test_files_are_those_that_changed_since_the_branch_left_its_target(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n", "a.txt": "one\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    bob.push("main", {"c.txt": "theirs\n"})
    assert bob.forge.files(1) == ("a.txt", "b.txt")


@pytest.mark.parametrize("method", METHODS)
def test_files_stay_what_they_were_after_the_merge(ada: Person, method: MergeMethod) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    ada.push("main", {"c.txt": "theirs\n"})
    ada.forge.merge(1, method)
    assert ada.forge.files(1) == ("b.txt",)


def test_a_comment_is_found_by_its_id(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    ada.forge.comment(1, "first")
    second = bob.forge.comment(1, "/cdml help")
    assert ada.forge.find_comment(1, second.id) == second
    assert not second.edited
    with pytest.raises(UsageError, match="no comment 9"):
        ada.forge.find_comment(1, 9)


def test_the_known_comment_is_edited_by_everybody_and_any_other_by_its_author(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    first = ada.forge.comment(1, f"{MARK}\nred", MARK)
    plain = ada.forge.comment(1, "not the one")
    assert bob.forge.comment(1, f"{MARK}\ngreen", MARK, first.id).id == first.id
    assert bob.forge.comment(1, f"{MARK}\ngreen", MARK, plain.id).id not in (first.id, plain.id)
    assert [c.body.rpartition("\n")[2] for c in ada.forge.comments(1)] == ["green", "not the one", "green"]


def test_whoever_comments_may_write_and_there_is_no_ci_to_ask(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    pull = ada.forge.open_pull("feature", "main", "title", "")
    before = ada.refs()
    ada.forge.react(1, 1, "seen")
    assert ada.refs() == before
    assert ada.forge.may_write("anybody")
    with pytest.raises(UsageError, match="no CI"):
        ada.forge.start_run(pull, {})


def test_a_status_keeps_its_address(ada: Person) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    status = Status("cdml", "success", "better", "https://ci.example/7")
    ada.forge.set_status(head, status)
    assert ada.forge.statuses(head) == (status,)
