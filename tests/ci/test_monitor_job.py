"""The job that looks at production, in GitHub's words: whom it is about, and how little it may do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from reading import document
from rendering import example, render

from cdml.core.settings import Monitor

FILE = ".github/workflows/cdml-operate.yml"
WATCHED = replace(example(), monitor=Monitor("monitoring", schedule="17 6 * * *"))


@pytest.fixture(scope="module")
def operate() -> Any:
    return document(render("github", {".": WATCHED})[FILE])


def test_it_is_about_the_models_that_the_plan_names_for_it_alone(operate: Any) -> None:
    job = operate["jobs"]["monitor"]
    assert job["strategy"]["matrix"]["include"] == "${{ fromJSON(needs.plan.outputs.monitored) }}"
    assert job["if"].startswith("needs.plan.outputs.monitored != '[]' && ")
    assert "inputs.operation == 'monitor'" in job["if"]
    assert operate["jobs"]["plan"]["outputs"]["monitored"] == "${{ steps.cdml.outputs.monitored }}"
    assert "${{ fromJSON(needs.plan.outputs.models) }}" in str(operate["jobs"]["retrain"])


def test_it_reads_the_repository_writes_an_issue_and_is_never_cancelled(operate: Any) -> None:
    job = operate["jobs"]["monitor"]
    assert job["permissions"] == {"contents": "read", "issues": "write"}
    assert job["concurrency"]["cancel-in-progress"] is False
    steps = str(job["steps"])
    assert "run install" not in steps, "it runs nothing of the project's own"
    assert "actions/cache" not in steps
    assert "$RUNNER_TEMP/cdml" in steps, "no tool that a job with code of a pull request may have left"


def test_it_is_there_where_something_is_due_alone() -> None:
    by_hand = replace(WATCHED, monitor=Monitor("monitoring"))
    for settings in (example(), by_hand):
        found = document(render("github", {".": settings})[FILE])
        assert "monitor" not in found["jobs"]
        assert "monitored" not in found["jobs"]["plan"]["outputs"]
        assert "monitor" not in str(found["on"])


@pytest.mark.parametrize(
    ("changed", "extras"),
    [
        (example(), "serve"),
        (WATCHED, "serve,parquet"),
        (replace(example(), evaluate=replace(example().evaluate, predictions="p.parquet")), "serve,parquet"),
    ],
)
@pytest.mark.parametrize("name", ["github", "azure", "gitlab"])
def test_what_reads_parquet_is_installed_where_there_is_parquet(name: str, changed: Any, extras: str) -> None:
    text = "\n".join(render(name, {".": changed}).values())
    assert f"'cdml[{extras}]==0.1.0'" in text
