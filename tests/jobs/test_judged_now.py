"""What a pull request's judged run says now, and which run that is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_project import Small, table

from cdml.core.comparison import Judgement, Outcome
from cdml.core.errors import RefusedError
from cdml.forges.base import PullRequest
from cdml.jobs import judged_now as module
from cdml.jobs.judge import judge
from cdml.jobs.judged import RUNS, handed_run, inputs_at, keep_run, run_of_inputs, snapshot_of, store_run
from cdml.jobs.judged_now import judged_now
from cdml.jobs.overlay import run_files, small_outputs
from cdml.jobs.project import Project, open_project
from cdml.jobs.same_data import Means
from cdml.jobs.snapshots import working
from cdml.state.snapshot import LOCK_FILE

PULL = PullRequest(7, "Better", "", "ann", "better", "main", "", "open")


@pytest.fixture
def kept(small: Small) -> Project:
    """The project, whose present commit has a judged run."""
    return keep(small, None)


def keep(small: Small, target: str | None) -> Project:
    """The same, judged for a branch that stands at `target`."""
    project = open_project(small.root)
    snapshot, rules = working(project), project.settings if target else None
    store_run(project, snapshot, judge(project.store, snapshot, None, rules, Means(project, target)))
    return project


def refuse(*_: object) -> Judgement:
    raise AssertionError("it was judged again")


def test_the_run_of_a_commit_is_found_and_its_verdicts_are_taken(
    kept: Project, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "judge_once", refuse)
    snapshot, judgement = judged_now(kept, replace(PULL, head=small.second))
    assert snapshot.code == small.second
    assert judgement.comparison.candidate.commit == small.second
    assert len(judgement.verdicts) == 1


def test_a_commit_with_the_same_inputs_has_the_same_run(kept: Project, small: Small) -> None:
    small.write("README.md", "Read more.\n")
    again = run_of_inputs(kept, small.commit("Words"))
    assert again is not None
    first = run_of_inputs(kept, small.second)
    assert first is not None
    assert (again.commit, again.inputs.digest) == (first.commit, first.inputs.digest)
    assert inputs_at(kept, again.code, again.environment) == first.inputs.digest


def test_other_inputs_have_no_run(kept: Project, small: Small) -> None:
    small.replace("params.yaml", "skill: 1.5", "skill: 1.6")
    head = small.commit("Other parameters")
    assert run_of_inputs(kept, head) is None
    with pytest.raises(RefusedError, match="there is no judged run of"):
        judged_now(kept, replace(PULL, head=head))
    with pytest.raises(RefusedError, match="the run of a fork is not kept"):
        judged_now(kept, replace(PULL, head=head, fork=True))


def test_gates_that_changed_on_the_target_judge_anew(kept: Project, small: Small) -> None:
    small.git("switch", "--quiet", "--create", "stricter", "HEAD")
    small.replace("mlops.yaml", "max-regression: 0.02", "max-regression: 0.01")
    stricter = small.commit("Stricter")
    small.git("update-ref", "refs/remotes/origin/main", stricter)
    small.git("switch", "--quiet", "--detach", small.second)
    _, judgement = judged_now(open_project(small.root), replace(PULL, head=small.second))
    assert [verdict.gate.limit for verdict in judgement.verdicts] == [0.01]
    assert [verdict.loosened for verdict in judgement.verdicts] != [None]


def test_test_data_that_moved_on_in_the_target_branch_judge_anew(small: Small) -> None:
    kept = keep(small, small.second)
    small.git("update-ref", "refs/remotes/origin/main", small.second)
    offered = replace(PULL, head=small.second)
    assert [verdict.outcome for verdict in judged_now(kept, offered)[1].verdicts] == [Outcome.PASS]
    small.git("switch", "--quiet", "--create", "harder", "HEAD")
    small.write("data/test.csv", table(300))
    small.git("update-ref", "refs/remotes/origin/main", small.commit("Harder"))
    small.git("switch", "--quiet", "--detach", small.second)
    _, judgement = judged_now(open_project(small.root), offered)
    assert [verdict.outcome for verdict in judgement.verdicts] == [Outcome.INCONCLUSIVE]
    assert "on which it was not judged: no model is run where this is judged" in judgement.verdicts[0].reason


def test_rows_that_were_kept_with_a_run_are_not_shown_where_main_forbids_it_now(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(small, small.second)
    small.git("switch", "--quiet", "--create", "private", "HEAD")
    small.replace("mlops.yaml", "  metrics: [roc", "  example-rows: false\n  metrics: [roc")
    small.git("update-ref", "refs/remotes/origin/main", small.commit("Private"))
    small.git("switch", "--quiet", "--detach", small.second)
    monkeypatch.setattr(module, "judge_once", refuse)
    judged_now(open_project(small.root), replace(PULL, head=small.second))
    monkeypatch.setattr(module, "holds_rows", lambda _: True)
    with pytest.raises(AssertionError, match="judged again"):
        judged_now(open_project(small.root), replace(PULL, head=small.second))


def test_the_first_run_stays_until_somebody_asks_to_train_anew(kept: Project, small: Small) -> None:
    snapshot = working(kept)
    judgement = judge(kept.store, snapshot, None)
    ref = f"{RUNS}/{snapshot.inputs.digest}"
    first = small.git("rev-parse", ref)
    lock = (small.root / LOCK_FILE).read_text() + "# other outputs of the same inputs\n"
    small.write(LOCK_FILE, lock)
    store_run(kept, snapshot, judgement)
    assert small.git("rev-parse", ref) == first
    store_run(kept, snapshot, judgement, again=True)
    assert small.git("show", f"{ref}:./{LOCK_FILE}").endswith("# other outputs of the same inputs")


def test_a_run_that_was_handed_over_is_replaced_on_the_remote_only_when_asked_for(
    kept: Project, small: Small
) -> None:
    small.git("init", "--quiet", "--bare", str(small.top.parent / "origin.git"))
    small.git("remote", "add", "origin", str(small.top.parent / "origin.git"))
    project = open_project(small.root)
    snapshot = working(project)
    files = run_files(project, judge(project.store, snapshot, None)) | small_outputs(project, "predictions.csv")
    keep_run(project, small.second, files)
    other = files | {LOCK_FILE: files[LOCK_FILE] + b"# other outputs\n"}
    ref = f"{RUNS}/{snapshot.inputs.digest}"
    first = small.git("ls-remote", "origin", ref)
    keep_run(project, small.second, other)
    assert small.git("ls-remote", "origin", ref) == first
    run = keep_run(project, small.second, other, again=True)
    assert small.git("ls-remote", "origin", ref).startswith(run)


def test_a_handed_run_says_which_inputs_it_has(kept: Project, small: Small) -> None:
    snapshot = working(kept)
    files = run_files(kept, judge(kept.store, snapshot, None))
    run = handed_run(kept, small.second, files)
    assert snapshot_of(kept, run, small.second).inputs.digest == snapshot.inputs.digest
