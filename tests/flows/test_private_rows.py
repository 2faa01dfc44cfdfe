"""A project that keeps the rows of its data to itself has their counts alone, whoever asks for more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from toy_project import MLOPS, Toy

from cdml.core.settings import Settings
from cdml.forges.local import LocalForge
from cdml.jobs.data import _hidden
from cdml.jobs.project import open_project
from cdml.state.git import Git

PRIVATE = MLOPS.replace("  metrics:", "  example-rows: false\n  metrics:")
WITH_DATA = MLOPS.replace("train:\n", "data:\n  train: {path: data.csv}\n\ntrain:\n", 1)
CONTRACT = "columns:\n  id: {type: integer}\n  y: {type: integer}\n  age: {type: integer, max: 78}\n"
ROW = {"row": 3, "id": "Jane Doe", "truth": "0", "before": "0", "after": "1", "fixed": False, "columns": []}


@pytest.fixture
def private(registered: Toy) -> Toy:
    """The registered project, whose main keeps its rows to itself."""
    registered.commit("Keep rows private", mlops__yaml=PRIVATE)
    registered.git("push", "--quiet")
    return registered


def enter_run(toy: Toy, number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a run of a pull request on GitHub, without GitHub."""
    repository = {"full_name": "team/toy"}
    pull = {"number": number, "head": {"sha": toy.git("rev-parse", "HEAD"), "repo": repository}}
    pull["base"] = {"ref": "main", "repo": repository}
    (folder / "event.json").write_text(json.dumps({"pull_request": pull, "before": ""}))
    named = {"ACTIONS": "true", "EVENT_NAME": "pull_request", "EVENT_PATH": str(folder / "event.json")}
    for name, value in (named | {"OUTPUT": str(folder / "output")}).items():
        monkeypatch.setenv(f"GITHUB_{name}", value)


def drawn(result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = result["judgement"]["comparison"]["diagnostics"]
    return found


def test_a_change_cannot_show_rows_that_main_keeps_to_itself(private, tmp_path, monkeypatch):
    private.branch("louder", "Show rows", mlops__yaml=MLOPS, params__yaml="skill: 1.3\n")
    private.git("push", "--quiet", "origin", "HEAD:refs/heads/louder")
    number = LocalForge(Git(private.root)).open_pull("louder", "main", "Show rows", "").number
    enter_run(private, number, tmp_path, monkeypatch)
    private.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "handover"))
    place = tmp_path / "handover" / "result.json"
    result = json.loads(place.read_text())
    assert drawn(result)["flips"] == {"fixed": 25, "broken": 0, "moved": 0, "examples": []}
    # A job that runs the code of a change may write what it likes; main's settings count where it is shown.
    drawn(result)["flips"]["examples"] = drawn(result)["moved"] = [ROW]
    place.write_text(json.dumps(result))
    private.git("switch", "--quiet", "--force", "main")
    private.cdml("comment", "--from", str(tmp_path / "handover"), "--report", str(tmp_path / "pages"))
    report = (tmp_path / "pages" / "report.html").read_text("utf-8")
    assert "25 answers flipped: 25 fixed, 0 broken. The rows themselves are left out." in report
    assert "Jane Doe" not in report


def test_values_that_break_a_contract_stay_private_too(toy):
    toy.commit("Data", mlops__yaml=WITH_DATA, **{"data.schema__yaml": CONTRACT})
    assert "above 78: 79 (row 60)" in toy.cdml("run", "data", code=3)
    hidden = WITH_DATA.replace("  metrics:", "  example-rows: false\n  metrics:")
    toy.commit("Private", mlops__yaml=hidden)
    said = toy.cdml("run", "data", code=3)
    assert "above 78: row 60, row 120, row 180" in said


def test_what_main_does_not_show_of_data_a_change_does_not_either(toy):
    def of_target(mlops: str, contract: str) -> tuple[str, Settings]:
        toy.commit("Main", mlops__yaml=mlops, **{"data.schema__yaml": contract})
        return toy.git("rev-parse", "HEAD"), open_project(toy.root).settings

    quiet = of_target(WITH_DATA, f"examples: false\n{CONTRACT}")
    private = of_target(WITH_DATA.replace("  metrics:", "  example-rows: false\n  metrics:"), CONTRACT)
    loud = of_target(WITH_DATA, CONTRACT)
    two = WITH_DATA.replace("data.csv}\n", "data.csv}\n  more: {path: other.csv}\n", 1)
    toy.commit("Change", mlops__yaml=two)
    project = open_project(toy.root)
    assert _hidden(project, None) == _hidden(project, loud) == set()
    assert _hidden(project, quiet) == _hidden(project, private) == {"train", "more"}
