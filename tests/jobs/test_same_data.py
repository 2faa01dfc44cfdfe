"""Same data or no claim: the champion is asked again, and nobody passes by easier test data."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from small_project import Small, table

from cdml.config.behaviour import BEHAVIOUR_FILE
from cdml.core.comparison import Judgement, Outcome
from cdml.core.errors import ExternalError, RefusedError
from cdml.core.findings import BehaviourResult
from cdml.core.serialize import dump
from cdml.core.settings import Dataset, Gate, MetricSpec, Settings
from cdml.evaluation.predictions import read
from cdml.jobs.behaviour import Results
from cdml.jobs.judge import judge
from cdml.jobs.overlay import commit_on_top
from cdml.jobs.project import Project, open_project
from cdml.jobs.rescore import DataFiles, Scored
from cdml.jobs.same_data import Means
from cdml.jobs.snapshots import of_revision, working
from cdml.state.pipeline import Pipeline, StageView
from cdml.state.snapshot import Snapshot

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
TEST = "data/test.csv"


def predictions(rows: range, right: int, *, noise: int = 7) -> str:
    """A file in which the scores of some rows are wrong: fewer where `right` is larger (of ten)."""
    lines = ["id,y_true,y_score"]
    for n in rows:
        y = n % 2
        sure = 0.6 + (n * noise % 40) / 100
        seen = y if n // 2 % 10 < right else 1 - y
        lines.append(f"{n},{y},{sure if seen else 1 - sure:.4f}")
    return "\n".join(lines) + "\n"


class Answers:
    """In place of a scorer: what each model says of each test set, by the labels of both."""

    def __init__(self, known: Mapping[tuple[str, str], str | Exception]) -> None:
        self.known = known
        self.asked: list[tuple[str, str]] = []

    def score(self, who: Snapshot, of: DataFiles, judged: Any) -> Scored:
        self.asked.append((who.label, of.label))
        answer = self.known[who.label, of.label]
        if isinstance(answer, Exception):
            raise answer
        return Scored(read(answer.encode(), "again.csv", judged))


@dataclass(frozen=True)
class Court:
    """The project with two versions, the newer one checked out; nothing in it changes but for new commits."""

    project: Project
    first: str
    second: str
    champion: Snapshot
    now: Snapshot

    def offer(self, files: Mapping[str, str], **evaluate: Any) -> Snapshot:
        """What a pull request offers: a commit that holds these files, its predictions among them."""
        commit = commit_on_top(self.project, self.second, {k: v.encode() for k, v in files.items()}, "Offered\n")
        data = {TEST: files.get(TEST, self.now.inputs.test_data[TEST])}
        data |= {path: text for path, text in files.items() if path.startswith("data/")}
        settings = replace(self.now.settings, evaluate=replace(self.now.settings.evaluate, **evaluate))
        inputs = replace(self.now.inputs, test_data=data)
        return replace(self.now, label="this PR", commit=commit, code=commit, inputs=inputs, settings=settings)

    def judged(self, head: Snapshot, answers: Answers | None, rules: Settings | None = None) -> Judgement:
        means = Means(self.project, self.second if rules else None, answers)  # type: ignore[arg-type]
        return judge(self.project.store, head, self.champion, rules, means)


@pytest.fixture(scope="module")
def court(small_template: Small, tmp_path_factory: pytest.TempPathFactory) -> Court:
    top = tmp_path_factory.mktemp("court") / "repository"
    shutil.copytree(small_template.top, top, symlinks=True)
    small = Small(top, small_template.first, small_template.second)
    for name, commit in (("v1.0.0", small.first), ("v1.1.0", small.second)):
        small.git("tag", "-a", f"toy@{name}", "-m", f"Registering artifact toy version {name}", commit)
    project = open_project(small.root)
    return Court(project, small.first, small.second, of_revision(project, "v1.0.0"), working(project))


BASE = "toy@v1.0.0"
HERE, THERE = "the test data", "the target branch's test data"


def test_the_champion_is_asked_again_where_the_test_data_are_others(court: Court) -> None:
    rows = range(1000, 1400)
    head = court.offer({TEST: table(3), "predictions.csv": predictions(rows, 9)})
    answers = Answers({(BASE, HERE): predictions(rows, 7)})
    found = court.judged(head, answers)
    assert answers.asked == [(BASE, HERE)]
    assert (found.comparison.unpaired, found.comparison.metrics[0].judgement) == (None, "better")
    assert found.comparison.basis == (f"{BASE} was scored again on this test data.",)
    assert [verdict.outcome for verdict in found.verdicts] == [PASS]


def test_where_it_cannot_be_asked_nothing_is_claimed_and_why_is_said(court: Court) -> None:
    head = court.offer({TEST: table(3), "predictions.csv": predictions(range(1000, 1400), 9)})
    for answers, why in (
        (None, "no model is run where this is judged"),
        (Answers({(BASE, HERE): ExternalError("its server is down")}), "its server is down"),
    ):
        found = court.judged(head, answers)
        assert found.comparison.unpaired is not None
        assert found.comparison.basis == (f"{BASE} was not scored again on this test data: {why}.",)
        assert [verdict.outcome for verdict in found.verdicts] == [INCONCLUSIVE]


def test_the_same_ids_with_other_features_are_other_data(court: Court) -> None:
    """Ids and truth alone do not show that a column was filled in: the digest does."""
    rows = range(200)
    head = court.offer({TEST: table(200, "more"), "predictions.csv": predictions(rows, 9)})
    answers = Answers({(BASE, HERE): predictions(rows, 9)})
    assert court.judged(head, answers).comparison.metrics[0].judgement == "same"
    assert answers.asked == [(BASE, HERE)]


def test_only_what_was_merged_is_run(court: Court) -> None:
    rows = range(1000, 1400)
    head = court.offer({TEST: table(3), "predictions.csv": predictions(rows, 9)})
    answers = Answers({("theirs", HERE): predictions(rows, 9)})
    means = Means(court.project, None, answers)  # type: ignore[arg-type]
    merged = replace(court.champion, label="theirs", version=None)
    judge(court.project.store, head, merged, None, means)
    assert answers.asked == [("theirs", HERE)]
    found = judge(court.project.store, head, replace(merged, code=head.code, commit=court.first), None, means)
    assert "it is neither a version nor merged" not in found.comparison.basis[0]  # a run of a merged commit
    elsewhere = commit_on_top(court.project, head.code, {}, "Not merged\n")
    found = judge(court.project.store, head, replace(merged, code=elsewhere), None, means)
    assert len(answers.asked) == 2
    assert "it is neither a version nor merged" in found.comparison.basis[0]


def test_a_test_row_without_a_prediction_fails_where_the_data_are_the_same(court: Court) -> None:
    gates = (Gate("max-regression", "roc_auc", 0.9), Gate("min", "roc_auc", 0.1), Gate("max", "seconds", 100))
    head = court.offer({"predictions.csv": predictions(range(199), 10)}, gates=gates)
    lost, alone, reported = court.judged(head, Answers({})).verdicts
    assert [lost.outcome, alone.outcome, reported.outcome] == [FAIL, FAIL, INCONCLUSIVE]
    assert lost.reason == "1 test row of the baseline has no prediction, though the test data are the same."
    whole = court.offer({"predictions.csv": predictions(range(200), 10)}, gates=gates)
    assert {verdict.outcome for verdict in court.judged(whole, Answers({})).verdicts} == {PASS}


def test_a_worse_model_does_not_pass_by_easier_test_data(court: Court) -> None:
    rows, old = range(1000, 1400), range(200)
    head = court.offer({TEST: table(3), "predictions.csv": predictions(rows, 10)})
    rules = court.project.settings
    answers = Answers(
        {
            (BASE, HERE): predictions(rows, 10),
            ("this PR", THERE): predictions(old, 6),
            (BASE, THERE): predictions(old, 10),
        }
    )
    (verdict,) = court.judged(head, answers, rules).verdicts
    assert verdict.outcome is FAIL
    assert verdict.reason.startswith("On the test data of the branch that it enters: roc_auc is at least")
    assert court.judged(head, answers).verdicts[0].outcome is PASS  # no branch to enter: main itself
    better = Answers({**answers.known, ("this PR", THERE): predictions(old, 10)})
    passed = court.judged(head, better, rules)
    assert passed.verdicts[0].outcome is PASS
    assert passed.comparison.basis[-1] == (
        "The branch that it enters has another version of the test data: gates were judged on both."
    )


def test_nothing_passes_that_could_not_be_judged_on_the_branch_s_own_data(court: Court) -> None:
    rows = range(1000, 1400)
    head = court.offer({TEST: table(3), "predictions.csv": predictions(rows, 9)})
    rules = court.project.settings
    refused = {(BASE, HERE): predictions(rows, 9), ("this PR", THERE): RefusedError("there is no column age")}
    for answers, why in (
        (Answers(refused), "there is no column age"),
        (None, "no model is run where this is judged"),
    ):
        found = court.judged(head, answers, rules)
        assert found.verdicts[0].outcome is INCONCLUSIVE
        assert f"on which it was not judged: {why}." in found.comparison.basis[-1]
    assert (
        "on which it was not judged: there is no column age."
        in court.judged(head, Answers(refused), rules).verdicts[0].reason
    )


def test_behaviour_counts_as_it_was_tried_where_the_gates_are_judged_on_both_test_data(court: Court) -> None:
    rows, old = range(1000, 1400), range(200)
    gates = tuple(Gate("behaviour", name, 0, definition="d") for name in ("kept", "broken"))
    results = Results(
        tuple(BehaviourResult(gate.metric, "examples", "d", 9, int(gate.metric == "broken"), ()) for gate in gates)
    )
    files = {TEST: table(3), "predictions.csv": predictions(rows, 9), BEHAVIOUR_FILE: dump(results)}
    head = court.offer(files, gates=gates)
    stages = {
        **head.pipeline.stages,
        "behaviour": StageView("behaviour", "c", {}, {}, {BEHAVIOUR_FILE: "0" * 32}, (), ()),
    }
    head = replace(head, pipeline=Pipeline(stages, {}))
    answers = Answers(
        {
            (BASE, HERE): predictions(rows, 9),
            ("this PR", THERE): predictions(old, 9),
            (BASE, THERE): predictions(old, 9),
        }
    )
    found = court.judged(head, answers, replace(head.settings))
    assert ("this PR", THERE) in answers.asked
    assert [verdict.outcome for verdict in found.verdicts] == [PASS, FAIL]


def test_a_change_of_prices_is_judged_by_those_of_the_branch(court: Court) -> None:
    def priced(price: float) -> dict[str, Any]:
        spec = MetricSpec("cost", "cost", "lower", costs=(0.0, 1.0, price, 0.0))
        return {"metrics": ("cost",), "defined": (spec,), "gates": (Gate("max", "cost", 1.0),)}

    # A tenth of the rows is missed, another one a false alarm.
    head = court.offer({"predictions.csv": predictions(range(200), 8)}, **priced(1.0))
    rules = replace(head.settings, evaluate=replace(head.settings.evaluate, **priced(20.0)))
    assert court.judged(head, Answers({})).verdicts[0].outcome is PASS
    found = court.judged(head, Answers({}), rules)
    assert found.verdicts[0].outcome is FAIL
    assert found.comparison.metrics[0].candidate == pytest.approx(2.1)
    assert found.comparison.basis == (
        "cost is measured as the target branch defines it, not as this change does.",
    )


def test_unchanged_test_data_are_judged_once(court: Court) -> None:
    head = court.offer({"predictions.csv": predictions(range(200), 9)})
    answers = Answers({})
    found = court.judged(head, answers, court.project.settings)
    assert (answers.asked, found.comparison.basis) == ([], ())


NORTH = {"datasets": (Dataset("north", "data/north.csv", "north.csv"),)}
ASKED = (Gate("max-regression", "roc_auc", 0.02), Gate("max-regression", "roc_auc", 0.02, dataset="north"))


def test_a_dataset_has_its_own_comparison_and_gates(court: Court) -> None:
    north = range(5000, 5300)
    files = {"predictions.csv": predictions(range(200), 10), "north.csv": predictions(north, 6)}
    head = court.offer({**files, "data/north.csv": table(3)}, **NORTH, gates=ASKED)
    answers = Answers({(BASE, "north"): predictions(north, 10)})
    found = court.judged(head, answers)
    assert [verdict.outcome for verdict in found.verdicts] == [PASS, FAIL]
    (result,) = found.comparison.datasets
    assert (result.name, result.rows, result.unpaired, result.metrics[0].judgement) == (
        "north",
        300,
        None,
        "worse",
    )
    assert found.comparison.basis == (f"{BASE} was scored again on dataset north.",)


def test_a_dataset_that_the_champion_cannot_be_asked_of_is_inconclusive(court: Court) -> None:
    files = {"predictions.csv": predictions(range(200), 10), "north.csv": predictions(range(300), 6)}
    head = court.offer(files, **{"datasets": (Dataset("north", None, "north.csv"),)}, gates=ASKED)
    found = court.judged(head, Answers({}))
    assert [verdict.outcome for verdict in found.verdicts] == [PASS, INCONCLUSIVE]
    assert found.comparison.datasets[0].unpaired == f"{BASE} has no predictions of north"
    assert found.comparison.basis == (
        f"{BASE} was not scored again on dataset north: mlops.yaml does not name its data.",
    )


def test_a_gate_with_another_opponent_does_not_pass_by_easier_test_data_either(court: Court) -> None:
    rows = range(1000, 1400)
    gates = (Gate("max-regression", "roc_auc", 0.02, against="old.csv"),)
    files = {TEST: table(3), "predictions.csv": predictions(rows, 10), "old.csv": predictions(rows, 9)}
    known = dict.fromkeys(((BASE, HERE), ("this PR", THERE), (BASE, THERE)), predictions(rows, 10))
    head = court.offer(files, gates=gates)
    rules = replace(court.project.settings, evaluate=replace(court.project.settings.evaluate, gates=gates))
    (verdict,) = court.judged(head, Answers(known), rules).verdicts
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason.endswith("on which it was not judged: old.csv was not scored on them.")
    assert court.judged(head, Answers(known)).verdicts[0].outcome is PASS


def test_a_gate_compares_with_another_version_or_a_file(court: Court) -> None:
    gates = tuple(
        Gate("max-regression", "roc_auc", 0.02, against=name) for name in ("v1.1.0", "old.csv", "v7.0.0")
    )
    head = court.offer(
        {"predictions.csv": predictions(range(200), 8), "old.csv": predictions(range(200), 1)}, gates=gates
    )
    worse, better, nobody = court.judged(head, Answers({})).verdicts
    assert [worse.outcome, better.outcome, nobody.outcome] == [FAIL, PASS, INCONCLUSIVE]
    assert "toy has no version v7.0.0" in nobody.reason


def test_a_change_does_not_choose_the_file_that_it_is_compared_with(court: Court) -> None:
    gate = Gate("max-regression", "roc_auc", 0.02, against="old.csv")
    mine = {"predictions.csv": predictions(range(200), 8)}
    target = court.offer({"old.csv": predictions(range(200), 10)}).commit
    head = court.offer({**mine, "old.csv": predictions(range(200), 5)}, gates=(gate,))
    found = judge(court.project.store, head, None, head.settings, Means(court.project, target))
    assert found.verdicts[0].outcome is FAIL
