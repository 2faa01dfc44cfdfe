"""The comment of a pull request that several runs write to: what stays is what the newest run of its head says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import permutations
from pathlib import Path

import pytest
from github_server import GithubServer
from github_state import BOT, Hub
from people import Person, clone, git

from cdml.core.errors import ExternalError
from cdml.core.run import PastRun
from cdml.forges.github import GithubForge
from cdml.jobs.past_runs import SPACE, hidden_head, read_runs, shown_head, write_comment
from cdml.state.git import Git

MARK = "<!-- cdml:churn -->"
PATCH = ("PATCH", "/repos/acme/churn/issues/comments/.*")
POST = ("POST", "/repos/acme/churn/issues/1/comments")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A bare repository with one commit on main and one more on a branch that is offered."""
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    tree = git(bare, "mktree", stdin="")
    for branch, *parents in (("main",), ("feature", "-p", "main")):
        who = ["-c", "user.name=Root", "-c", "user.email=root@example.com"]
        git(
            bare,
            "update-ref",
            f"refs/heads/{branch}",
            git(bare, *who, "commit-tree", tree, *parents, "-m", branch),
        )
    return bare


@pytest.fixture
def github(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GithubServer]:
    with GithubServer(Hub(repo=bare)) as server:
        for name, value in {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "acme/churn",
            "GITHUB_API_URL": server.url,
            "GITHUB_TOKEN": "ghs_bot",
        }.items():
            monkeypatch.setenv(name, value)
        server.hub.add_pull("feature")
        yield server
    assert server.violations == []


@pytest.fixture
def runner(bare: Path, tmp_path: Path, github: GithubServer) -> Callable[[], Person]:
    """Clones, as every run of CI has one of its own."""
    number = iter(range(99))
    return lambda: clone(bare, tmp_path / f"run-{next(number)}", "CI")


@pytest.fixture
def head(bare: Path) -> str:
    return git(bare, "rev-parse", "feature")


def tell(person: Person, head: str, order: int, said: str, **more: bool) -> str | None:
    run = PastRun(head, 1_700_000_000 + order, (order, 1), "🟢", said)
    forge = GithubForge(Git(person.root))

    def text(earlier: tuple[PastRun, ...]) -> str:
        return "\n".join([MARK, said, *(f"before: {past.headline}" for past in earlier)])

    return write_comment(Git(person.root), forge, 1, "churn", run, text, **more)


def push(bare: Path) -> str:
    who = ["-c", "user.name=Root", "-c", "user.email=root@example.com"]
    new = git(bare, *who, "commit-tree", "feature^{tree}", "-p", "feature", "-m", "more")
    git(bare, "update-ref", "refs/heads/feature", new)
    return new


def shown(github: GithubServer) -> list[str]:
    bodies = [c["body"] for c in github.hub.comments.values() if c["login"] == BOT]
    assert all(hidden_head(body) for body in bodies)
    return [body.removeprefix(f"{MARK}\n").rpartition("\n")[0] for body in bodies]


def test_each_run_edits_the_comment_and_lists_those_before(github, runner, head: str, bare: Path) -> None:
    assert tell(runner(), head, 1, "first") == f"{MARK}\nfirst"
    new = push(bare)
    tell(runner(), new, 2, "second")
    tell(runner(), new, 3, "third")
    assert shown(github) == ["third\nbefore: second\nbefore: first"]
    assert [(run.headline, run.head) for run in read_runs(Git(runner().root), 1, "churn")] == [
        ("third", new),
        ("second", new),
        ("first", head),
    ]


def test_a_commit_that_is_no_longer_offered_is_not_spoken_of(github, runner, head: str, bare: Path) -> None:
    push(bare)
    assert tell(runner(), head, 1, "late") is None
    assert (shown(github), read_runs(Git(runner().root), 1, "churn")) == ([], ())


def test_a_late_run_of_the_same_commit_leaves_the_newer_words(github, runner, head: str) -> None:
    tell(runner(), head, 7, "newer")
    assert tell(runner(), head, 6, "late") is None
    assert shown(github) == ["newer"]


def test_the_same_said_again_is_no_second_run(github, runner, head: str) -> None:
    tell(runner(), head, 1, "same")
    before = len(github.asked("PATCH")) + len(github.asked("POST"))
    assert tell(runner(), head, 2, "same") == f"{MARK}\nsame"
    assert len(read_runs(Git(runner().root), 1, "churn")) == 1
    assert len(github.asked("PATCH")) + len([a for a in github.asked("POST") if "graphql" not in a]) <= before


def test_a_newer_run_that_writes_in_between_has_the_last_word(github, runner, head: str) -> None:
    """The older run has read the comment, and only then the newer one writes its own."""
    tell(runner(), head, 1, "first")
    newer = runner()
    github.once_before(*PATCH, lambda: tell(newer, head, 3, "newest"))
    assert tell(runner(), head, 2, "older") is None
    assert shown(github) == ["newest\nbefore: older\nbefore: first"]


def test_a_push_between_looking_and_writing_ends_with_the_new_commits_words(github, runner, head, bare) -> None:
    newer = runner()

    def happens() -> None:
        tell(newer, push(bare), 2, "of the new commit")

    github.once_before(*POST, happens)
    assert tell(runner(), head, 1, "of the old commit") is None
    assert [words.splitlines()[0] for words in shown(github)] == ["of the new commit"]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_in_whatever_order_runs_end_the_newest_is_shown_once(github, runner, head: str, order) -> None:
    """Each begins to write while the one before it is writing."""
    pairs = [(runner(), n) for n in order]
    calls = [lambda person=person, n=n: tell(person, head, n, f"run {n}") for person, n in pairs]
    github.once_before(*POST, calls[1])
    github.once_before("POST", POST[1], calls[2])
    calls[0]()
    if github.before:  # the second had nothing to write
        calls[2]()
    assert len(shown(github)) == 1
    assert shown(github)[0].splitlines()[0] == "run 3"


def test_nothing_is_begun_where_nothing_is_to_be_said(github, runner, head: str) -> None:
    assert tell(runner(), head, 1, "unchanged", begin=False) is None
    assert shown(github) == []
    tell(runner(), head, 2, "worse")
    assert tell(runner(), head, 3, "unchanged again", begin=False) is not None
    assert shown(github) == ["unchanged again\nbefore: worse"]


def test_who_may_comment_and_not_push_still_comments(github, runner, head: str, bare: Path) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert tell(runner(), head, 1, "of a fork") == f"{MARK}\nof a fork"
    tell(runner(), head, 2, "of a fork again")
    assert shown(github) == ["of a fork again"]
    assert git(bare, "for-each-ref", SPACE) == ""


def test_a_forge_that_refuses_is_an_error_and_the_next_run_completes_it(github, runner, head: str) -> None:
    github.fail(method="POST", path=POST[1], status=403, message="no")
    with pytest.raises(ExternalError):
        tell(runner(), head, 1, "words")
    assert tell(runner(), head, 1, "words") == f"{MARK}\nwords"
    assert shown(github) == ["words"]


def test_models_with_names_below_each_other_stand_side_by_side(github, runner, head: str) -> None:
    person = runner()
    for model in ("churn", "churn/eu", "churn-2"):
        run = PastRun(head, 1, (1, 1), "🟢", model)
        text = f"<!-- cdml:{model} -->\nof {model}"
        assert (
            write_comment(Git(person.root), GithubForge(Git(person.root)), 1, model, run, lambda _, t=text: t)
            == text
        )
    assert len(github.hub.comments) == 3


def test_what_another_cdml_wrote_does_not_stop_this_one(github, runner, head: str) -> None:
    person = runner()
    blob = git(person.root, "hash-object", "-w", "--stdin", stdin='{"format": 9}')
    tree = git(person.root, "mktree", stdin=f"100644 blob {blob}\tsaid.json\n")
    commit = git(person.root, "commit-tree", tree, "-m", "another")
    git(person.root, "push", "--quiet", "origin", f"{commit}:{SPACE}1/churn")
    assert tell(person, head, 1, "words") == f"{MARK}\nwords"


def test_a_thousand_comments_cost_at_most_twelve_requests(github, runner, head: str, bare: Path) -> None:
    github.check = False
    for number in range(1_000):
        github.hub.add_comment(1, f"comment {number}")
    person = runner()
    tell(person, head, 1, "first")
    new = push(bare)
    before = len(github.seen)
    tell(person, new, 2, "second")
    assert shown(github) == ["second\nbefore: first"]
    assert len(github.seen) - before <= 12


def test_which_commit_was_shown_is_asked_of_the_forge(github, runner, head: str, bare: Path) -> None:
    person = runner()
    forge = GithubForge(Git(person.root))
    tell(person, head, 1, "of the first commit")
    before = github.hub.add_comment(1, "what I saw")["created_at"]
    seconds = int(datetime.fromisoformat(before).timestamp())
    github.hub.add_comment(1, f"{MARK}\nnot ours\n<!-- cdml-head:{'f' * 40} -->", "eve")
    assert shown_head(forge, 1, "churn", seconds) == head
    assert shown_head(forge, 1, "other", seconds) is None
    tell(person, push(bare), 2, "of the second commit")
    assert shown_head(forge, 1, "churn", seconds) is None
