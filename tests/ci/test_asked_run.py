"""Commands on GitHub: the run that one starts and the job that answers are safe, whoever wrote code and words."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reading import document
from rendering import example, repository

from cdml.ci.base import Repository
from cdml.ci.github import PROVIDER
from cdml.ci.workflows import workflows
from cdml.core.names import ASKED_BRANCH
from cdml.core.settings import Ci

CLOUD = {
    "aws": {"role": "arn:aws:iam::1:role/x", "region": "eu-west-1", "pull-request-role": "arn:aws:iam::1:role/r"}
}


def described(vendored: bool) -> Repository:
    """The example project with secrets and a cloud."""
    secrets = {"train": ("TRAIN_KEY",), "register": ("STORE_KEY",), "deploy": ("DOOR_KEY",)}
    settings = replace(example(), ci=Ci(cloud=CLOUD, secrets=secrets, forks=True))
    return replace(repository({".": settings}), vendored=vendored)


@pytest.fixture(params=[False, True], ids=["reaching", "vendored"])
def files(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Every workflow of the repository by its name."""
    found = described(request.param)
    return {Path(one.path).stem: document(one.text) for one in PROVIDER.files(found, workflows(found))}


def test_a_run_that_a_command_starts_is_on_its_own_branch_or_does_nothing(files: dict[str, Any]) -> None:
    jobs = files["cdml-pull-request"]["jobs"]
    assert (
        jobs["plan"]["if"] == f"github.event_name == 'pull_request' || github.ref == 'refs/heads/{ASKED_BRANCH}'"
    )
    assert jobs["judge"]["needs"] == ["plan"]
    assert "always()" not in jobs["judge"]["if"]
    assert "cancelled" not in jobs["judge"]["if"]
    assert "needs.judge.result != 'skipped'" in jobs["report"]["if"]
    assert ASKED_BRANCH == "cdml/asked"


def test_it_restores_and_keeps_no_cache(files: dict[str, Any]) -> None:
    steps = [step for job in files["cdml-pull-request"]["jobs"].values() for step in job["steps"]]
    caches = [step for step in steps if "cache" in step.get("uses", "").partition("@")[0]]
    assert len(caches) == 3
    assert {step.get("if") for step in caches} == {"github.event_name == 'pull_request'"}


def test_it_runs_just_the_commit_that_was_asked_for_and_reports_from_main(files: dict[str, Any]) -> None:
    wanted = {"plan": "${{ inputs.head || github.event.pull_request.head.sha }}", "report": "main"}
    wanted["judge"] = wanted["plan"]
    for name, ref in wanted.items():
        first = files["cdml-pull-request"]["jobs"][name]["steps"][0]
        assert (first.get("with") or first["env"]).get("ref", first.get("env", {}).get("REF")) == ref, name


def test_the_job_that_answers_runs_main_s_code_and_no_word_of_the_comment(files: dict[str, Any]) -> None:
    workflow = files["cdml-commands"]
    assert workflow["on"] == {"issue_comment": {"types": ["created"]}}
    (job,) = workflow["jobs"].values()
    assert job["concurrency"]["cancel-in-progress"] is False
    assert job["concurrency"]["group"] == "cdml-commands-${{ github.event.issue.number }}"
    text = json.dumps(job["steps"])
    assert "github.event" not in text
    assert "inputs." not in text
    assert not [step for step in job["steps"] if "${{" in step.get("run", "")]
    assert "STORE_KEY" in text
    assert "TRAIN_KEY" not in text
    assert "DOOR_KEY" not in text
    assert "cache" not in text


def test_a_run_that_only_judges_is_never_asked_for() -> None:
    found = described(vendored=False)
    (only,) = PROVIDER.files(found, workflows(found, only_judge=True))
    assert "workflow_dispatch" not in only.text
    assert "inputs." not in only.text


def test_what_stands_for_a_commit_is_no_option_of_git(tmp_path: Path) -> None:
    """The checkout of a repository without third-party actions, really run with a hostile input."""
    found = described(vendored=True)
    text = next(
        one.text for one in PROVIDER.files(found, workflows(found)) if one.path.endswith("pull-request.yml")
    )
    script = document(text)["jobs"]["judge"]["steps"][0]["run"]
    origin, work = tmp_path / "owner" / "toy", tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", "--bare", str(origin)], check=True)
    work.mkdir()
    environ = {"GITHUB_SERVER_URL": f"file://{tmp_path}", "GITHUB_REPOSITORY": "owner/toy", "TOKEN": "t"}
    environ |= {"REF": f"--upload-pack=touch {tmp_path}/planted;", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=work, env=environ, capture_output=True, check=False
    )
    assert done.returncode != 0
    assert not (tmp_path / "planted").exists()
