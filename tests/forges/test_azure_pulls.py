"""Pull requests, statuses and merging on Azure Repos, over a bare repository; the rest is in the scenarios."""

from __future__ import annotations

import pytest
from people import Person, git
from rigs.azure import AzureRig
from rigs.base import ADA, BOB, EVE

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.azure import AzureForge
from cdml.forges.base import MergeMethod, Status

GREEN = Status("cdml/churn", "success", "2 gates pass", "https://ci.example/1")


@pytest.fixture
def forge(azure: AzureRig, ada: Person) -> AzureForge:
    """Azure Repos with the bare repository behind it."""
    azure.hub.repo = ada.bare
    return azure.forge()


def test_what_cannot_be_offered_is_said(forge: AzureForge, ada: Person) -> None:
    ada.push("same", {"a.txt": "new\n"})
    ada.git("push", "--quiet", "origin", "origin/main:refs/heads/release/even")
    with pytest.raises(UsageError, match="cannot be merged into itself"):
        forge.open_pull("main", "main", "t", "")
    with pytest.raises(UsageError, match="nothing to merge: main already has every commit of release/even"):
        forge.open_pull("release/even", "main", "t", "")
    for source, target in (("nowhere", "main"), ("same", "nowhere")):
        with pytest.raises(UsageError, match="churn/churn has no branch 'nowhere'"):
            forge.open_pull(source, target, "t", "")
    with pytest.raises(UsageError, match="needs a title"):
        forge.open_pull("same", "main", " \n", "")


def test_long_words_are_cut_to_what_azure_takes(forge: AzureForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    made = forge.open_pull("feature", "main", "t" * 500, "a line of ä\n" * 1000)
    assert len(made.title) == 400
    assert made.body.endswith("(The rest is too long for Azure DevOps.)")


def test_somebody_who_opens_it_first_is_followed(azure: AzureRig, forge: AzureForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    azure.server.once_before(
        *azure.operations["open pull"], lambda: azure.hub.add_pull("feature", login=azure.author(BOB))
    )
    made = forge.open_pull("feature", "main", "Mine", "")
    assert (made.number, made.title, made.author) == (1, "Mine", azure.author(BOB))


def test_a_forks_branch_does_not_pass_for_ours(azure: AzureRig, forge: AzureForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    head = ada.push("theirs", {"c.txt": "new\n"})
    azure.hub.add_pull("feature", login=azure.author(EVE), fork="eve-churn", sha=head)
    found = forge.pull(1)
    assert (found.source, found.fork, found.head) == ("eve@example.com:feature", True, head)
    assert forge.open_pull("feature", "main", "Ours", "").number == 2


@pytest.mark.parametrize("times", [1, 3])
def test_the_head_is_the_branch_s_while_its_trial_merge_lags(
    azure: AzureRig, forge: AzureForge, ada: Person, naps: list[float], times: int
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "t", "")
    azure.hub.lagging = times
    head = ada.push("feature", {"b.txt": "newer\n"}, base="origin/feature")
    assert forge.pull(1).head == head
    merged = forge.merge(1, "merge", head)  # the first attempts are refused as stale
    assert naps == [1.0, 2.0, 4.0][:times]
    assert merged.merged_as == ada.refs()["refs/heads/main"]
    assert git(ada.bare, "show", "main:b.txt") == "newer"


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_every_method_merges(forge: AzureForge, ada: Person, method: MergeMethod) -> None:
    ada.push("feature", {"b.txt": "new\n"}, message="first step")
    head = ada.push("feature", {"c.txt": "new\n"}, base="origin/feature", message="second step")
    ada.push("main", {"d.txt": "new\n"}, message="main moves")
    forge.open_pull("feature", "main", "Better", "")
    done = forge.merge(1, method, head)
    assert (done.state, done.merged_as, done.head) == ("merged", ada.refs()["refs/heads/main"], head)
    assert forge.pull(1) == done
    commits = git(ada.bare, "rev-list", "--count", "main")
    assert commits == {"merge": "5", "squash": "3", "rebase": "4"}[method]
    for act in (lambda: forge.close_pull(1, "x"), lambda: forge.merge(1, "merge")):
        with pytest.raises(UsageError, match="#1 is merged already"):
            act()


def test_a_completion_that_is_answered_before_it_is_done_is_waited_for(
    azure: AzureRig, forge: AzureForge, ada: Person, naps: list[float]
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "t", "")
    azure.hub.unknown = 4
    assert forge.merge(1, "merge").merged_as == ada.refs()["refs/heads/main"]
    assert naps == [1.0, 2.0, 4.0]


def test_a_head_that_moves_while_a_completion_waits_is_told(
    azure: AzureRig, forge: AzureForge, ada: Person
) -> None:
    reviewed = ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "t", "")
    forge.pull(1)
    azure.hub.unknown = 99
    method, path = azure.operations["merge"]
    azure.server.once_before(
        method,
        path,
        lambda: azure.server.once_before("GET", ".*/refs", lambda: ada.push("feature", {"b.txt": "unseen\n"})),
    )
    with pytest.raises(ExternalError, match=f"now offers .*, not {reviewed[:7]}"):
        forge.merge(1, "merge")


def test_a_completion_that_never_ends_is_said(azure: AzureRig, forge: AzureForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "t", "")
    azure.hub.unknown = 99
    with pytest.raises(ExternalError, match="has not completed #1 yet"):
        forge.merge(1, "merge")


def test_a_conflict_changes_nothing(forge: AzureForge, ada: Person) -> None:
    ada.push("feature", {"a.txt": "mine\n"})
    ada.push("main", {"a.txt": "theirs\n"})
    forge.open_pull("feature", "main", "Better", "")
    before = ada.refs()
    assert forge.pull(1).mergeable is False
    with pytest.raises(ExternalError, match=r"#1 conflicts with main.*; nothing has changed"):
        forge.merge(1, "merge")
    assert ada.refs() == before


def test_a_policy_speaks_for_itself(azure: AzureRig, forge: AzureForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    azure.hub.blocked = "two reviewers"
    with pytest.raises(ExternalError, match="does not complete #1: a policy of the branch forbids it") as caught:
        forge.merge(1, "merge")
    assert "policies of main" in caught.value.hint


@pytest.mark.parametrize("status", [400, 409])
def test_what_is_refused_twice_is_said_in_azures_words(
    azure: AzureRig, forge: AzureForge, ada: Person, naps: list[float], status: int
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    azure.server.fail(method="PATCH", status=status, message="no such strategy", times=9)
    with pytest.raises(ExternalError, match="does not complete #1: no such strategy"):
        forge.merge(1, "merge")
    assert naps == [1.0]


def test_a_head_that_moves_while_it_is_merged_is_refused_by_azure(
    azure: AzureRig, forge: AzureForge, ada: Person
) -> None:
    reviewed = ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    tip = ada.refs()["refs/heads/main"]
    azure.server.once_before(*azure.operations["merge"], lambda: ada.push("feature", {"b.txt": "unseen\n"}))
    with pytest.raises(ExternalError, match=f"not {reviewed[:7]}; nothing has changed"):
        forge.merge(1, "merge")
    assert ada.refs()["refs/heads/main"] == tip


def test_files_of_every_kind_of_change_are_named(azure: AzureRig, forge: AzureForge, ada: Person) -> None:
    ada.push("main", {"keep.txt": "a\nb\nc\n"})
    ada.git("fetch", "--quiet")
    ada.git("checkout", "--quiet", "-b", "feature", "origin/main")
    ada.git("mv", "keep.txt", "moved.txt")
    ada.git("rm", "--quiet", "a.txt")
    ada.git("commit", "--quiet", "-m", "moves")
    ada.git("push", "--quiet", "origin", "feature")
    number = azure.hub.add_pull("feature", login=azure.author(ADA))["number"]
    assert forge.files(number) == ("a.txt", "keep.txt", "moved.txt")


def test_files_beyond_a_page_are_named(azure: AzureRig) -> None:
    number = azure.add_pull("feature")
    azure.hub.changed = [("add", f"/data/{index:05}.csv", "") for index in range(4100)]
    assert len(azure.forge().files(number)) == 4100


def test_the_second_page_of_pull_requests_is_read(azure: AzureRig) -> None:
    azure.uncheck()
    for number in range(120):
        azure.add_branch(f"b{number}")
        azure.hub.add_pull(f"b{number}")
    assert [pull.number for pull in azure.forge().pulls()] == list(range(120, 0, -1))


def test_a_status_stands_on_the_pull_request_too_and_on_the_push_that_brought_it(
    azure: AzureRig, forge: AzureForge, ada: Person
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "t", "")
    head = ada.push("feature", {"b.txt": "newer\n"}, base="origin/feature")
    ada.push("other", {"o.txt": "new\n"})
    forge.open_pull("other", "main", "t", "")
    forge.set_status(head, GREEN)
    of_pull = [s for s in azure.hub.statuses if "pull" in s]
    assert [(s["pull"], s["iterationId"], s["context"]) for s in of_pull] == [
        (1, 2, {"genre": "cdml", "name": "churn"})
    ]
    assert forge.statuses(head) == (GREEN,)


def test_many_statuses_of_one_commit_look_for_pull_requests_once(azure: AzureRig) -> None:
    number, forge = azure.add_pull("feature"), azure.forge()
    head = forge.pull(number).head
    before = len(azure.server.seen)
    for name in ("cdml", "cdml/churn", "cdml/churn: f1"):
        forge.set_status(head, Status(name, "pending", "training"))
    asked = [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in azure.server.seen[before:]]
    assert asked == ["POST statuses", "GET pullrequests", "GET iterations", *["POST statuses"] * 5]


def test_a_pull_request_that_is_opened_between_two_statuses_gets_the_second(
    azure: AzureRig, forge: AzureForge, ada: Person
) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    ada.push("release", {"r.txt": "r\n"})
    for number, target in ((0, ""), (1, "main"), (2, "release")):
        if target:
            forge.open_pull("feature", target, "t", "")
        before = len(azure.hub.statuses)
        forge.set_status(head, GREEN)
        assert {s["pull"] for s in azure.hub.statuses[before:] if "pull" in s} == set(range(1, number + 1))


@pytest.mark.parametrize("name", ["cdml", "cdml/churn", "/odd", "odd/", "a/b/c", "cdml: roc_auc / f1"])
def test_any_context_comes_back(azure: AzureRig, name: str) -> None:
    azure.forge().set_status("a" * 40, Status(name, "error", "ä" * 141))
    (found,) = azure.forge().statuses("a" * 40)
    assert (found.context, found.state, len(found.description)) == (name, "error", 140)


def test_a_build_is_queued_again_by_its_policy(azure: AzureRig) -> None:
    forge = azure.forge()
    pull = forge.pull(azure.add_pull("feature"))
    assert forge.start_run(pull, {}) == f"{azure.server.collection}/churn/_build/results?buildId=77"
    assert len(azure.hub.dispatches) == 1
    azure.hub.policy = False
    with pytest.raises(UsageError, match="no build validation 'cdml gate' judges pull requests against main"):
        forge.start_run(pull, {})


def test_who_may_not_start_a_build_is_told_the_right(azure: AzureRig) -> None:
    forge = azure.forge()
    pull = forge.pull(azure.add_pull("feature"))
    azure.deny()
    with pytest.raises(ExternalError, match="lacks the right 'Queue builds'"):
        forge.start_run(pull, {})
