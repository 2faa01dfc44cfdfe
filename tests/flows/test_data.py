"""Data under contract: what a pull request says of broken data and loosened contracts, and when nobody looks."""

from __future__ import annotations

import json
import random
import shutil

import pytest
from toy_project import MLOPS, Toy

from cdml.ci.base import RunContext
from cdml.core.errors import ContractError
from cdml.jobs.data import _as_in
from cdml.jobs.data_changes import contract_changes, loosened
from cdml.jobs.hand_over import _failure
from cdml.jobs.project import open_project

CONTRACT = """\
target: "y"
id: id
rows: {min: 100}
columns:
  id: {type: integer, unique: true}
  "y": {type: integer, values: [0, 1], serving: false}
  age: {type: integer, min: 0, max: 120}
"""
DATA = MLOPS.replace("train:\n", "data:\n  train: {path: data.csv}\n\ntrain:\n", 1)


def rows(count: int = 600) -> list[str]:
    """Ages that say nothing of the target."""
    draw = random.Random(0)
    return ["id,y,age", *(f"{n},{n % 2},{draw.randrange(20, 80)}" for n in range(count))]


def text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


@pytest.fixture
def contracted(toy: Toy) -> Toy:
    """The project with its data under contract, on main."""
    toy.commit(
        "Put data under contract", mlops__yaml=DATA, data__csv=text(rows()), **{"data.schema__yaml": CONTRACT}
    )
    toy.git("push", "--quiet")
    return toy


def test_a_pull_request_with_broken_data_trains_nothing_and_its_comment_says_which(contracted):
    lines = rows()
    lines[4], lines[8] = "3,1,<b>old</b>", "7,2,-3"
    contracted.branch("worse", "Break the data", data__csv=text(lines))
    said = contracted.cdml("pr", "open", code=3)
    assert "data.schema.yaml:7: data.csv: age: min: 1 of 600 rows: below 0: -3 (row 8)" in said
    assert "Running stage" not in said
    shown = contracted.cdml("pr", "show", "1")
    assert "failure: cdml: data.csv breaks its contract in 3 places" in shown
    assert "🔴 toy: the data contract is broken, nothing was trained" in shown
    assert "data.csv: y: values: 1 of 600 rows: not among 0, 1: 2 (row 8)" in shown
    assert "data.csv: age: type: 1 of 600 rows: not a whole number: '<b>old</b>' (row 4)" in shown


def test_a_loosened_contract_is_said_in_the_comment(contracted):
    looser = CONTRACT.replace("max: 120", "max: 150").replace("rows: {min: 100}\n", "")
    contracted.branch("looser", "Loosen", **{"data.schema__yaml": looser})
    said = contracted.cdml("pr", "open")
    assert "checking data.csv against data.schema.yaml" in said
    shown = contracted.cdml("pr", "show", "1")
    loosening = "This change loosens the contract of data.csv: rows min 100 → none; age: max 120 → 150"
    assert shown.index("🟡 toy: ") < shown.index(loosening) < shown.index("| gate |")
    assert loosening in said
    contracted.commit("Remove it", mlops__yaml=MLOPS)
    project = open_project(contracted.root)
    target = ("origin/main", project.settings_at("origin/main"))
    said = loosened(project.git, project.settings, *target)
    assert said == ("⚠️ This change loosens the contract of data.csv: removed.",)
    change = contract_changes(project.git, project.settings, *target)
    assert change is not None
    assert change.changed
    assert contract_changes(project.git, project.settings, "HEAD", project.settings) is None


def test_data_that_did_not_change_are_not_looked_at_again(contracted, monkeypatch):
    assert "checking data.csv" in contracted.cdml("register")
    monkeypatch.setattr("cdml.contracts.together.check_all", None)
    assert "were checked against their contracts before" in contracted.cdml("run", "data")
    # Another machine has noted nothing, but what was registered was checked.
    shutil.rmtree(contracted.root / ".git" / "cdml" / ".data")
    contracted.branch("words", "Say more", README__md="More.\n")
    said = contracted.cdml("pr", "open")
    assert "data and contracts are those of toy@v1.0.0, skipping" in said
    project = open_project(contracted.root)
    assert _as_in(project, project.settings.data, "toy@v1.0.0")
    contracted.commit("Another contract", **{"data.schema__yaml": CONTRACT.replace("120", "90")})
    assert not _as_in(project, project.settings.data, "toy@v1.0.0")


def test_what_is_handed_over_is_a_refusal_with_every_finding():
    error = ContractError("data.csv breaks its contract in 1 place", "", (), "data.csv: age: min")
    failure = _failure(error, RunContext("github", "pull_request"), False)
    assert (failure.message, failure.printed) == (error.message, error.printed)
    assert failure.refused
    assert failure.contract


def test_warnings_are_told_each_time_and_break_nothing(toy):
    test = text([line.replace(",4", ",9") for line in rows(200)])
    toy.write(
        "mlops.yaml",
        DATA.replace(
            "  train: {path: data.csv}\n",
            "  train: {path: data.csv}\n  test: {path: test.csv, schema: data.schema.yaml}\n",
        ),
    )
    toy.commit("Data", data__csv=text(rows()), test__csv=test, **{"data.schema__yaml": CONTRACT})
    for _ in range(2):
        said = toy.cdml("run", "data", "--json")
        (found,) = json.loads(said[: said.rindex("}") + 1])["findings"]
        assert (found["data"], found["column"], found["rule"], found["severity"]) == (
            "test",
            "age",
            "skew",
            "warn",
        )
        assert "warning: test.csv: age: skew: distributed otherwise than the training data" in said


def test_check_names_contracts_that_are_missing_or_cannot_be_read(toy):
    toy.commit("Data", mlops__yaml=DATA)
    said = toy.cdml("check", code=3)
    assert "mlops.yaml:3: data.train.schema: data.csv has no contract: there is no data.schema.yaml." in said
    assert "cdml data infer train" in said
    assert "cdml data infer train" in toy.cdml("run", "data", code=3)
    toy.write("data.schema.yaml", CONTRACT.replace("integer, min", "intger, min"))
    assert "data.schema.yaml:7: columns.age.type: 'intger' is not" in toy.cdml("check", code=3)
    assert "data.schema.yaml:7: columns.age.type: 'intger' is not" in toy.cdml("run", "data", code=3)


def test_data_that_a_stage_makes_are_made_and_then_checked_before_training(toy):
    stages = {
        "stages": {
            "prepare": {"cmd": "python prepare.py", "deps": ["prepare.py"], "outs": ["made.csv"]},
            "train": {"cmd": "python train.py", "deps": ["train.py", "made.csv"], "outs": ["model.txt"]},
            "evaluate": {
                "cmd": "python evaluate.py",
                "deps": ["evaluate.py", "model.txt"],
                "outs": ["predictions.csv"],
            },
        }
    }
    own = "model: toy\ndata: {train: {path: made.csv, schema: data.schema.yaml}}\n"
    own += "train: {stages: [prepare, train]}\n"
    own += "evaluate: {stages: [evaluate], predictions: predictions.csv}\nregister: {artifact: model.txt}\n"
    made = text(rows()).replace("\n5,1,", "\n5,1,1")
    toy.commit(
        "Own stages",
        mlops__yaml=own,
        dvc__yaml=json.dumps(stages),
        prepare__py=f"open('made.csv', 'w').write({made!r})\n",
        **{"data.schema__yaml": CONTRACT},
    )
    said = toy.cdml("run", "data", "train", code=3)
    assert "Running stage 'prepare'" in said
    assert "Running stage 'train'" not in said
    assert "age: max: 1 of 600 rows: above 120" in said


def test_a_contract_is_added_shown_and_compared_by_hand(toy):
    toy.commit("Other data", data__csv=text(rows()))
    assert "data.schema.yaml: 3 columns" in toy.cdml("data", "add", "data.csv", "--name", "train")
    assert "keeps data.schema.yaml" in toy.cdml("run", "data")
    toy.commit("Contract")
    assert "no difference" in toy.cdml("data", "diff", "train")
    toy.write("data.csv", text([*rows(), "600,1,300"]))
    assert "above" in toy.cdml("run", "data", code=3)
    assert "is not written: --yes writes it" in toy.cdml("data", "update", code=2)
    assert "(lets more pass)" in toy.cdml("data", "update", "--yes")
    assert "keeps data.schema.yaml" in toy.cdml("run", "data")
    assert "age: max" in toy.cdml("data", "diff", "HEAD:train", "train")
