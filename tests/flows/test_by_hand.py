"""A pull request's run in two halves where no system of CI says what it is about, and flags do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from toy_project import Toy

from cdml.ci.base import RunContext
from cdml.core.errors import UsageError
from cdml.forges.local import LocalForge
from cdml.jobs.ci_plan import plan
from cdml.state.git import Git


def test_flags_say_what_a_run_is_about_and_a_handover_of_another_is_refused(
    registered: Toy, tmp_path: Path
) -> None:
    toy, folder = registered, str(tmp_path / "handover")
    toy.branch("better", "Change it", params__yaml="skill: 1.3\n")
    toy.git("push", "--quiet", "origin", "HEAD:refs/heads/better")
    number = str(LocalForge(Git(toy.root)).open_pull("better", "main", "Change it", "").number)
    head = toy.git("rev-parse", "HEAD")
    event = ("run", "--event", "pull_request", "--handover", folder, "--pull", number)
    assert "--pull N --head SHA --base BRANCH" in toy.cdml(*event[:-2], code=2)
    assert "say it together" in toy.cdml(*event, code=2)
    assert "no whole commit id" in toy.cdml(*event, "--head", head[:7], "--base", "main", code=2)
    toy.cdml(*event, "--head", head, "--base", "main")
    toy.git("switch", "--quiet", "--force", "main")
    deliver = ("comment", "--from", folder, "--pull", number)
    assert "this run is of another" in toy.cdml(*deliver, "--head", "b" * 40, code=3)
    run = ("--run-url", "https://ci.example/7", "--report-url", "https://ci.example/7/report")
    assert "--pull and --head" in toy.cdml("comment", "--from", folder, *run, code=2)
    assert "its run is kept" in toy.cdml(*deliver, "--head", head, *run)
    pull = json.loads(toy.cdml("pr", "show", number, "--json"))
    assert len(pull["comments"]) == 1
    assert "[report](https://ci.example/7/report) · [run](https://ci.example/7)" in pull["comments"][0]["body"]
    assert {status["url"] for status in pull["statuses"]} == {"https://ci.example/7/report"}


def test_a_run_that_was_asked_for_one_folder_plans_no_other_model(registered: Toy) -> None:
    toy = registered
    toy.branch("better", "Change it", params__yaml="skill: 1.3\n")
    head = toy.git("rev-parse", "HEAD")
    asked = RunContext("github", "pull_request", pull=1, head=head, base="main", asked=True)
    assert [one.model for one in plan(Git(toy.root), asked)] == ["toy"]
    assert [one.model for one in plan(Git(toy.root), replace(asked, folder="."))] == ["toy"]
    assert plan(Git(toy.root), replace(asked, folder="elsewhere")) == ()
    with pytest.raises(UsageError, match="no plan"):
        plan(Git(toy.root), RunContext("github", "comment", pull=1, comment=2))
