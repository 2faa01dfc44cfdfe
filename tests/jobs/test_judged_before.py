"""A judgement is taken over for exactly the same question, and for no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from small_project import Small

from cdml.config.behaviour import BEHAVIOUR_FILE
from cdml.core.settings import Dataset, Settings
from cdml.jobs import judge as judge_job
from cdml.jobs import judged_before
from cdml.jobs.judged_before import JUDGEMENTS, judge_once, judging_digest
from cdml.jobs.overlay import commit_on_top
from cdml.jobs.project import Project, open_project
from cdml.jobs.rescore import Scorer
from cdml.jobs.same_data import Means
from cdml.jobs.snapshots import of_revision, working
from cdml.state.snapshot import Snapshot


def never(*_: object) -> None:
    raise AssertionError("it was judged again")


def kept(small: Small) -> list[str]:
    return small.git("for-each-ref", "--format=%(refname)", JUDGEMENTS).split()


def test_the_same_question_is_answered_once_though_another_commit_asks(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = open_project(small.root)
    first = judge_once(project, working(project), project.settings)
    small.write("README.md", "More to read.\n")
    commit = small.commit("Words")
    with monkeypatch.context() as patch:
        patch.setattr(judge_job, "judge", never)
        project = open_project(small.root)
        again = judge_once(project, replace(working(project), label="this PR"), project.settings)
    assert again.verdicts == first.verdicts
    assert replace(again.comparison, candidate=first.comparison.candidate) == first.comparison
    assert (again.comparison.candidate.label, again.comparison.candidate.commit) == ("this PR", commit)
    assert len(kept(small)) == 1


def test_what_is_no_judgement_is_judged_again(small: Small) -> None:
    project = open_project(small.root)
    first = judge_once(project, working(project), project.settings)
    (ref,) = kept(small)
    blob = small.git("hash-object", "-w", "mlops.yaml")
    small.git("update-index", "--add", "--cacheinfo", f"100644,{blob},.cdml/judgement.json")
    planted = small.git("commit-tree", small.git("write-tree"), "-m", "no judgement")
    small.git("update-ref", ref, planted)
    assert judge_once(open_project(small.root), working(project), project.settings) == first


@pytest.fixture
def question(small: Small, monkeypatch: pytest.MonkeyPatch) -> tuple[Project, Snapshot, dict[str, Any]]:
    project = open_project(small.root)
    champion: dict[str, Any] = {"is": None}
    monkeypatch.setattr(judged_before, "baseline_version", lambda *_: champion["is"])
    return project, working(project), champion


def evaluate(settings: Settings, **values: object) -> Settings:
    return replace(settings, evaluate=replace(settings.evaluate, **values))  # type: ignore[arg-type]


CHANGES: dict[str, Callable[[Snapshot, Settings], tuple[Snapshot, Settings]]] = {
    "rules' gates": lambda s, r: (s, evaluate(r, gates=(replace(r.evaluate.gates[0], limit=0.5),))),
    "own gates": lambda s, r: (replace(s, settings=evaluate(s.settings, gates=())), r),
    "metrics": lambda s, r: (replace(s, settings=evaluate(s.settings, metrics=("accuracy",))), r),
    "positive": lambda s, r: (s, evaluate(r, positive="1")),
    "inputs": lambda s, r: (replace(s, inputs=replace(s.inputs, environment="another")), r),
    "reported": lambda s, r: (replace(s, reported={**s.reported, "seconds": 9.0}), r),
    "predictions": lambda s, r: (predicted(s, "another digest"), r),
}


def predicted(snapshot: Snapshot, digest: str | None) -> Snapshot:
    stage = replace(snapshot.pipeline.stage("evaluate"), outs={"predictions.csv": digest})
    stages = {**snapshot.pipeline.stages, "evaluate": stage}
    return replace(snapshot, pipeline=replace(snapshot.pipeline, stages=stages))


def test_another_gate_metric_input_number_or_prediction_is_another_question(question: Any) -> None:
    project, snapshot, _ = question
    found = {"": judging_digest(project, snapshot, project.settings)}
    found |= {
        name: judging_digest(project, *change(snapshot, project.settings)) for name, change in CHANGES.items()
    }
    found["no rules"] = judging_digest(project, snapshot, None)
    assert None not in found.values()
    assert len(set(found.values())) == len(found)


def test_another_champion_is_another_question(question: Any, small: Small) -> None:
    project, snapshot, champion = question
    found = {judging_digest(project, snapshot, None)}
    for commit in (small.first, small.second):
        champion["is"] = champion_of(commit)
        found.add(judging_digest(project, snapshot, None))
    assert len(found) == 3


def champion_of(commit: str) -> Any:
    return type("Champion", (), {"commit": commit, "label": "toy@v1.0.0"})()


def test_another_cdml_judges_for_itself(question: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project, snapshot, _ = question
    before = judging_digest(project, snapshot, None)
    monkeypatch.setattr(judged_before, "__version__", "99.0")
    assert judging_digest(project, snapshot, None) != before


def test_without_a_digest_of_either_side_nothing_is_taken_over(question: Any) -> None:
    project, snapshot, _ = question
    assert judging_digest(project, predicted(snapshot, None), None) is None
    assert judging_digest(project, snapshot, evaluate(project.settings, baseline="main")) is None


def test_a_release_commit_can_be_asked_about_too(question: Any, small: Small) -> None:
    project, snapshot, _ = question
    assert judging_digest(project, of_revision(project, small.second), None) == judging_digest(
        project, snapshot, None
    )


def test_another_opponent_another_branch_s_test_data_and_models_that_may_be_asked_are_other_questions(
    question: Any, small: Small
) -> None:
    project, snapshot, _ = question
    gate = replace(project.settings.evaluate.gates[0], against="old.csv")
    asked = replace(snapshot, settings=evaluate(snapshot.settings, gates=(gate,)))
    assert judging_digest(project, asked, project.settings) is None  # a file of the working tree has no digest

    def branch(files: dict[str, str]) -> Means:
        content = {path: text.encode() for path, text in files.items()}
        return Means(project, commit_on_top(project, small.second, content, "Branch\n"))

    means = [
        branch({"old.csv": "1"}),
        branch({"old.csv": "2"}),
        branch({"old.csv": "1", "data/test.csv": "id,y\n"}),
    ]
    means.append(replace(means[0], scorer=Scorer(project)))
    found = [judging_digest(project, asked, project.settings, one) for one in means]
    assert None not in found
    assert len(set(found)) == len(found)
    again = branch({"old.csv": "1"})  # another commit with the same files
    assert judging_digest(project, asked, project.settings, again) == found[0]
    gone = replace(snapshot, settings=evaluate(snapshot.settings, gates=(replace(gate, against="v7.0.0"),)))
    assert judging_digest(project, gone, project.settings, means[0]) is None


def test_predictions_of_another_dataset_are_another_question(question: Any) -> None:
    project, snapshot, _ = question
    dataset = Dataset("north", None, "north.csv")
    head = replace(snapshot, settings=evaluate(snapshot.settings, datasets=(dataset,)))
    assert judging_digest(project, head, None) is None
    stage = snapshot.pipeline.stage("evaluate")

    def with_digest(oid: str) -> Snapshot:
        outs = {**stage.outs, "north.csv": oid}
        stages = {**snapshot.pipeline.stages, "evaluate": replace(stage, outs=outs)}
        return replace(head, pipeline=replace(snapshot.pipeline, stages=stages))

    found = {judging_digest(project, with_digest(oid), None) for oid in ("a", "b")}
    assert None not in found
    assert len(found) == 2


def test_test_data_that_only_a_stage_names_and_behaviour_in_an_own_stage_are_part_of_the_question(
    question: Any, small: Small
) -> None:
    project, snapshot, _ = question
    rules = evaluate(project.settings, data=None)
    unnamed = replace(snapshot, settings=evaluate(snapshot.settings, data=None))
    moved = [
        Means(project, commit_on_top(project, small.second, {"data/test.csv": text}, "Branch\n"))
        for text in (b"id,y\n", b"id,y\n1,1\n")
    ]
    found = {judging_digest(project, unnamed, rules, means) for means in moved}
    stage = replace(unnamed.pipeline.stage("evaluate"), outs={"predictions.csv": "1", BEHAVIOUR_FILE: "2"})
    for outs in (stage.outs, {**stage.outs, BEHAVIOUR_FILE: "3"}):
        stages = {**unnamed.pipeline.stages, "evaluate": replace(stage, outs=outs)}
        tried = replace(unnamed, pipeline=replace(unnamed.pipeline, stages=stages))
        found.add(judging_digest(project, tried, rules, moved[0]))
    assert None not in found
    assert len(found) == 4
