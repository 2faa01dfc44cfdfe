"""Work items on Azure Boards: one key, one open work item, and nobody else's is taken for it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rigs.azure import AzureRig

from cdml.core.errors import UsageError
from cdml.forges.azure_issues import key_of, tag_of
from cdml.forges.text import clean

KEY = "cdml:Churn:register"


def test_the_same_issue_again_writes_nothing(azure: AzureRig) -> None:
    first = azure.forge().open_issue(KEY, "t", "b\n")
    assert (first.key, first.body, first.open) == (KEY, "b\n", True)
    assert azure.forge().open_issue(KEY, "t", "b\n") == first
    assert azure.server.asked("PATCH") == []


def test_a_key_that_differs_in_capitals_is_another_one(azure: AzureRig) -> None:
    first = azure.forge().open_issue("churn", "t", "b")
    assert azure.forge().open_issue("Churn", "t", "b").number != first.number
    tags = [item["fields"]["System.Tags"].lower() for item in azure.hub.items.values()]
    assert len(set(tags)) == 2


def test_other_work_items_are_left_alone(azure: AzureRig) -> None:
    azure.hub.add_item("a person's", "cdml; urgent")
    azure.hub.add_item("another's", "")
    assert azure.forge().issues() == ()
    assert azure.forge().close_issue(KEY) is None


@pytest.mark.parametrize("state", ["Done", "Cut"])
def test_what_somebody_ended_is_not_open(azure: AzureRig, state: str) -> None:
    old = azure.forge().open_issue(KEY, "t", "b")
    azure.hub.items[old.number]["fields"]["System.State"] = state
    assert azure.forge().open_issue(KEY, "t", "b").number != old.number
    assert [issue.open for issue in azure.forge().issues()] == [True, False]


def test_what_somebody_works_on_is_still_open(azure: AzureRig) -> None:
    old = azure.forge().open_issue(KEY, "t", "b")
    azure.hub.items[old.number]["fields"]["System.State"] = "Doing"
    assert azure.forge().open_issue(KEY, "t", "c").number == old.number


def test_two_runs_that_open_it_at_once_leave_one(azure: AzureRig) -> None:
    other = azure.forge()
    azure.server.once_before(*azure.operations["open issue"], lambda: other.open_issue(KEY, "t", "quicker"))
    kept = azure.forge().open_issue(KEY, "t", "slower")
    assert (kept.number, kept.body) == (101, "slower")
    assert [item["fields"]["System.State"] for item in azure.hub.items.values()] == ["To Do", "Done"]


def test_a_server_that_knows_no_markdown_gets_the_words_as_they_are(azure: AzureRig) -> None:
    azure.hub.markdown = False
    first = azure.forge().open_issue(KEY, "t", "f1 < 0.8 & **worse**")
    (item,) = azure.hub.items.values()
    assert item["fields"]["System.Description"] == "<pre>f1 &lt; 0.8 &amp; **worse**</pre>"
    assert azure.forge().issues() == (first,)
    assert first.body == "f1 < 0.8 & **worse**"


def test_more_than_one_request_answers_are_read(azure: AzureRig) -> None:
    for number in range(450):
        azure.hub.add_item(f"old {number}", f"cdml; {tag_of(f'key {number}')}", "Done")
    assert len(azure.forge().issues()) == 450


@example("a;b, c")
@example("ÄÖ%41")
@given(st.text(max_size=40))
def test_any_key_comes_back_from_a_tag_without_capitals(key: str) -> None:
    tag = tag_of(key)
    assert key_of(f"urgent; {tag}; later") == clean(key)
    assert not set(tag) & set(";,'GHIJKLMNOPQRSTUVWXYZ")


def test_a_key_that_is_no_tag_is_refused() -> None:
    with pytest.raises(UsageError, match="longer than"):
        tag_of("x" * 400)
