"""Commands in comments, on the local forge and before one that only looks like it has CI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from plain import plain_environment
from toy_project import Toy, copy, somebody_else

from cdml.core.errors import Exit, ExternalError
from cdml.forges.base import Comment, PullRequest, Reaction
from cdml.forges.local import LocalForge
from cdml.jobs import command_actions
from cdml.jobs.commands import Answered, marker, on_comment
from cdml.registry.record import read_record
from cdml.state.git import Git

WAIVE = "/cdml waive roc_auc:max-regression the new labels are stricter"


@dataclass
class Watched(LocalForge):
    """The local forge with a CI that starts runs on paper, and whose comments and rights can be made up."""

    git: Git
    made_up: Comment | None = None
    writers: bool = True
    only: str = ""
    started: list[dict[str, str]] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    pulled: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.git)

    def find_comment(self, number: int, identity: int) -> Comment:
        return self.made_up or super().find_comment(number, identity)

    def pull(self, number: int) -> PullRequest:
        return replace(super().pull(number), **self.pulled)  # type: ignore[arg-type]

    def may_write(self, login: str) -> bool:
        return self.writers and self.only in ("", login)

    def react(self, number: int, identity: int, reaction: Reaction) -> None:
        self.signs.append(reaction)
        raise ExternalError("this forge has no signs")

    def look_again(self, pull: PullRequest) -> bool:
        self.looked.append(pull.head)
        return True

    def start_run(self, pull: PullRequest, inputs: Mapping[str, str]) -> str:
        self.started.append(dict(inputs))
        return "https://ci.example/runs?a=1&b=2"


@pytest.fixture(scope="module")
def hosted(_failing: Path, tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """The clone of main in which CI answers; its tests leave nothing but comments."""
    with plain_environment():
        toy = copy(_failing, tmp_path_factory.mktemp("hosted") / "toy")
        toy.git("switch", "--quiet", "main")
    return toy


@pytest.fixture
def forge(hosted: Toy, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(command_actions, "detect", lambda _: "github")
    return Watched(Git(hosted.root))


def ask(forge: Watched, text: str, **made_up: object) -> tuple[Answered, str]:
    """The answer to Bob's comment, and the comment that says it."""
    written = forge.comment(1, text)
    forge.made_up = replace(written, author="bob", **made_up)  # type: ignore[arg-type]
    answered = on_comment(forge.git, forge, 1, written.id, print)
    last = forge.comments(1)[-1]
    return answered, last.body if last.id != written.id else ""


def test_help_is_a_list_that_begins_no_line_with_a_command(forge: Watched) -> None:
    answered, body = ask(forge, "/cdml help")
    assert (answered.outcome, answered.code, forge.signs) == ("done", Exit.DONE, ["seen", "done"])
    assert "`/cdml waive [MODEL] GATE [at SHA] REASON`" in body
    assert not [line for line in body.splitlines() if line.startswith("/cdml")]


@pytest.mark.parametrize("text", ["Looks good", "> /cdml help", " /cdml help", "```\n/cdml help\n```", "/cdmlx"])
def test_other_comments_are_ignored_silently(forge: Watched, text: str) -> None:
    assert ask(forge, text) == (Answered("ignored"), "")
    assert forge.signs == []


def test_a_bot_is_not_answered(forge: Watched) -> None:
    written = forge.comment(1, "/cdml help")
    forge.made_up = replace(written, author="renovate[bot]")
    assert on_comment(forge.git, forge, 1, written.id, print) == Answered("ignored")
    assert forge.signs == []


def test_an_edited_comment_is_refused(forge: Watched) -> None:
    answered, body = ask(forge, "/cdml promote staging", updated=2**33)
    assert (answered.outcome, answered.code) == ("failed", Exit.GATE_FAILED)
    assert "❌ this comment was edited after it was written" in body
    assert forge.signs == ["seen", "failed"]


def test_whoever_may_not_write_is_refused_before_the_command_is_looked_at(forge: Watched) -> None:
    forge.writers = False
    for text in ("/cdml retrain", "/cdml @everyone", "/cdml help"):
        answered, body = ask(forge, text)
        assert answered.outcome == "failed"
        assert "❌ bob may not write to this repository" in body
        assert "everyone" not in body
    assert forge.started == []


def test_what_was_meant_is_said_without_markup_or_mentions(forge: Watched) -> None:
    answered, body = ask(forge, "/cdml @everyone<img/src=x>|[a](http://b)")
    assert answered.code == Exit.USAGE
    assert "is no command" in body
    assert not any(sign in body.partition("❌")[2] for sign in ("@e", "<", "](", "|", "://"))


def test_the_run_of_ci_is_asked_for_the_very_commit_that_was_seen(forge: Watched) -> None:
    head = forge.pull(1).head
    wanted = {"pull": "1", "head": head, "base": "main", "fork": "false", "folder": ""}
    answered, body = ask(forge, "/cdml evaluate")
    assert answered.outcome == "done"
    assert "[see it](https://ci.example/runs?a=1&amp;b=2)" in body
    ask(forge, f"/cdml retrain toy at {head[:8].upper()}")
    assert forge.started == [wanted | {"force": "false"}, wanted | {"force": "true", "folder": "."}]


def test_a_commit_that_was_not_seen_is_not_acted_on(forge: Watched) -> None:
    seen = forge.pull(1).head
    forge.pulled = {"head": forge.git.commit("refs/remotes/origin/main")}
    now = str(forge.pulled["head"])
    for text in ("/cdml retrain", WAIVE):
        answered, _ = ask(forge, text)
        assert f"what you saw was {seen[:7]}; this pull request offers {now[:7]} by now" in answered.said
        assert (
            f"{text.replace(' the', f' at {now} the') if text == WAIVE else f'{text} at {now[:7]}'}"
            in answered.said
        )
    answered, _ = ask(forge, f"/cdml retrain at {seen[:7]}")
    assert f"offers {now[:7]}, not {seen[:7]}" in answered.said
    assert forge.started == []


def test_what_was_said_after_the_comment_was_not_seen(forge: Watched) -> None:
    answered, _ = ask(forge, "/cdml retrain", created=5, updated=5)
    assert "nothing was said yet of" in answered.said
    assert forge.started == []


def test_the_required_check_looks_again_after_a_waiver(failing: Toy) -> None:
    failing.git("switch", "--quiet", "main")
    forge = Watched(Git(failing.root))
    answered, body = ask(forge, WAIVE)
    assert answered.outcome == "done"
    assert "is waived by bob" in body
    assert forge.looked == [forge.pull(1).head]


@pytest.mark.parametrize(
    ("text", "pulled", "said"),
    [
        ("/cdml retrain", {"state": "closed"}, "pull request 1 is closed"),
        ("/cdml waive roc_auc:min because accepted", {}, "did you mean roc_auc:max-regression?"),
        ("/cdml waive toi roc_auc:max-regression because accepted", {}, "did you mean toy?"),
        ("/cdml promote stagin", {}, "did you mean staging?"),
        ("/cdml rollback staging", {}, "no branch release/staging"),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_reason(
    forge: Watched, text: str, pulled: dict[str, object], said: str
) -> None:
    forge.pulled = pulled
    answered, body = ask(forge, text)
    assert answered.outcome == "failed"
    assert said in answered.said
    assert "❌" in body


def test_a_command_is_done_once_and_a_failure_may_be_tried_again(forge: Watched) -> None:
    written = forge.comment(1, "/cdml retrain")
    forge.made_up = replace(written, author="bob", created=5, updated=5)
    assert on_comment(forge.git, forge, 1, written.id, print).outcome == "failed"
    forge.made_up = replace(written, author="bob")
    assert [on_comment(forge.git, forge, 1, written.id, print).outcome for _ in range(3)] == [
        "done",
        "ignored",
        "ignored",
    ]
    assert len(forge.started) == 1


def test_a_stranger_cannot_answer_in_place_of_cdml(forge: Watched) -> None:
    written = forge.comment(1, "/cdml retrain")
    forge.comment(1, f"{marker(written.id)}\n✅ done")
    forge.made_up = replace(written, author="bob")
    forge.only = "bob"
    assert on_comment(forge.git, forge, 1, written.id, print).outcome == "done"
    assert len(forge.started) == 1


def test_the_event_is_told_by_numbers_alone(hosted: Toy) -> None:
    written = LocalForge(Git(hosted.root)).comment(1, "/cdml help")
    said = hosted.cdml("run", "--event", "comment", "--pull", "1", "--comment", str(written.id))
    assert "/cdml retrain" in said
    assert "which comment is not known" in hosted.cdml("run", "--event", "comment", "--pull", "1", code=2)
    refused = LocalForge(Git(hosted.root)).comment(1, "/cdml nonsense")
    hosted.cdml("run", "--event", "comment", "--pull", "1", "--comment", str(refused.id))


def test_without_ci_the_one_who_comments_runs_the_jobs(failing: Toy) -> None:
    bob = somebody_else(failing)
    head = failing.commit("Rank better", params__yaml="skill: 1.3\n")
    failing.git("push", "--quiet", "origin", "HEAD")
    said = bob.cdml("pr", "comment", "1", "/cdml evaluate", code=10)
    assert f"this pull request offers {head[:7]} by now" in said
    said = bob.cdml("pr", "comment", "1", f"/cdml evaluate at {head[:7]}")
    assert "toy: better on" in said
    assert "Running stage 'train'" not in bob.cdml("pr", "comment", "1", "/cdml evaluate")
    before = failing.refs()
    assert "Running stage 'train'" in bob.cdml("pr", "comment", "1", "/cdml retrain")
    assert {ref for ref in before if "/runs/" in ref} == {ref for ref in failing.refs() if "/runs/" in ref}
    shown = json.loads(failing.cdml("pr", "show", "1", "--json"))
    assert [c["body"].startswith("<!-- cdml:toy -->") for c in shown["comments"]].count(True) == 1


@pytest.fixture
def versioned(_versioned: Path, tmp_path: Path) -> Toy:
    return copy(_versioned, tmp_path / "toy")


def test_a_version_is_promoted_by_a_comment_on_the_pull_request_that_made_it(versioned: Toy) -> None:
    versioned.branch("docs", "Explain", README__md="# Toy\n")
    versioned.cdml("pr", "open")
    versioned.cdml("pr", "merge", "1")
    bob = somebody_else(versioned)
    said = bob.cdml("pr", "comment", "1", "/cdml promote staging")
    assert "Promote toy@v1.0.0 in staging: pull request 2 is open" in said
    versioned.git("fetch", "--quiet")
    record = read_record(Git(versioned.root), "refs/remotes/origin/cdml/promote/staging/toy", "toy")
    assert record is not None
    assert (record.version, record.who) == ("v1.0.0", "Bob <bob@localhost>")
    assert record.why.endswith("asked for it in comment 1 on pull request 1")
    assert "success: cdml into release/staging: toy@v1.0.0 is what was reviewed" in versioned.cdml(
        "pr", "show", "2"
    )
    said = bob.cdml("pr", "comment", "2", "/cdml promote production", code=10)
    assert "toy@v1.0.0 was never deployed to staging" in said
    assert "promotes a version: nothing is trained" in bob.cdml("pr", "comment", "2", "/cdml retrain", code=2)
    assert "a promotion has no gates" in bob.cdml("pr", "comment", "2", WAIVE, code=2)
