"""Two revisions compared: nothing is touched, and what was not evaluated is refused with the next command."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_project import Small

from cdml.core.comparison import Axis, Judgement, Outcome
from cdml.core.errors import Exit, UsageError
from cdml.core.settings import Gate
from cdml.jobs.judge import judge
from cdml.jobs.project import open_project
from cdml.jobs.snapshots import baseline, find_version, of_revision, working
from cdml.jobs.verdict import exit_code, status_of
from cdml.registry.read import read


def untouched(small: Small) -> tuple[str, bytes, str]:
    index = (small.top / ".git/index").read_bytes()
    return small.git("--no-optional-locks", "status", "--porcelain"), index, small.git("for-each-ref")


def compare(small: Small, base: str, head: str = "") -> Judgement:
    project = open_project(small.root)
    candidate = of_revision(project, head) if head else working(project)
    return judge(project.store, candidate, of_revision(project, base))


def test_two_commits_are_compared_without_touching_anything(small: Small) -> None:
    small.replace("README.md", "Read", "Unsaved")
    small.write("untracked.txt", "x")
    before = untouched(small)
    found = compare(small, small.first, small.second)
    assert untouched(small) == before
    assert found.comparison.metrics[0].judgement == "better"
    assert (found.comparison.rows, found.comparison.unpaired) == (200, None)
    assert [m.name for m in found.comparison.metrics] == ["roc_auc", "seconds", "deep.x"]
    changed = [change.axis for change in found.comparison.changes if change.changed]
    assert changed == [Axis.DATA, Axis.PARAMETERS, Axis.CODE]
    assert [v.outcome.value for v in found.verdicts] == ["pass"]


def test_a_worse_model_fails_and_its_exit_code_and_status_say_so(small: Small) -> None:
    project = open_project(small.root)
    better = compare(small, small.first, small.second)
    head = of_revision(project, small.first)
    strict = replace(head.settings.evaluate, gates=(Gate("min", "roc_auc", 0.9999),))
    worse = judge(project.store, replace(head, settings=replace(head.settings, evaluate=strict)), None)
    assert (exit_code(better), exit_code(worse)) == (Exit.DONE, Exit.GATE_FAILED)
    assert (status_of(better).state, status_of(worse).state) == ("success", "failure")
    unsure = tuple(replace(v, outcome=Outcome.INCONCLUSIVE) for v in worse.verdicts)
    demanding = tuple(replace(v, gate=replace(v.gate, on_inconclusive="fail")) for v in unsure)
    assert exit_code(replace(worse, verdicts=unsure)) == Exit.DONE
    assert exit_code(replace(worse, verdicts=demanding)) == Exit.INCONCLUSIVE
    assert exit_code(replace(worse, verdicts=(*demanding, *worse.verdicts))) == Exit.GATE_FAILED
    assert len(status_of(worse).description) <= 140


def test_the_working_tree_is_judged_as_it_was_run(small: Small) -> None:
    assert compare(small, small.second).comparison.metrics[0].judgement == "same"
    small.replace("params.yaml", "skill: 1.5", "skill: 0.1")
    with pytest.raises(UsageError, match="changed since the last run, or never run: skill") as caught:
        compare(small, small.second)
    assert caught.value.hint == "cdml run train evaluate"
    small.evaluate()
    before = untouched(small)
    found = compare(small, small.second)
    assert untouched(small) == before
    assert found.comparison.metrics[0].judgement == "worse"
    details = {change.axis: change.details for change in found.comparison.changes if change.changed}
    assert details == {Axis.PARAMETERS: ("skill 1.5→0.1",)}


def test_a_commit_that_was_not_evaluated_is_refused_with_the_next_command(small: Small) -> None:
    small.replace("src/train.py", "changed", "changed again")
    commit = small.commit("Not run")
    with pytest.raises(UsageError, match=f"{commit} was never evaluated") as caught:
        compare(small, commit, small.first)
    assert "cdml run train evaluate" in caught.value.hint
    small.git("rm", "--quiet", "dvc.lock")
    with pytest.raises(UsageError, match="was never evaluated"):
        compare(small, small.commit("No lock"), small.first)
    with pytest.raises(UsageError, match="'nope' is not a revision"):
        compare(small, "nope", small.first)


def test_versions_are_found_by_any_of_their_names(small: Small) -> None:
    small.git("tag", "-a", "toy@v1.0.0", "-m", "Registering artifact toy version v1.0.0", small.first)
    small.git("tag", "-a", "toy@v1.1.0", "-m", "Registering artifact toy version v1.1.0", small.second)
    project = open_project(small.root)
    for name in ("v1.0.0", "1.0.0", "toy@v1.0.0"):
        found = of_revision(project, name)
        assert (found.commit, found.label, found.version) == (small.first, "toy@v1.0.0", "v1.0.0")
    assert of_revision(project, small.first).label == "toy@v1.0.0"
    registry = read(project.git)
    assert [find_version(registry, "toy", t) for t in ("main", "other@v1.0.0", "v1", "HEAD@{0}", "", "..")] == [
        None
    ] * 6
    with pytest.raises(UsageError, match=r"v9\.0\.0"):
        of_revision(project, "v9.0.0")
    champion = baseline(project)
    assert champion is not None
    assert champion.version == "v1.1.0"
    assert compare(small, "v1.0.0", "v1.1.0").comparison.metrics[0].judgement == "better"


def test_without_a_version_there_is_no_baseline(small: Small) -> None:
    project = open_project(small.root)
    assert baseline(project) is None
    assert judge(project.store, working(project), None).comparison.changes == ()
