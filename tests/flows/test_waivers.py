"""A failing gate waived in a comment: by whom, for what, how long, and what the version says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from plain import plain_environment
from toy_project import Toy, copy, somebody_else

from cdml.core.comparison import Judgement, Waiver
from cdml.core.errors import RefusedError
from cdml.core.serialize import dump, load
from cdml.evaluation.gates import gate_rule
from cdml.forges.base import Comment, PullRequest
from cdml.forges.local import LocalForge
from cdml.jobs.forge import require_forge
from cdml.jobs.judged_now import judged_now
from cdml.jobs.past_runs import Conversation
from cdml.jobs.project import Project, fetch, open_project
from cdml.jobs.waivers import WAIVERS, keep_waiver, read_waivers, require_waivers, waivers_of, with_waivers
from cdml.registry.read import read
from cdml.state.plumbing import EMPTY_TREE, write_commit, write_tree
from cdml.state.snapshot import Snapshot

GATE = "roc_auc:max-regression"
WAIVE = f"/cdml waive {GATE} the new labels are stricter"
BOB = "Bob <bob@localhost>"


def waivers(toy: Toy) -> list[str]:
    return [ref for ref in toy.refs() if ref.startswith(WAIVERS)]


def page(toy: Toy) -> dict[str, list[dict[str, str]]]:
    return dict(json.loads(toy.cdml("pr", "show", "1", "--json")))


def test_the_author_cannot_waive(failing: Toy) -> None:
    said = failing.cdml("pr", "comment", "1", WAIVE, code=10)
    assert "whoever opened a pull request cannot waive its gates" in said
    assert page(failing)["comments"][-1]["body"].startswith("<!-- cdml-answer:2 -->\n❌ whoever opened")
    assert waivers(failing) == []
    failing.cdml("pr", "merge", "1", code=10)


def test_somebody_else_can_and_the_version_says_so(failing: Toy) -> None:
    bob = somebody_else(failing)
    said = bob.cdml("pr", "comment", "1", WAIVE)
    assert f"{GATE} is waived by {BOB}" in said
    shown = page(failing)
    assert {status["context"]: status["state"] for status in shown["statuses"]} == {
        "cdml": "success",
        f"cdml: {GATE}": "success",
    }
    assert [c["body"].startswith("<!-- cdml:toy -->") for c in shown["comments"]] == [True, False, False]
    assert "waived by Bob" in shown["comments"][0]["body"]
    assert "the new labels are stricter" in shown["comments"][0]["body"]
    assert "registered toy@v1.1.0 (taken from its judged run)" in failing.cdml("pr", "merge", "1")
    failing.git("fetch", "--quiet", "--tags")
    tag = failing.git("cat-file", "tag", "toy@v1.1.0")
    assert f"gate: {GATE}" in tag
    assert "roc_auc at most 0.02 worse: fail" in tag
    told = failing.cdml("registry", "show", "v1.1.0")
    assert all(word in told for word in ("waivers", GATE, BOB, "the new labels are stricter", "pull request 1"))


def test_it_holds_for_these_inputs_alone(failing: Toy) -> None:
    somebody_else(failing).cdml("pr", "comment", "1", WAIVE)
    failing.commit("More to read", README__md="# Toy\n")
    failing.cdml("pr", "open")
    failing.commit("Worse still", params__yaml="skill: 0.7\n")
    failing.cdml("pr", "open", code=10)
    assert "waived" not in page(failing)["comments"][0]["body"].partition("<details>")[0]
    failing.cdml("pr", "merge", "1", code=10)


def edit(toy: Toy, number: int, **changes: object) -> None:
    """Change a comment on the local forge, as its storage has it."""
    ref, path = "refs/cdml/pulls/1", f"comments/{number}.json"
    toy.git("fetch", "--quiet", "origin", ref)
    old = toy.git("rev-parse", "FETCH_HEAD")
    comment = json.loads(toy.git("cat-file", "blob", f"{old}:{path}")) | changes
    git = open_project(toy.root).git
    tree = write_tree(git, old, {path: json.dumps(comment).encode()})
    toy.git("push", "--quiet", "origin", f"{write_commit(git, tree, (old,), 'Edit')}:{ref}")


def test_a_waiver_whose_comment_was_edited_makes_no_version(failing: Toy) -> None:
    somebody_else(failing).cdml("pr", "comment", "1", WAIVE)
    edit(failing, 2, updated=2**33)
    said = failing.cdml("pr", "merge", "1", code=10)
    assert f"the waiver of {GATE} by {BOB} does not count: its comment was edited" in said
    assert "no version of toy" in said


@dataclass(frozen=True)
class Case:
    """What a pull request offers, judged, with Bob's true waiver of it kept."""

    toy: Toy
    project: Project
    pull: PullRequest
    snapshot: Snapshot
    judgement: Judgement
    true: Waiver

    def judged(self, planted: Waiver | None = None, say: Callable[[str], None] = print) -> Judgement:
        """The judgement with what is kept, once `planted` was written over it."""
        if planted:
            keep_waiver(self.project.git, self.snapshot.inputs.digest, planted)
        return with_waivers(self.project, require_forge(self.project), self.judgement, self.snapshot, say)


@pytest.fixture(scope="module")
def case(_failing: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Made once: its tests only write over the one waiver."""
    with plain_environment():
        toy = copy(_failing, tmp_path_factory.mktemp("case") / "toy")
        bob = somebody_else(toy)
        bob.cdml("pr", "comment", "1", "Looks harmless to me.")
        bob.cdml("pr", "comment", "1", WAIVE)
        toy.cdml("pr", "comment", "1", WAIVE, code=10)
        main = toy.git("rev-parse", "origin/main")
        bob.cdml("pr", "comment", "1", WAIVE.replace(GATE, f"{GATE} at {main}"), code=10)
        toy.git("switch", "--quiet", "main")
        project = open_project(toy.root)
        fetch(project)
        pull = require_forge(project).pull(1)
        snapshot, judgement = judged_now(project, pull)
        (true,) = read_waivers(project.git, snapshot.inputs.digest, print)
    return Case(toy, project, pull, snapshot, judgement, true)


def test_what_is_kept_is_what_was_said(case: Case) -> None:
    assert replace(case.true, rule="", at=0) == Waiver(
        GATE, "", BOB, "the new labels are stricter", 1, 3, case.pull.head, 0
    )
    assert waivers_of(case.judged(case.true)) == (case.true,)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"comment": 99}, "its comment is not on pull request 1"),
        ({"pull": 7}, "its comment is not on pull request 7"),
        ({"comment": 2}, "its comment says something else"),
        ({"why": "whatever you like"}, "its comment says something else"),
        ({"who": "Eve <eve@localhost>"}, "its comment is not by 'Eve <eve@localhost>'"),
        ({"who": "##vso[task.complete]"}, "its comment is not by '# #vso[task.complete]'"),
        ({"who": "Test <test@localhost>", "comment": 5}, "Test <test@localhost> is the author of pull request 1"),
    ],
)
def test_a_planted_waiver_does_not_count(case: Case, change: dict[str, object], why: str) -> None:
    said: list[str] = []
    judged = case.judged(replace(case.true, **change), said.append)  # type: ignore[arg-type]
    assert waivers_of(judged) == ()
    assert judged.failed
    assert [line.rpartition("does not count: ")[2] for line in said] == [why]


@pytest.mark.parametrize("change", [{"gate": "accuracy:min"}, {"rule": "0" * 64}])
def test_a_waiver_of_another_gate_or_of_another_demand_is_none_of_this_one(
    case: Case, change: dict[str, object]
) -> None:
    ref = f"{WAIVERS}/{case.snapshot.inputs.digest}"
    for kept in [name for name in case.toy.refs() if name.startswith(ref)]:
        case.toy.git("push", "--quiet", "origin", f":{kept}")
    assert case.judged(replace(case.true, **change)).failed  # type: ignore[arg-type]


def test_a_waiver_of_another_commit_does_not_count_for_these_inputs(case: Case) -> None:
    main = case.project.git.commit("refs/remotes/origin/main")
    said: list[str] = []
    assert case.judged(replace(case.true, head=main), said.append).failed
    assert said[0].endswith(f"it was written about {case.pull.head[:7]}")


def test_a_waiver_that_names_another_commit_does_not_count_for_these_inputs(case: Case) -> None:
    main = case.project.git.commit("refs/remotes/origin/main")
    said: list[str] = []
    assert case.judged(replace(case.true, head=main, comment=7), said.append).failed
    assert said[0].endswith(f"pull request 1 does not offer {main[:7]}")


def test_a_waiver_that_lies_under_other_inputs_does_not_count_for_them(case: Case) -> None:
    elsewhere = replace(case.snapshot, code="0" * 40, inputs=replace(case.snapshot.inputs, recipe="other"))
    keep_waiver(case.project.git, elsewhere.inputs.digest, case.true)
    said: list[str] = []
    judged = with_waivers(case.project, require_forge(case.project), case.judgement, elsewhere, said.append)
    assert judged.failed
    assert said[0].endswith(f"it is about {case.pull.head[:7]}, which has other inputs")


def test_a_comment_on_another_pull_request_waives_nothing_of_this_one(failing: Toy) -> None:
    """Else whoever may push waives their own gate below anybody's pull request."""
    worse = failing.git("rev-parse", "HEAD")
    failing.git("switch", "--quiet", "main")
    bob = somebody_else(failing)
    bob.branch("docs", "Explain", README__md="# Toy\n")
    other = LocalForge(open_project(bob.root).git)
    bob.git("push", "--quiet", "origin", "docs")
    other.open_pull("docs", "main", "Explain", "")
    failing.cdml("pr", "comment", "2", WAIVE.replace(GATE, f"{GATE} at {worse}"), code=10)
    project = open_project(failing.root)
    fetch(project)
    forge = require_forge(project)
    snapshot, judgement = judged_now(project, forge.pull(1))
    (comment,) = [one for one in forge.comments(2) if one.body.startswith("/cdml")]
    (verdict,) = judgement.verdicts
    rule = gate_rule(verdict.gate, judgement.comparison)
    planted = Waiver(GATE, rule, comment.author, "the new labels are stricter", 2, comment.id, worse, 0)
    keep_waiver(project.git, snapshot.inputs.digest, planted)
    said: list[str] = []
    assert with_waivers(project, forge, judgement, snapshot, said.append).failed
    assert said == [
        f"toy: the waiver of {GATE} by {comment.author} does not count: pull request 2 does not offer {worse[:7]}"
    ]


def test_a_waiver_without_a_commit_does_not_count_once_no_answer_says_which_was_shown(failing: Toy) -> None:
    somebody_else(failing).cdml("pr", "comment", "1", WAIVE)
    edit(failing, 3, body="an answer no more")
    edit(failing, 1, updated=2**33)  # rewritten since, perhaps in the very second of the waiver
    said = failing.cdml("pr", "merge", "1", code=10)
    assert "the forge does not tell any more which one was shown" in said


def test_what_git_says_was_shown_moves_no_waiver_to_another_commit(failing: Toy) -> None:
    """Whoever may push could enter another commit there, and lay a waiver under its inputs."""
    somebody_else(failing).cdml("pr", "comment", "1", WAIVE)
    worse = failing.commit("Far worse", params__yaml="skill: 0.3\n")
    failing.cdml("pr", "open", code=10)
    project = open_project(failing.root)
    fetch(project)
    forge = require_forge(project)
    snapshot, judgement = judged_now(project, forge.pull(1))
    (comment,) = (found for found in forge.comments(1) if found.body.startswith("/cdml"))
    conversation = Conversation(project.git, 1, "toy")
    (words,) = (known for known in conversation.said.words if known.run.head == worse)
    then = replace(words, run=replace(words.run, at=comment.created))
    assert conversation._keep(replace(conversation.said, words=(then,)))
    rule = gate_rule(judgement.failed[0].gate, judgement.comparison)
    planted = Waiver(GATE, rule, comment.author, "the new labels are stricter", 1, comment.id, worse, 0)
    keep_waiver(project.git, snapshot.inputs.digest, planted)
    said: list[str] = []
    assert with_waivers(project, forge, judgement, snapshot, said.append).failed
    assert "does not count: it was written about" in said[0]


def test_the_beginning_of_a_commit_waives_nothing_that_was_not_shown(failing: Toy) -> None:
    bob, head = somebody_else(failing), failing.git("rev-parse", "HEAD")
    failing.git("push", "--quiet", "origin", ":refs/cdml/said/1/toy")
    said = bob.cdml("pr", "comment", "1", WAIVE.replace(GATE, f"{GATE} at {head[:7]}"), code=10)
    assert f"/cdml waive {GATE} at {head} the new labels" in said
    bob.cdml("pr", "comment", "1", WAIVE.replace(GATE, f"{GATE} at {head}"))
    assert "registered toy@v1.1.0" in failing.cdml("pr", "merge", "1")


def test_no_bot_answers_for_a_gate(case: Case) -> None:
    class Bot(LocalForge):
        def find_comment(self, number: int, identity: int) -> Comment:
            return replace(super().find_comment(number, identity), author="github-actions[bot]")

    case.judged(replace(case.true, who="github-actions[bot]"))
    said: list[str] = []
    bot = Bot(case.project.git)
    assert with_waivers(case.project, bot, case.judgement, case.snapshot, said.append).failed
    assert said[0].endswith("github-actions[bot] is nobody who could answer for it")


class Strict(LocalForge):
    """The local forge of a project in which nobody may write any more."""

    def may_write(self, login: str) -> bool:
        return False


def test_whoever_may_not_write_any_more_has_waived_nothing(case: Case) -> None:
    case.judged(case.true)
    forge, said = Strict(case.project.git), []
    judged = with_waivers(case.project, forge, case.judgement, case.snapshot, said.append)
    assert waivers_of(judged) == ()
    assert said[0].endswith(f"{BOB} may not write to this repository")


def test_a_version_is_not_promoted_by_a_waiver_that_does_not_count_any_more(
    case: Case,
) -> None:
    first = read(case.project.git).version("toy", "v1.0.0")
    assert first.provenance
    version = replace(first, provenance=replace(first.provenance, waivers=(case.true,)))
    require_waivers(case.project, require_forge(case.project), version)
    require_waivers(case.project, None, first)
    for forge, why in ((Strict(case.project.git), "may not write"), (None, "no forge can be asked")):
        with pytest.raises(RefusedError, match=why):
            require_waivers(case.project, forge, version)


@pytest.mark.parametrize("content", [b"{", b"", b'{"gate": "x"}'])
def test_what_is_no_waiver_is_told_and_left_out(case: Case, content: bytes) -> None:
    git, said = case.project.git, []
    commit = write_commit(git, write_tree(git, EMPTY_TREE, {"waiver.json": content}), (), "x\n")
    ref = f"{WAIVERS}/{case.snapshot.inputs.digest}/odd"
    git.run("push", "--quiet", "--force", "origin", f"{commit}:{ref}")
    read_waivers(git, case.snapshot.inputs.digest, said.append)
    git.run("push", "--quiet", "origin", f":{ref}")
    assert len(said) == 1
    assert ref in said[0]


def test_a_commit_that_git_would_take_for_an_option_is_no_waiver(case: Case) -> None:
    said: list[str] = []
    assert case.judged(replace(case.true, head="--upload-pack=touch x"), said.append).failed
    assert "names no commit" in said[0]


def test_a_judgement_that_comes_with_waivers_loses_them(case: Case) -> None:
    claimed = replace(
        case.judgement, verdicts=tuple(replace(v, waived=case.true) for v in case.judgement.verdicts)
    )
    assert not claimed.failed
    assert with_waivers(case.project, None, claimed, case.snapshot, print).failed
    assert load(Judgement, dump(claimed), "x") == claimed
