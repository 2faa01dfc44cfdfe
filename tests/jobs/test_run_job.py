"""`cdml run`: stages through DVC, what was skipped, and what was read though no stage names it."""

from __future__ import annotations

from typing import Any

import pytest
from small_project import Small

from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.evaluation.predictions import Predictions
from cdml.jobs import run
from cdml.jobs.project import open_project
from cdml.jobs.run import run_jobs, run_tests


def quiet(_: str) -> None:
    """Nobody listens."""


def test_what_did_not_change_is_skipped_and_what_did_runs(small: Small) -> None:
    said: list[str] = []
    # part.py is executed by path from parts/, and its twin is not asked for
    small.replace("evaluate.py", "import csv", "open('README.md').read()\nimport csv")
    found = run_jobs(open_project(small.root), ("train", "evaluate"), said.append)
    assert set(found.skipped) == {"train", "part@a"}
    assert found.ran == ("evaluate",)
    assert found.undeclared == ("README.md",)
    assert any("Running stage 'evaluate'" in line for line in said)
    (small.root / "model/skill.txt").unlink()
    again = run_jobs(open_project(small.root), ("train",), quiet)
    assert "evaluate" not in (*again.ran, *again.skipped)
    assert (small.root / "model/skill.txt").read_text() == " 1.5\n"


def test_a_failing_stage_shows_its_own_words(small: Small) -> None:
    small.replace("evaluate.py", "import csv", "raise SystemExit('no data today')\nimport csv")
    said: list[str] = []
    with pytest.raises(ExternalError, match="dvc repro evaluate failed") as caught:
        run_jobs(open_project(small.root), ("evaluate",), said.append)
    assert "no data today" in caught.value.printed
    assert "no data today" in "".join(said)
    assert "cdml run again" in caught.value.hint


def test_what_cannot_be_run_is_refused_before_anything_runs(small: Small) -> None:
    with pytest.raises(UsageError, match="'deploy' is not a job"):
        run_jobs(open_project(small.root), ("deploy",), quiet)
    small.replace("mlops.yaml", "[train, part@a]", "[train, nope]")
    with pytest.raises(ConfigError, match="no stage 'nope'"):
        run_jobs(open_project(small.root), ("train",), quiet)


def test_predictions_are_read_once_for_the_same_bytes_and_settings(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    reading = run.read

    def counted(*asked: Any) -> Predictions:
        read.append(asked[1])
        return reading(*asked)

    monkeypatch.setattr(run, "read", counted)
    for _ in range(2):
        run_jobs(open_project(small.root), ("evaluate",), quiet)
    assert read == ["predictions.csv"]
    small.replace("mlops.yaml", "  target: y", "  target: y\n  positive: '1'")
    run_jobs(open_project(small.root), ("evaluate",), quiet)
    assert len(read) == 2


def test_predictions_that_cannot_be_judged_are_refused_each_time(small: Small) -> None:
    small.replace("evaluate.py", '["id", "y_true", "y_score"]', '["id", "truth", "y_score"]')
    for _ in range(2):
        with pytest.raises(ConfigError, match="y_true"):
            run_jobs(open_project(small.root), ("evaluate",), quiet)


def test_tests_that_passed_on_the_same_files_are_not_run_again(small: Small) -> None:
    count = small.top.parent / "count"
    small.write("count.py", f"open({str(count)!r}, 'a').write('x')\n")
    small.replace("mlops.yaml", "model: toy", "model: toy\nci: {test: python count.py}")
    small.commit("Count the tests")
    for _ in range(2):
        run_tests(open_project(small.root), quiet)
    assert count.read_text() == "x"
    small.write("README.md", "not committed\n")
    for _ in range(2):
        run_tests(open_project(small.root), quiet)
    assert count.read_text() == "xxx"
    small.commit("Words")
    small.write("untracked.py", "1\n")
    for _ in range(2):
        run_tests(open_project(small.root), quiet)
    assert count.read_text() == "xxxxx"


def test_tests_that_failed_are_run_again(small: Small) -> None:
    small.replace("mlops.yaml", "model: toy", "model: toy\nci: {test: python -c 'exit(3)'}")
    small.commit("Fail")
    for _ in range(2):
        with pytest.raises(ExternalError, match="tests failed"):
            run_tests(open_project(small.root), quiet)
