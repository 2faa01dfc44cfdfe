"""Looking at production: one issue while it drifts, and answers that CI can tell apart."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from toy_project import MLOPS, Toy, invoke, run

from cdml.forges.base import Issue
from cdml.forges.local import LocalForge
from cdml.state.git import Git

WATCH = "monitor:\n  predictions: monitoring/predictions\n"
LINE = MLOPS.count("\n") + 1
TODAY = datetime.now(UTC).date()


@pytest.fixture
def watched(registered: Toy) -> Toy:
    """A project with one version, which nothing is known of in production yet."""
    registered.commit("Watch production", mlops__yaml=MLOPS + WATCH)
    (registered.root / "monitoring" / "predictions").mkdir(parents=True)
    return registered


def batch(days_ago: int, rows: int = 400, older: int = 0, *, flipped: bool = False) -> tuple[str, str, str]:
    """A batch's name and text, and its labels; people are `older` years older than those of the test data."""
    noise = Random(days_ago)
    said, truth = ["id,age,y_score"], ["id,y"]
    for n in range(rows):
        y = n % 2
        score = min(1, max(0, 0.5 + ((y - 0.5) + noise.gauss(0, 0.35)) / 4))
        said.append(f"{days_ago}-{n},{20 + n % 60 + older},{score:.6f}")
        truth.append(f"{days_ago}-{n},{1 - y if flipped and n % 4 else y}")
    name = f"{TODAY - timedelta(days=days_ago)}.csv"
    return f"monitoring/predictions/{name}", "\n".join(said) + "\n", "\n".join(truth) + "\n"


def write(toy: Toy, days_ago: int, rows: int = 400, older: int = 0, *, flipped: bool = False) -> None:
    path, said, truth = batch(days_ago, rows, older, flipped=flipped)
    toy.write(path, said)
    toy.write(path.replace("predictions", "actuals"), truth)


def issues(toy: Toy) -> list[Issue]:
    return [issue for issue in LocalForge(Git(toy.root)).issues() if issue.open]


def test_one_issue_stands_while_production_drifts_and_no_longer(watched: Toy) -> None:
    assert "too few rows" in watched.cdml("monitor")
    write(watched, 3)
    assert "toy: no drift" in watched.cdml("monitor")
    assert issues(watched) == []

    write(watched, 2, rows=1200, older=30)
    said = watched.cdml("monitor", code=10)
    assert "toy: drift in 1 column (age)" in said
    (issue,) = issues(watched)
    assert (issue.key, issue.title) == ("cdml:toy:monitor", "toy: drift in 1 column (age)")
    assert "against the test data of `toy@v1.0.0`" in issue.body
    assert "cdml run retrain" not in issue.body

    write(watched, 1, rows=1200, older=35)
    watched.cdml("monitor", code=10)
    (again,) = issues(watched)
    assert again.number == issue.number
    assert again.body != issue.body

    write(watched, 0, rows=1200)
    watched.cdml("monitor")
    assert issues(watched) == []


def test_a_model_that_errs_though_nothing_moved_is_found_when_labels_are_old_enough(watched: Toy) -> None:
    more = "  actuals: monitoring/actuals\n  label-delay: 14d\n  on-drift: [issue, retrain]\n"
    watched.commit("Take labels", mlops__yaml=MLOPS + WATCH + more)
    write(watched, 1, rows=1200, flipped=True)
    said = watched.cdml("monitor")
    assert "no batch is old enough for its labels" in said
    write(watched, 14, rows=1200, flipped=True)
    said = watched.cdml("monitor", "--json", code=10)
    seen = json.loads(said[: said.rindex("}") + 1])
    assert [column["seen"] for column in seen["columns"]] == ["no drift", "no drift"]
    assert seen["performance"]["rows"] == 1200
    assert seen["performance"]["last"].endswith(f"{TODAY - timedelta(days=14)}.csv")
    assert [verdict["outcome"] for verdict in seen["performance"]["verdicts"]] == ["fail"]
    (issue,) = issues(watched)
    assert issue.title == "toy: not met on labelled rows: roc_auc at most 0.02 worse"
    assert "`cdml run retrain`" in issue.body


def test_a_dry_run_and_a_project_that_wants_none_leave_issues_alone(watched: Toy) -> None:
    write(watched, 1, older=30)
    watched.cdml("monitor", "--dry-run", code=10)
    watched.commit("No issues", mlops__yaml=MLOPS + WATCH + "  on-drift: []\n")
    watched.cdml("monitor", code=10)
    assert issues(watched) == []


def test_too_few_rows_are_an_answer_and_a_failure_where_that_is_asked_for(watched: Toy) -> None:
    write(watched, 1, rows=1200, older=30)
    watched.cdml("monitor", code=10)
    write(watched, 1, rows=199)
    assert "toy: too few rows" in watched.cdml("monitor")
    watched.cdml("monitor", "--strict", code=11)
    assert len(issues(watched)) == 1, "nothing says that it is over"
    path, said, _ = batch(0)
    watched.write(path, said.splitlines()[0] + "\n")
    assert "toy: too few rows" in watched.cdml("monitor"), "a day on which nobody asked"
    write(watched, 1, rows=300)
    assert "toy: no drift" in watched.cdml("monitor")


def test_what_an_import_brings_is_looked_at_and_neither_committed_nor_trained_on(watched: Toy) -> None:
    source = watched.root.parent / "log"
    source.mkdir()
    path, said, _ = batch(2, rows=1200)
    (source / Path(path).name).write_text(said)
    (watched.root / "monitoring" / "predictions").rmdir()
    run(
        [sys.executable, "-m", "dvc", "import-url", "--quiet", str(source), "monitoring/predictions"], watched.root
    )
    watched.commit("Import the log")
    path, said, _ = batch(1, rows=1200, older=30)
    (source / Path(path).name).write_text(said)
    assert "drift in 1 column (age)" in watched.cdml("monitor", code=10)
    assert watched.git("status", "--porcelain") == ""
    watched.git("push", "--quiet")
    assert "pull request" not in watched.cdml("run", "retrain")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,age\n1,x,3\n", "row 1: more cells than the header has columns"),
        ("other\n1\n", "has no column of the test data or predictions of toy@v1.0.0"),
        ("", "the file is empty"),
    ],
)
def test_bad_batches_are_named_and_are_no_drift(watched: Toy, text: str, said: str) -> None:
    watched.write("monitoring/predictions/2026-11-21.csv", text)
    told = watched.cdml("monitor", code=3)
    assert f"monitoring/predictions/2026-11-21.csv: {said}" in told
    assert issues(watched) == []


def test_what_is_missing_is_named_with_the_next_command(toy: Toy) -> None:
    assert "mlops.yaml has no monitor section" in toy.cdml("monitor", code=3)
    toy.commit("Watch production", mlops__yaml=MLOPS + WATCH)
    assert "there is no version to look at yet" in toy.cdml("monitor")
    assert "no environment is called 'moon'" in toy.cdml("monitor", "moon", code=2)


def test_a_folder_that_is_not_there_is_named(watched: Toy) -> None:
    (watched.root / "monitoring" / "predictions").rmdir()
    assert "monitor.predictions: there is no monitoring/predictions" in watched.cdml("monitor", code=3)


def test_ci_is_told_by_outputs_findings_and_a_page(
    watched: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "schedule")):
        monkeypatch.setenv(name, value)
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(name, str(tmp_path / name))
    write(watched, 1, older=30)
    code, said = invoke(watched.root, "monitor", "--dry-run", "--report", str(tmp_path / "seen.md"))
    assert code == 10
    assert f"::error file=mlops.yaml,line={LINE}::age drifted: 49.5" in said
    outputs = dict(line.split("=", 1) for line in (tmp_path / "GITHUB_OUTPUT").read_text().splitlines())
    assert outputs == {"verdict": "drift", "exit_code": "10", "report": str(tmp_path / "seen.md")}
    page = (tmp_path / "seen.md").read_text()
    assert page.startswith("### 🔴 toy: drift in 1 column")
    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text().startswith(page.rstrip())
