"""Pull requests of the local forge: opening, reading, commenting, closing; each through real pushes."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from people import Person, git

from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.forges.local import LocalForge
from cdml.state import plumbing
from cdml.state.git import Git

MARK = "<!-- cdml:churn -->"


def together(*calls: Callable[[], object]) -> list[object]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_an_opened_pull_is_read_by_somebody_else(ada: Person, bob: Person) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    opened = ada.forge.open_pull("feature", "main", "Better model", "why\n\nbecause")
    assert (opened.number, opened.head, opened.state, opened.author) == (1, head, "open", "Ada <ada@example.com>")
    assert bob.forge.pull(1) == opened
    assert bob.forge.pulls() == (opened,)
    assert ada.refs()["refs/pull/1/head"] == head


def test_nothing_of_the_clone_changes(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    (ada.root / "a.txt").write_text("unfinished work\n")
    before = (ada.git("status", "--porcelain"), ada.git("for-each-ref"))
    ada.forge.open_pull("feature", "main", "title", "")
    ada.forge.comment(1, "hello")
    assert (ada.git("status", "--porcelain"), ada.git("for-each-ref")) == before
    assert not (ada.root / ".git/FETCH_HEAD").exists()


def test_opening_again_updates_title_body_and_head(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "first", "one")
    head = ada.push("feature", {"b.txt": "newer\n"}, base="origin/feature")
    again = bob.forge.open_pull("feature", "main", "second", "two")
    assert (again.number, again.title, again.body, again.head) == (1, "second", "two", head)
    assert again.author == "Ada <ada@example.com>"
    assert ada.forge.pulls(None) == (again,)
    assert ada.refs()["refs/pull/1/head"] == head


def test_another_target_is_another_pull(ada: Person) -> None:
    ada.push("release/production", {"r.txt": "r\n"})
    ada.push("feature", {"b.txt": "new\n"})
    numbers = [ada.forge.open_pull("feature", t, "title", "").number for t in ("main", "release/production")]
    assert numbers == [1, 2]
    assert [pull.number for pull in ada.forge.pulls()] == [2, 1]


def test_pushing_to_the_branch_moves_what_is_read_and_the_next_write_records_it(ada: Person) -> None:
    first = ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    head = ada.push("feature", {"b.txt": "newer\n"}, base="origin/feature")
    assert ada.forge.pull(1).head == head
    assert ada.refs()["refs/pull/1/head"] == first
    ada.forge.comment(1, "seen")
    assert ada.refs()["refs/pull/1/head"] == head
    ada.git("push", "--quiet", "origin", ":feature")
    assert ada.forge.pull(1).head == head


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("feature", "gone", "no branch 'gone'"),
        ("gone", "main", "no branch 'gone'"),
        ("main", "main", "cannot be merged into itself"),
        ("same", "main", "nothing to merge"),
        ("-x", "main", "no branch '-x'"),
        ("", "main", "no branch ''"),
        ("f*", "main", "no branch 'f*'"),
        ("feature:refs/heads/main", "main", "no branch"),
    ],
)
def test_what_cannot_be_offered_is_refused(ada: Person, source: str, target: str, words: str) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.git("push", "--quiet", "origin", "main:same")
    before = ada.refs()
    with pytest.raises(UsageError, match=words.replace("*", r"\*")) as caught:
        ada.forge.open_pull(source, target, "title", "")
    assert caught.value.hint
    assert ada.refs() == before


def test_a_missing_branch_names_the_push_that_brings_it(ada: Person) -> None:
    with pytest.raises(UsageError) as caught:
        ada.forge.open_pull("feature", "main", "title", "")
    assert caught.value.hint == "git push origin feature"


def test_a_branch_that_begins_with_a_dash_is_only_a_name(ada: Person) -> None:
    head = ada.push("--force", {"b.txt": "new\n"})
    assert ada.forge.open_pull("--force", "main", "title", "").head == head
    assert ada.forge.merge(1, "squash").state == "merged"
    assert ada.refs()["refs/heads/--force"] == head


def test_a_title_is_one_line_and_never_empty(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    opened = ada.forge.open_pull("feature", "main", "a\n\nSigned-off-by: me\0\udc80", "b\0\udc80dy")
    assert (opened.title, opened.body) == ("a Signed-off-by: me?", "b?dy")
    assert bob.forge.pull(1) == opened
    with pytest.raises(UsageError, match="needs a title"):
        ada.forge.open_pull("feature", "main", " \n", "")


def test_an_unknown_number_is_a_mistake_of_use(ada: Person) -> None:
    for call in (ada.forge.pull, ada.forge.comments):
        with pytest.raises(UsageError, match="no pull request #7"):
            call(7)


def test_a_closed_pull_says_why_and_its_branch_can_be_offered_again(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    assert bob.forge.close_pull(1, "superseded").state == "closed"
    assert [(c.author, c.body) for c in ada.forge.comments(1)] == [("Bob <bob@example.com>", "superseded")]
    assert ada.forge.pulls() == ()
    assert [pull.number for pull in ada.forge.pulls("closed")] == [1]
    with pytest.raises(UsageError, match="#1 is closed already"):
        ada.forge.close_pull(1, "again")
    assert ada.forge.open_pull("feature", "main", "title", "").number == 2


def test_eight_openers_at_once_get_eight_numbers(ada: Person, bob: Person) -> None:
    head = ada.push("b0", {"b.txt": "new\n"})
    ada.git("push", "--quiet", "origin", *(f"{head}:refs/heads/b{n}" for n in range(1, 8)))
    calls = [
        lambda n=n: (ada, bob)[n % 2].forge.open_pull(f"b{n}", "main", f"title {n}", "").number for n in range(8)
    ]
    assert sorted(together(*calls)) == list(range(1, 9))  # type: ignore[type-var]
    assert sorted(pull.source for pull in ada.forge.pulls()) == [f"b{n}" for n in range(8)]


def test_two_openers_of_one_branch_end_with_one_pull(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    calls = [lambda who=who: who.forge.open_pull("feature", "main", "title", "").number for who in (ada, bob)]
    assert together(*calls) == [1, 1]
    assert len(ada.forge.pulls(None)) == 1


def test_comments_keep_their_order_and_authors(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    for number in range(11):
        (ada, bob)[number % 2].forge.comment(1, f"comment {number}")
    read = ada.forge.comments(1)
    assert [c.body for c in read] == [f"comment {n}" for n in range(11)]
    assert [c.id for c in read] == list(range(1, 12))
    assert read[1].author == "Bob <bob@example.com>"


def test_a_sticky_comment_is_edited_in_place_by_its_author_alone(ada: Person, bob: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    first = ada.forge.comment(1, f"{MARK}\none", MARK)
    ada.forge.comment(1, "a person's words")
    bobs = bob.forge.comment(1, f"{MARK}\nbob's", MARK)
    second = ada.forge.comment(1, f"{MARK}\ntwo", MARK)
    assert (second.id, second.created, second.body) == (first.id, first.created, f"{MARK}\ntwo")
    assert second.updated >= first.updated
    assert [c.body for c in ada.forge.comments(1)] == [second.body, "a person's words", bobs.body]


def test_the_same_words_again_write_nothing(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    first = ada.forge.comment(1, f"{MARK}\none", MARK)
    before = ada.refs()
    assert ada.forge.comment(1, f"{MARK}\none", MARK) == first
    assert ada.refs() == before


def test_a_sticky_body_without_its_marker_gets_it(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    assert ada.forge.comment(1, "words", MARK).body == f"{MARK}\nwords"
    assert ada.forge.comment(1, "others", MARK).id == 1


def test_four_sticky_comments_at_once_end_with_one(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    calls = [lambda n=n: ada.forge.comment(1, f"{MARK}\n{n}", MARK).id for n in range(4)]
    assert together(*calls) == [1] * 4
    assert len(ada.forge.comments(1)) == 1


def test_the_conversation_keeps_its_history(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "Better", "")
    ada.forge.comment(1, "hello")
    log = git(ada.bare, "log", "--format=%an: %s", "refs/cdml/pulls/1")
    assert log.splitlines() == ["Ada: Comment on #1", "Ada: Open #1: Better"]


def test_no_identity_is_needed(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    for key in ("user.name", "user.email"):
        ada.git("config", "--unset", key)
    ada.git("config", "user.useConfigOnly", "true")
    assert ada.forge.open_pull("feature", "main", "title", "").author == "cdml <cdml@localhost>"
    assert ada.forge.comment(1, "hello").author == "cdml <cdml@localhost>"
    assert ada.forge.merge(1, "merge").state == "merged"


def test_a_project_in_a_subfolder_reads_the_same(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    (ada.root / "models/churn").mkdir(parents=True)
    forge = LocalForge(Git(ada.root / "models/churn"))
    opened = forge.open_pull("feature", "main", "title", "")
    comment = forge.comment(1, "hello")
    assert forge.pull(1) == opened
    assert forge.comments(1) == (comment,)
    assert forge.merge(1, "rebase").state == "merged"


def test_another_remote_may_hold_the_forge(ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.git("remote", "rename", "origin", "upstream")
    forge = LocalForge(Git(ada.root), "upstream")
    assert forge.open_pull("feature", "main", "title", "").number == 1
    assert forge.merge(1, "merge").state == "merged"


def test_a_remote_that_is_away_is_named(ada: Person) -> None:
    ada.git("remote", "set-url", "origin", str(ada.bare.parent / "nowhere.git"))
    for call in (ada.forge.pulls, ada.forge.issues, lambda: ada.forge.open_pull("a", "b", "t", "")):
        with pytest.raises(ExternalError, match=r"remote 'origin' cannot be reached.*nowhere"):
            call()


def test_a_shallow_clone_is_refused_with_the_command_that_mends_it(
    ada: Person, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    root = tmp_path_factory.mktemp("shallow") / "clone"
    git(ada.bare, "clone", "--quiet", "--depth=1", "--branch=feature", f"file://{ada.bare}", str(root))
    ada.forge.open_pull("feature", "main", "title", "")
    forge = LocalForge(Git(root))
    for call in (lambda: forge.open_pull("feature", "main", "t", ""), lambda: forge.merge(1, "merge")):
        with pytest.raises(UsageError, match="shallow") as caught:
            call()
        assert caught.value.hint == "git fetch --unshallow origin"


def plant(person: Person, ref: str, name: str, document: object) -> None:
    """Write a document as anybody who may push could."""
    text = document if isinstance(document, str) else json.dumps(document)
    blob = person.git("hash-object", "-w", "--stdin", stdin=text)
    tree = person.git("mktree", stdin=f"100644 blob {blob}\t{name}\n")
    person.git("push", "--quiet", "--force", "origin", f"{person.git('commit-tree', tree, '-m', 'x')}:{ref}")


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"state": "great"},
        {"merged_as": "--upload-pack=evil"},
        {"source": "feature:refs/heads/main\nevil"},
        {"title": None},
    ],
)
def test_a_malformed_pull_names_its_reference(ada: Person, bob: Person, change: dict[str, object]) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    document = json.loads(git(ada.bare, "cat-file", "blob", "refs/cdml/pulls/1:pull.json"))
    plant(ada, "refs/cdml/pulls/1", "pull.json", document | change)
    with pytest.raises(ConfigError, match="refs/cdml/pulls/1 is not what cdml wrote"):
        bob.forge.pulls()


@pytest.mark.parametrize(("name", "text"), [("pull.json", "{"), ("other.json", "{}")])
def test_a_document_that_is_none_names_its_reference(ada: Person, name: str, text: str) -> None:
    plant(ada, "refs/cdml/pulls/3", name, text)
    with pytest.raises(ConfigError, match="refs/cdml/pulls/3 is not what cdml wrote"):
        ada.forge.pulls()


def test_names_that_are_no_numbers_are_not_ours(ada: Person) -> None:
    for name in ("latest", "01", "1/x"):
        plant(ada, f"refs/cdml/pulls/{name}", "pull.json", "{}")
    assert ada.forge.pulls(None) == ()


def test_a_number_whose_offer_is_left_over_is_not_used_again(ada: Person) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    ada.git("push", "--quiet", "origin", f"{head}:refs/pull/4/head")
    assert ada.forge.open_pull("feature", "main", "title", "").number == 5


def test_a_left_lock_ends_in_words(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdml.forges.local_store.TRIES", 2)
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    (ada.bare / "refs/cdml/pulls/1.lock").touch()
    with pytest.raises(ExternalError, match="changed during each of 2 attempts"):
        ada.forge.comment(1, "hello")


def test_a_refusing_remote_is_not_asked_again(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    hook = ada.bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho x >>asked\necho 'not you: it already exists' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ExternalError, match="not you"):
        ada.forge.open_pull("feature", "main", "title", "")
    assert (ada.bare / "asked").read_text() == "x\n"
    assert plumbing.remote_refs(Git(ada.root), "refs/cdml/*") == {}


@pytest.mark.parametrize(
    "text", ["{", '{"id": 8, "author": "a", "body": "b", "created": 1, "updated": 1}', '{"id": 7}']
)
def test_a_malformed_comment_names_its_file(ada: Person, text: str) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    ada.forge.open_pull("feature", "main", "title", "")
    document = git(ada.bare, "rev-parse", "refs/cdml/pulls/1:pull.json")
    inner = ada.git("mktree", stdin=f"100644 blob {ada.git('hash-object', '-w', '--stdin', stdin=text)}\t7.json\n")
    tree = ada.git(
        "mktree", "--missing", stdin=f"100644 blob {document}\tpull.json\n040000 tree {inner}\tcomments\n"
    )
    ada.git("push", "--quiet", "--force", "origin", f"{ada.git('commit-tree', tree, '-m', 'x')}:refs/cdml/pulls/1")
    for call in (lambda: ada.forge.comments(1), lambda: ada.forge.comment(1, "hello")):
        with pytest.raises(ConfigError, match=r"refs/cdml/pulls/1:comments/7.json is not what cdml wrote"):
            call()
