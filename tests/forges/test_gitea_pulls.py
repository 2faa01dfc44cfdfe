"""Pull requests and merging on Gitea, over a bare repository; what every forge does alike is in the scenarios."""

from __future__ import annotations

import pytest
from people import Person, git
from rigs.base import ADA, BOB, EVE
from rigs.gitea import GiteaRig

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import MergeMethod
from cdml.forges.gitea import GiteaForge


@pytest.fixture
def forge(gitea: GiteaRig, ada: Person) -> GiteaForge:
    """Gitea with the bare repository behind it."""
    gitea.hub.repo = ada.bare
    return gitea.forge()


def test_what_cannot_be_offered_is_said(forge: GiteaForge, ada: Person) -> None:
    ada.push("same", {"a.txt": "new\n"})
    ada.git("push", "--quiet", "origin", "origin/main:refs/heads/release/even")
    with pytest.raises(UsageError, match="cannot be merged into itself"):
        forge.open_pull("main", "main", "t", "")
    with pytest.raises(UsageError, match="nothing to merge: main already has every commit of release/even"):
        forge.open_pull("release/even", "main", "t", "")
    for source, target in (("nowhere", "main"), ("same", "nowhere")):
        with pytest.raises(UsageError, match="acme/churn has no branch 'nowhere'"):
            forge.open_pull(source, target, "t", "")
    with pytest.raises(UsageError, match="needs a title"):
        forge.open_pull("same", "main", " \n", "")


def test_a_release_that_compares_nothing_is_asked_for_its_branches(
    gitea: GiteaRig,
    forge: GiteaForge,
    ada: Person,
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    gitea.server.fail(path=".*/compare/.*", status=404, times=2)
    assert forge.open_pull("feature", "main", "t", "").number == 1
    with pytest.raises(UsageError, match="has no branch 'nowhere'"):
        forge.open_pull("nowhere", "main", "t", "")


def test_somebody_who_opens_it_first_is_followed(gitea: GiteaRig, forge: GiteaForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    gitea.server.once_before(*gitea.operations["open pull"], lambda: gitea.hub.add_pull("feature", login=BOB))
    made = forge.open_pull("feature", "main", "Mine", "")
    assert (made.number, made.title, made.author) == (1, "Mine", BOB)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_every_method_merges(forge: GiteaForge, ada: Person, method: MergeMethod) -> None:
    ada.push("feature", {"b.txt": "new\n"}, message="first step")
    head = ada.push("feature", {"c.txt": "new\n"}, base="origin/feature", message="second step")
    ada.push("main", {"d.txt": "new\n"}, message="main moves")
    forge.open_pull("feature", "main", "Better", "")
    done = forge.merge(1, method, head)
    assert (done.state, done.merged_as, done.head) == ("merged", ada.refs()["refs/heads/main"], head)
    assert forge.pull(1) == done
    commits = git(ada.bare, "rev-list", "--count", "main")
    assert commits == {"merge": "5", "squash": "3", "rebase": "4"}[method]


def test_a_conflict_changes_nothing(forge: GiteaForge, ada: Person, naps: list[float]) -> None:
    ada.push("feature", {"a.txt": "mine\n"})
    ada.push("main", {"a.txt": "theirs\n"})
    forge.open_pull("feature", "main", "Better", "")
    assert forge.pull(1).mergeable is False
    before = ada.refs()
    with pytest.raises(ExternalError, match=r"#1 conflicts with main.*; nothing has changed"):
        forge.merge(1, "merge")
    assert ada.refs() == before
    assert naps == [1.0, 2.0, 4.0]


def test_a_conflict_that_only_git_saw_is_one_too(
    gitea: GiteaRig,
    forge: GiteaForge,
    ada: Person,
    naps: list[float],
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    told = {"Style": "merge", "StdOut": "CONFLICT (content)", "StdErr": "", "Err": {}}
    gitea.server.fail(path=".*/merge", status=409, body=told)
    with pytest.raises(ExternalError, match=r"#1 conflicts with main"):
        forge.merge(1, "merge")
    assert naps == []


def test_a_merge_waits_until_the_forge_knows_whether_it_can(
    gitea: GiteaRig,
    forge: GiteaForge,
    ada: Person,
    naps: list[float],
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    gitea.hub.unknown = 2
    gitea.server.fail(method="POST", path=".*/merge", status=409, message="merge push out of date")
    assert forge.merge(1, "merge").state == "merged"
    assert naps == [1.0, 2.0]


def test_a_head_that_moves_while_it_is_merged_is_refused_by_the_forge(
    gitea: GiteaRig,
    forge: GiteaForge,
    ada: Person,
) -> None:
    reviewed = ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    tip = ada.refs()["refs/heads/main"]
    gitea.server.once_before("POST", ".*/merge", lambda: ada.push("feature", {"b.txt": "unseen\n"}))
    with pytest.raises(ExternalError, match=f"not {reviewed[:7]}; nothing has changed"):
        forge.merge(1, "merge")
    assert ada.refs()["refs/heads/main"] == tip


def test_rules_speak_for_themselves(gitea: GiteaRig, forge: GiteaForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    gitea.hub.methods = {"merge"}
    with pytest.raises(ExternalError, match="does not merge #1: squash is not allowed") as caught:
        forge.merge(1, "squash")
    assert "the ways to merge that are allowed" in caught.value.hint
    gitea.hub.blocked = "not all required status checks successful"
    with pytest.raises(ExternalError, match="not all required status checks") as caught:
        forge.merge(1, "merge")
    assert "the rules of main may ask for a review" in caught.value.hint
    gitea.hub.pulls[1]["title"] = "WIP: Better"
    assert forge.pull(1).draft
    with pytest.raises(ExternalError, match="Work in progress") as caught:
        forge.merge(1, "merge")
    assert "take WIP: or Draft: away" in caught.value.hint
    assert len([one for one in gitea.server.asked("POST") if one.endswith("/merge")]) == 3


def test_a_merge_after_which_nothing_can_be_read_is_said_to_be_done(
    gitea: GiteaRig,
    forge: GiteaForge,
    ada: Person,
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    gitea.server.once_before(
        "POST", ".*/merge", lambda: gitea.server.fail(method="GET", path=".*/pulls/1", status=502, times=9)
    )
    with pytest.raises(ExternalError, match=r"#1 is merged, but .*502"):
        forge.merge(1, "merge")


def test_what_is_not_open_is_not_merged_or_closed(forge: GiteaForge, ada: Person) -> None:
    for name in ("merged", "closed"):
        ada.push(name, {f"{name}.txt": "x\n"})
        forge.open_pull(name, "main", name, "")
    forge.merge(1, "merge")
    forge.close_pull(2, "no longer wanted")
    for number, state in ((1, "merged"), (2, "closed")):
        assert [one.number for one in forge.pulls("merged" if number == 1 else "closed")] == [number]
        for act in (lambda n: forge.close_pull(n, "x"), lambda n: forge.merge(n, "merge")):
            with pytest.raises(UsageError, match=f"#{number} is {state} already"):
                act(number)


def test_what_is_not_a_branch_of_ours_does_not_pass_for_one(
    gitea: GiteaRig,
    forge: GiteaForge,
    ada: Person,
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    head = ada.push("theirs", {"c.txt": "new\n"})
    gitea.hub.add_pull("feature", login=EVE, fork="eve/churn", sha=head)
    gitea.hub.add_pull("feature", login=EVE, fork="eve/churn", sha=head, gone=True)
    gitea.hub.add_pull("topic", login=EVE, agit=True, sha=head)
    found = [forge.pull(number) for number in (1, 2, 3)]
    assert [pull.source for pull in found] == ["eve:feature", "Ghost:feature", "eve:refs/pull/3/head"]
    assert all(pull.fork for pull in found)
    made = forge.open_pull("feature", "main", "Ours", "")
    assert (made.number, made.fork) == (4, False)


def test_a_branch_that_was_deleted_keeps_its_name(gitea: GiteaRig, forge: GiteaForge, ada: Person) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    ada.git("push", "--quiet", "origin", ":refs/heads/feature")
    found = forge.pull(1)
    assert (found.source, found.head, found.fork) == ("feature", head, False)


def test_pages_of_fifty_are_followed_and_both_names_of_a_file_count(gitea: GiteaRig) -> None:
    gitea.uncheck()
    gitea.hub.root = "http://gitea:3000"  # what the instance takes itself for
    for number in range(60):
        gitea.hub.add_pull(f"b{number}", login=ADA)
    found = gitea.forge().pulls()
    assert [pull.number for pull in found] == list(range(60, 0, -1))
    gitea.hub.pulls[1]["renamed"] = [{"filename": "new.py", "previous_filename": "old.py"}]
    assert gitea.forge().files(1) == ("new.py", "old.py", "params.yaml", "train.py")
