"""`cdml doctor` as people and machines start it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from doctored_project import Doctored, make
from toy_project import invoke


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctored:
    for name in ("CDML_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return make(tmp_path / "toy", branches=("release/staging",))


def test_what_is_missing_ends_with_3_and_fix_mends_it(project: Doctored) -> None:
    code, said = invoke(project.root, "doctor")
    assert code == 3
    assert "missing  origin has no release/production: a promotion is a pull request" in said
    assert "         $ cdml doctor --fix\n" in said
    assert said.endswith("\n1 missing, 4 could not be seen\n")
    code, said = invoke(project.root, "doctor", "--fix")
    assert said.startswith("created  release/production on origin\n")
    assert code == 0
    assert said.endswith("\nnothing missing, 4 could not be seen\n")


def test_text_is_wrapped_and_commands_stay_on_one_line(project: Doctored) -> None:
    _, said = invoke(project.root, "doctor")
    lines = said.splitlines()
    assert all(len(line) <= 80 for line in lines if not line.lstrip().startswith("$"))
    assert len(lines) <= 30
    looped = [line for line in lines if line.lstrip().startswith("$ for name in main")]
    assert looped[0].endswith("done")


def test_what_is_unknown_says_why_only_when_asked(project: Doctored) -> None:
    why = "promotions, rollbacks and retraining are pull requests"
    assert why not in re.sub(r"\s+", " ", invoke(project.root, "doctor")[1])
    assert why in re.sub(r"\s+", " ", invoke(project.root, "doctor", "--why")[1])


def test_machines_get_findings_and_bodies(project: Doctored) -> None:
    code, said = invoke(project.root, "doctor", "--json")
    found = json.loads(said)
    assert code == 3
    assert {"topic", "state", "what", "why", "command"} == set(found["findings"][0])
    assert {one["state"] for one in found["findings"]} == {"ok", "missing", "unknown", "note"}
    code, said = invoke(project.root, "doctor", "--body", "tags")
    assert code == 0
    assert json.loads(said)["conditions"]["ref_name"]["include"] == ["refs/tags/toy@*", "refs/tags/toy#*"]
    code, said = invoke(project.root, "doctor", "--body", "what")
    assert code == 2
    assert "no finding sends 'what'" in said


def test_a_folder_that_is_no_project_is_a_finding_not_a_traceback(tmp_path: Path) -> None:
    code, said = invoke(tmp_path, "doctor")
    assert code == 3
    assert said.startswith("missing  ")
    assert "Traceback" not in said
