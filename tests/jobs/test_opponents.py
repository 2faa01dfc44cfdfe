"""Whom a gate's `against` names, and what stands for them where a waiver is for one comparison only."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from small_project import Small

from cdml.core.comparison import Judgement, Outcome
from cdml.core.settings import Gate
from cdml.evaluation.gates import gate_rule
from cdml.jobs.judge import judge
from cdml.jobs.project import Project, open_project
from cdml.jobs.same_data import Means
from cdml.jobs.snapshots import working


@pytest.fixture(scope="module")
def project(small_template: Small) -> Project:
    """Only read: it has no version yet."""
    return open_project(small_template.root)


def _judged(project: Project, *against: str, looked_up: bool = True) -> Judgement:
    head = working(project)
    gates = tuple(Gate("max-regression", "roc_auc", 0.02, against=name) for name in against)
    head = replace(head, settings=replace(head.settings, evaluate=replace(head.settings.evaluate, gates=gates)))
    return judge(project.store, head, None, None, Means(project) if looked_up else None)


def test_before_the_first_version_whoever_is_judged_against_the_latest_is_the_first_model(
    project: Project,
) -> None:
    found = _judged(project, "latest", "v1.0.0")
    first, named = found.verdicts
    assert (first.outcome, first.reason) == (Outcome.PASS, "first model: nothing to be worse than")
    assert named.outcome is Outcome.INCONCLUSIVE  # a version that somebody names must be there
    assert found.comparison.opponents == ()


def test_without_a_project_to_look_in_no_opponent_is_known(project: Project) -> None:
    (verdict,) = _judged(project, "latest", looked_up=False).verdicts
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "latest is not looked up here" in verdict.reason


def test_a_judgement_tells_which_version_and_which_file_were_meant(small: Small) -> None:
    small.git("tag", "-a", "toy@v1.0.0", "-m", "Registering artifact toy version v1.0.0", small.first)
    project = open_project(small.root)
    content = (small.root / "predictions.csv").read_bytes()
    (small.root / "old.csv").write_bytes(content)
    found = _judged(project, "latest", "v1.0.0", "old.csv")
    digest = hashlib.sha256(content).hexdigest()
    assert found.comparison.opponents == (("latest", small.first), ("old.csv", digest), ("v1.0.0", small.first))
    small.git("tag", "-a", "toy@v1.1.0", "-m", "Registering artifact toy version v1.1.0", small.second)
    newer = _judged(open_project(small.root), "latest", "v1.0.0", "old.csv")
    assert newer.comparison.opponents == (("latest", small.second), ("old.csv", digest), ("v1.0.0", small.first))
    rules = [[gate_rule(verdict.gate, one.comparison) for verdict in one.verdicts] for one in (found, newer)]
    # Who accepted a loss against one `latest` has not accepted it against the next.
    assert [before == after for before, after in zip(*rules, strict=True)] == [False, True, True]
