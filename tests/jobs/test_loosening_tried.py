"""What a change of mlops.yaml might try, so that a worse model is not stopped."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import pytest
from small_project import Small
from test_same_data import BASE, HERE, THERE, Answers, Court, predictions

from cdml.core.comparison import Judgement, Outcome
from cdml.core.settings import Dataset, Gate, MetricSpec, Settings
from cdml.jobs.judge import judge
from cdml.jobs.overlay import commit_on_top
from cdml.jobs.project import open_project
from cdml.jobs.same_data import Means
from cdml.jobs.snapshots import of_revision, working

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
GATES = (Gate("max-regression", "roc_auc", 0.02), Gate("min", "roc_auc", 0.9, confidence=0.95))
FILE = "predictions.csv"
GOOD, BAD = predictions(range(200), 10), predictions(range(200), 6)


@pytest.fixture(scope="module")
def court(small_template: Small, tmp_path_factory: pytest.TempPathFactory) -> Court:
    """A good champion; whoever offers something is judged as main has it."""
    top = tmp_path_factory.mktemp("tried") / "repository"
    shutil.copytree(small_template.top, top, symlinks=True)
    small = Small(top, small_template.first, small_template.second)
    small.git("tag", "-a", "toy@v1.0.0", "-m", "Registering artifact toy version v1.0.0", small.first)
    small.git("config", "user.name", "Test")
    small.git("config", "user.email", "test@localhost")
    project = open_project(small.root)
    good = commit_on_top(project, small.first, {FILE: GOOD.encode()}, "Good\n")
    champion = replace(of_revision(project, "v1.0.0"), commit=good)
    return Court(project, small.first, small.second, champion, working(project))


def main_has(court: Court, **evaluate: Any) -> Settings:
    settings = court.project.settings
    return replace(settings, evaluate=replace(settings.evaluate, gates=GATES, **evaluate))


def judged(court: Court, text: str, rules: Settings, answers: Answers | None = None, **evaluate: Any) -> Judgement:
    """Predictions of a change with these settings, judged as `rules` ask."""
    head = court.offer({FILE: text}, **{"gates": GATES, **evaluate})
    means = Means(court.project, court.second, answers or Answers({}))  # type: ignore[arg-type]
    champion = court.champion
    if rules.evaluate.builtin:
        champion = replace(champion, settings=rules)
    return judge(court.project.store, head, champion, rules, means)


def outcomes(found: Judgement) -> list[Outcome]:
    return [verdict.outcome for verdict in found.verdicts]


def with_column(text: str, name: str, values: list[object]) -> str:
    head, *lines = text.splitlines()
    return "\n".join([f"{head},{name}", *(f"{a},{b}" for a, b in zip(lines, values, strict=True))]) + "\n"


TRIED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "few groups, which leave no interval": {"group": "g"},
    "no slices, nothing sought": {"by": (), "discover": False},
    "another task": {"task": "regression"},
    "another positive class": {"positive": "0"},
    "another baseline": {"baseline": "v1.1.0"},
    "other metrics": {"metrics": ("log_loss",)},
    "no gates": {"gates": ()},
    "no demand of certainty": {"gates": (replace(GATES[0], limit=0.5), replace(GATES[1], confidence=None))},
}


@pytest.mark.parametrize("tried", TRIED.values(), ids=TRIED.keys())
def test_a_worse_model_fails_whatever_its_mlops_yaml_says_of_reading_it(
    court: Court, tried: dict[str, Any]
) -> None:
    text = with_column(BAD, "g", [n % 2 for n in range(200)])
    assert outcomes(judged(court, text, main_has(court), **tried)) == [FAIL, FAIL]


def test_prices_that_fall_change_nothing(court: Court) -> None:
    def prices(fn: float) -> tuple[MetricSpec, ...]:
        return (MetricSpec("cost", "cost", "lower", costs=(0.0, 1.0, fn, 0.0)),)

    gate = (Gate("max-regression", "cost", 1.0),)
    rules = main_has(court, defined=prices(20), metrics=("cost",))
    rules = replace(rules, evaluate=replace(rules.evaluate, gates=gate))
    answered = [
        with_column(text, "y_pred", [int(float(row.split(",")[2]) > 0.5) for row in text.split()[1:]])
        for text in (GOOD, BAD)
    ]
    champion = commit_on_top(court.project, court.first, {FILE: answered[0].encode()}, "Answers\n")
    there = replace(court, champion=replace(court.champion, commit=champion))
    found = judged(there, answered[1], rules, defined=prices(0), metrics=("cost",), gates=gate)
    assert outcomes(found) == [FAIL]
    assert "cost is measured as the target branch defines it, not as this change does." in found.comparison.basis


def test_a_column_of_ids_may_get_another_name_and_the_same_rows_are_compared(court: Court) -> None:
    rules = main_has(court, id="id")
    text = with_column(BAD.replace("id,", "key,", 1), "g", [n % 2 for n in range(200)])
    found = judged(court, text, rules, id="key", group="g")  # what is not about ids stays the target's
    assert (outcomes(found), found.comparison.unpaired) == ([FAIL, FAIL], None)
    assert found.comparison.basis[-1].startswith(
        "The predictions cannot be read as the target branch reads its own"
    )


def test_of_the_same_test_data_no_other_rows_and_no_other_truth_pass(court: Court) -> None:
    more = BAD + "".join(f"x{n},{n % 2},{n % 2}\n" for n in range(400))
    rows = [line.split(",") for line in BAD.split()[1:]]
    retold = "id,y_true,y_score\n" + "".join(f"{n},{int(float(score) > 0.5)},{score}\n" for n, _, score in rows)
    for text, why in ((more, "400 rows only in the candidate"), (retold, "y_true is another in 80 rows")):
        found = judged(court, text, main_has(court))
        assert outcomes(found) == [INCONCLUSIVE, INCONCLUSIVE]
        assert "yet the predictions are not of the same rows" in found.verdicts[1].reason
        assert why in found.verdicts[1].reason


def test_another_column_taken_for_the_truth_is_judged_by_the_old_one_too(court: Court) -> None:
    rules = main_has(court, builtin=True, stages=(), target="y")
    answers = Answers({(BASE, HERE): BAD, ("this PR", THERE): BAD, (BASE, THERE): GOOD})
    found = judged(court, GOOD, rules, answers, builtin=True, stages=(), target="easy")
    assert outcomes(found) == [FAIL, FAIL]
    assert (BASE, HERE) in answers.asked
    assert ("this PR", THERE) in answers.asked
    assert found.verdicts[1].reason.startswith("On the test data of the branch that it enters: ")


def test_a_dataset_that_is_gone_or_has_easier_data_passes_nothing(court: Court) -> None:
    north = (Dataset("north", "data/north.csv", "north.csv"),)
    gate = Gate("min", "roc_auc", 0.9, dataset="north")
    target = commit_on_top(court.project, court.second, {"data/north.csv": b"id,y\n"}, "North\n")
    rules = main_has(court, datasets=north)
    rules = replace(rules, evaluate=replace(rules.evaluate, gates=(gate,)))
    answers = Answers(
        {("this PR", "the target branch's north"): BAD, (BASE, "north"): GOOD}
        | {(BASE, "the target branch's north"): GOOD}
    )
    means = Means(court.project, target, answers)  # type: ignore[arg-type]
    gone = court.offer({FILE: GOOD}, gates=(), datasets=())
    easier = court.offer(
        {FILE: GOOD, "data/north.csv": "id,y\n1,1\n", "north.csv": GOOD}, gates=(gate,), datasets=north
    )
    for head in (gone, easier):
        (verdict,) = judge(court.project.store, head, court.champion, rules, means).verdicts
        assert verdict.outcome is FAIL
