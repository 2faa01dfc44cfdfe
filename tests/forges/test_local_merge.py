"""Merges of the local forge: what each method leaves, and that a merge happens whole or not at all."""

from __future__ import annotations

import pytest
from people import Person, git

from cdml.core.errors import ExternalError, UsageError
from cdml.forges import local_pulls
from cdml.forges.base import MergeMethod

METHODS: tuple[MergeMethod, ...] = ("merge", "squash", "rebase")


def two_commits(person: Person) -> str:
    """A branch of two commits on a main that has moved on since; answers its head."""
    person.push("feature", {"b.txt": "new\n"}, message="first step\n\nwith a body")
    head = person.push("feature", {"a.txt": "one\ntwo\nTHREE\n"}, base="origin/feature", message="second step")
    person.push("main", {"a.txt": "ONE\ntwo\nthree\n"}, message="main moves")
    return head


def log(person: Person, revision: str, form: str = "%s") -> list[str]:
    return git(person.bare, "log", f"--format={form}", revision).splitlines()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_ends_in_the_same_tree(ada: Person, bob: Person, method: MergeMethod) -> None:
    head = two_commits(ada)
    ada.forge.open_pull("feature", "main", "Better", "")
    done = bob.forge.merge(1, method)
    assert (done.state, done.merged_as, done.head) == ("merged", ada.refs()["refs/heads/main"], head)
    assert ada.forge.pull(1) == done
    assert git(ada.bare, "show", "main:a.txt") == "ONE\ntwo\nTHREE"
    assert git(ada.bare, "ls-tree", "--name-only", "main").split() == ["a.txt", "b.txt"]
    assert ada.refs()["refs/heads/feature"] == head


def test_a_merge_commit_has_both_parents_and_a_forges_words(ada: Person, bob: Person) -> None:
    head = two_commits(ada)
    tip = ada.refs()["refs/heads/main"]
    ada.forge.open_pull("feature", "main", "Better", "why")
    bob.forge.merge(1, "merge")
    assert log(ada, "main^!", "%P") == [f"{tip} {head}"]
    assert git(ada.bare, "log", "-1", "--format=%B%an", "main") == (
        "Merge pull request #1 from feature\n\nBetter\nBob"
    )


def test_a_squash_is_one_commit_by_who_wrote_it(ada: Person, bob: Person) -> None:
    two_commits(ada)
    tip = ada.refs()["refs/heads/main"]
    ada.forge.open_pull("feature", "main", "Better", "why\n\nso")
    bob.forge.merge(1, "squash")
    assert log(ada, "main^!", "%P") == [tip]
    assert git(ada.bare, "log", "-1", "--format=%B%an, %cn", "main") == "Better (#1)\n\nwhy\n\nso\nAda, Bob"


def test_a_rebase_keeps_each_commit_its_author_date_and_message(ada: Person, bob: Person) -> None:
    two_commits(ada)
    ada.forge.open_pull("feature", "main", "Better", "")
    bob.forge.merge(1, "rebase")
    form = "%an %ae %at %B"
    assert log(ada, "main~2..main", form) == log(ada, "feature~2..feature", form)
    assert log(ada, "main") == ["second step", "first step", "main moves", "first"]
    assert log(ada, "main~2..main", "%cn %P")[1].split() == ["Bob", git(ada.bare, "rev-parse", "main~2")]


def test_a_rebase_leaves_out_merges_and_what_is_there_already(ada: Person) -> None:
    two_commits(ada)
    ada.push("main", {"b.txt": "new\n"}, base="origin/main", message="picked by hand")
    tree = ada.git("merge-tree", "--write-tree", "origin/feature", "origin/main")
    joined = ada.git("commit-tree", tree, "-p", "origin/feature", "-p", "origin/main~1", "-m", "join")
    ada.git("push", "--quiet", "origin", f"{joined}:refs/heads/feature")
    ada.forge.open_pull("feature", "main", "Better", "")
    ada.forge.merge(1, "rebase")
    assert log(ada, "main") == ["second step", "picked by hand", "main moves", "first"]
    assert ada.tree("main") == tree


def test_a_rebase_replays_a_change_that_was_taken_back(ada: Person) -> None:
    ada.push("feature", {"a.txt": "tried\n", "b.txt": "new\n"}, message="try")
    ada.push("feature", {"a.txt": "one\ntwo\nthree\n"}, base="origin/feature", message="take back")
    ada.push("main", {"c.txt": "new\n"}, message="main moves")
    ada.forge.open_pull("feature", "main", "Better", "")
    ada.forge.merge(1, "rebase")
    assert git(ada.bare, "show", "main~1:a.txt") == "tried"
    assert git(ada.bare, "show", "main:a.txt") == "one\ntwo\nthree"


def test_a_commit_without_a_message_is_replayed(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"}, message="")
    ada.forge.open_pull("feature", "main", "Better", "")
    ada.forge.merge(1, "rebase")
    assert git(ada.bare, "show", "main:b.txt") == "new"


@pytest.mark.parametrize("method", METHODS)
def test_a_conflict_names_the_files_and_changes_nothing(ada: Person, method: MergeMethod) -> None:
    ada.push("feature", {"a.txt": "mine\n", "same.txt": "x\n"})
    ada.push("main", {"a.txt": "theirs\n", "same.txt": "y\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    before = ada.refs()
    with pytest.raises(ExternalError, match=r"#1 conflicts with main in a.txt, same.txt; nothing has changed"):
        ada.forge.merge(1, method)
    assert ada.refs() == before
    assert ada.forge.pull(1).state == "open"


def test_what_is_checked_out_cannot_change_a_merge(ada: Person) -> None:
    ada.push("feature", {"a.txt": "mine\n"})
    ada.push("main", {"a.txt": "theirs\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    (ada.root / ".gitattributes").write_text("a.txt merge=union\n")
    with pytest.raises(ExternalError, match="conflicts"):
        ada.forge.merge(1, "merge")
    assert ada.git("status", "--porcelain") == "?? .gitattributes"


def test_merged_or_closed_is_not_merged(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    ada.forge.merge(1, "merge")
    with pytest.raises(UsageError, match="#1 is merged already"):
        ada.forge.merge(1, "merge")
    ada.push("other", {"c.txt": "new\n"})
    ada.forge.open_pull("other", "main", "Other", "")
    ada.forge.close_pull(2, "no")
    before = ada.refs()
    with pytest.raises(UsageError, match="#2 is closed already"):
        ada.forge.merge(2, "merge")
    assert ada.refs() == before


def test_what_was_merged_keeps_its_head_when_the_branch_goes_on(ada: Person) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    ada.forge.merge(1, "squash")
    ada.push("feature", {"b.txt": "newer\n"}, base="origin/feature")
    assert ada.forge.pull(1).head == head
    ada.forge.comment(1, "late")
    assert ada.refs()["refs/pull/1/head"] == head


def test_what_was_merged_by_hand_is_recorded_without_another_commit(ada: Person) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    ada.git("push", "--quiet", "origin", f"{head}:refs/heads/main")
    assert ada.forge.merge(1, "merge").merged_as == head
    assert ada.refs()["refs/heads/main"] == head


def test_a_deleted_branch_is_merged_by_its_last_known_head(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    ada.git("push", "--quiet", "origin", ":feature")
    bob.forge.merge(1, "squash")
    assert git(ada.bare, "show", "main:b.txt") == "new"


def test_a_deleted_target_is_said(ada: Person) -> None:
    ada.push("release", {"r.txt": "r\n"})
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "release", "Better", "")
    ada.git("push", "--quiet", "origin", ":release")
    with pytest.raises(UsageError, match="no longer has"):
        ada.forge.merge(1, "merge")


def test_only_the_head_that_was_reviewed_is_merged(ada: Person) -> None:
    reviewed = ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    head = ada.push("feature", {"b.txt": "worse\n"}, base="origin/feature")
    before = ada.refs()
    with pytest.raises(ExternalError, match=f"now offers {head[:7]}, not {reviewed[:7]}; nothing has changed"):
        ada.forge.merge(1, "merge", reviewed)
    assert ada.refs() == before
    assert ada.forge.merge(1, "merge", head).head == head


def before_the_push(monkeypatch: pytest.MonkeyPatch, *happens: object) -> None:
    """Between reading and the first push, somebody else does this."""
    left = list(happens)
    save = local_pulls.save

    def later(*args: object, **more: object) -> bool:
        while left:
            left.pop(0)()  # type: ignore[operator]
        return save(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(local_pulls, "save", later)


@pytest.mark.parametrize("method", METHODS)
def test_a_target_that_moves_meanwhile_is_merged_again(
    ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch, method: MergeMethod
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    before_the_push(monkeypatch, lambda: bob.push("main", {"c.txt": "bob\n"}, message="bob was first"))
    ada.forge.merge(1, method)
    assert git(ada.bare, "ls-tree", "--name-only", "main").split() == ["a.txt", "b.txt", "c.txt"]
    assert "bob was first" in log(ada, "main")


def test_a_head_that_moves_meanwhile_is_not_merged(
    ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    tip = ada.refs()["refs/heads/main"]
    before_the_push(monkeypatch, lambda: bob.push("feature", {"b.txt": "unseen\n"}))
    with pytest.raises(ExternalError, match="nothing has changed"):
        ada.forge.merge(1, "merge")
    assert ada.refs()["refs/heads/main"] == tip
    assert ada.forge.pull(1).state == "open"


def test_a_conversation_that_goes_on_meanwhile_keeps_its_words(
    ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    monkeypatched = bob.forge
    before_the_push(monkeypatch, lambda: monkeypatched.comment(1, "wait"))
    assert ada.forge.merge(1, "merge").state == "merged"
    assert [comment.body for comment in ada.forge.comments(1)] == ["wait"]
    assert len(log(ada, "main", "%h")) == 3


def test_a_refused_target_leaves_the_pull_open(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    hook = ada.bare / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo protected >&2; exit 1; }\n')
    hook.chmod(0o755)
    before = ada.refs()
    with pytest.raises(ExternalError, match="protected"):
        ada.forge.merge(1, "merge")
    assert ada.refs() == before


@pytest.mark.parametrize("method", METHODS)
def test_histories_that_share_nothing_are_refused(ada: Person, method: MergeMethod) -> None:
    root = ada.git("commit-tree", ada.tree("main"), "-m", "orphan")
    ada.git("push", "--quiet", "origin", f"{root}:refs/heads/orphan")
    ada.forge.open_pull("orphan", "main", "Better", "")
    before = ada.refs()
    with pytest.raises(ExternalError, match=r"unrelated histories|has no parent"):
        ada.forge.merge(1, method)
    assert ada.refs() == before


def test_an_orphan_release_branch_takes_three_promotions_of_other_files(ada: Person) -> None:
    root = ada.git("commit-tree", ada.git("mktree", stdin=""), "-m", "production")
    ada.git("push", "--quiet", "origin", f"{root}:refs/heads/release/production")
    ada.git("fetch", "--quiet")
    for number in (1, 2, 3):
        ada.push(f"promote-{number}", {f"{number}.json": "{}\n"}, base=root)
        ada.forge.open_pull(f"promote-{number}", "release/production", "Promote", "")
    for number, method in enumerate(METHODS, 1):
        ada.forge.merge(number, method)
    names = git(ada.bare, "ls-tree", "--name-only", "release/production").split()
    assert names == ["1.json", "2.json", "3.json"]
