"""Threads on Azure Repos: what every forge does alike is in the scenarios."""

from __future__ import annotations

import pytest
from azure_state import PER_THREAD
from rigs.azure import AzureRig
from rigs.base import ADA, BOB, BOT

from cdml.core.errors import UsageError

MARK = "<!-- cdml:churn -->"
BAD, GOOD = "### 🔴 churn: roc_auc is worse", "### 🟢 churn: better on roc_auc"


@pytest.fixture
def pull(azure: AzureRig) -> int:
    return azure.add_pull("feature")


def status(azure: AzureRig, identity: int) -> str:
    return str(azure.hub.threads[identity // PER_THREAD]["status"])


def test_a_thread_is_open_while_a_gate_fails_and_closed_when_it_passes(azure: AzureRig, pull: int) -> None:
    made = azure.forge().comment(pull, BAD, MARK)
    assert status(azure, made.id) == "active"
    azure.forge().comment(pull, f"{GOOD}\n\nA 🔴 in its history.", MARK)
    assert status(azure, made.id) == "closed"
    azure.forge().comment(pull, BAD, MARK, made.id)
    assert status(azure, made.id) == "active"


def test_a_thread_that_somebody_resolved_is_opened_again_by_a_failing_gate_alone(
    azure: AzureRig, pull: int
) -> None:
    made = azure.forge().comment(pull, BAD, MARK)
    azure.hub.threads[made.id // PER_THREAD]["status"] = "wontFix"
    azure.forge().comment(pull, BAD, MARK)
    assert status(azure, made.id) == "active"
    azure.hub.threads[made.id // PER_THREAD]["status"] = "fixed"
    azure.forge().comment(pull, GOOD, MARK)
    assert status(azure, made.id) == "fixed"


def test_a_comment_that_only_tells_holds_no_merge(azure: AzureRig, pull: int) -> None:
    assert status(azure, azure.forge().comment(pull, "❌ f1 cannot be waived by its author").id) == "closed"


def test_a_command_s_thread_is_resolved_and_a_reply_s_is_left_as_it_was(azure: AzureRig, pull: int) -> None:
    own = azure.add_comment(pull, "/cdml help")
    review = azure.add_comment(pull, "Why so deep?")
    azure.hub.add_reply(review // PER_THREAD, "/cdml help", azure.author(BOB))
    for identity in (own, review + 1):
        azure.forge().react(pull, identity, "seen")
        azure.forge().react(pull, identity, "failed")
    assert (status(azure, own), status(azure, review)) == ("active", "active")
    for identity in (own, review + 1):
        azure.forge().react(pull, identity, "done")
    assert (status(azure, own), status(azure, review)) == ("fixed", "active")
    assert azure.forge().find_comment(pull, review + 1).author == azure.author(BOB)
    assert not azure.forge().find_comment(pull, own).edited  # a like is no edit


def test_a_remark_on_code_is_not_resolved_by_a_command(azure: AzureRig, pull: int) -> None:
    remark = azure.add_comment(pull, "/cdml help")
    azure.hub.threads[remark // PER_THREAD]["context"] = {"filePath": "/train.py"}
    azure.forge().react(pull, remark, "done")
    assert status(azure, remark) == "active"


def test_what_the_service_notes_is_no_comment(azure: AzureRig, pull: int) -> None:
    azure.hub.add_thread(pull, f"{MARK}\nthe policy was updated", azure.author(BOT), kind="system")
    assert azure.forge().comments(pull) == ()
    azure.forge().comment(pull, "ours", MARK)
    assert azure.comments(pull) == [(BOT, f"{MARK}\nours")]


def test_a_name_like_ours_is_not_us(azure: AzureRig, pull: int) -> None:
    foreign = azure.add_comment(pull, f"{MARK}\nhers", ADA)
    azure.hub.people[azure.author(ADA)]["shown"] = azure.author(BOT)
    made = azure.forge().comment(pull, "ours", MARK, foreign)
    assert azure.comments(pull) == [(ADA, f"{MARK}\nhers"), (BOT, f"{MARK}\nours")]
    assert made.author == azure.author(BOT)


def test_the_length_is_counted_as_the_service_counts_it(azure: AzureRig, pull: int) -> None:
    azure.forge().comment(pull, "🟡" * 1500 + "\n" + "a line\n" * 25_000, MARK)
    assert len(azure.comments(pull)) == 1


def test_a_deleted_comment_keeps_its_place_and_is_none(azure: AzureRig, pull: int) -> None:
    identity = azure.add_comment(pull, "/cdml help")
    azure.delete_comment(pull, identity)
    assert azure.forge().comments(pull) == ()
    with pytest.raises(UsageError, match=f"has no comment {identity}"):
        azure.forge().find_comment(pull, identity)


def test_a_comment_s_address_is_its_thread(azure: AzureRig, pull: int) -> None:
    made = azure.forge().comment(pull, "words")
    assert (
        made.url
        == f"{azure.server.collection}/churn/_git/churn/pullrequest/1?discussionId={made.id // PER_THREAD}"
    )
