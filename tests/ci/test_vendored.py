"""Workflows of a repository that reaches no other: copies of actions, and git itself to check out."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from rendering import example, repository
from ruamel.yaml import YAML

from cdml.ci import PROVIDERS
from cdml.ci.workflows import workflows


def steps() -> list[dict]:
    """Every step of every job of the example's workflows, vendored."""
    made = replace(repository({".": example()}), vendored=True)
    files = PROVIDERS["github"].files(made, workflows(made))
    jobs = [job for file in files for job in YAML(typ="safe").load(file.text)["jobs"].values()]
    return [step for job in jobs for step in job["steps"]]


def said(place: Path, revision: str) -> str:
    done = subprocess.run(["git", "rev-parse", revision], cwd=place, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_nothing_is_used_from_elsewhere():
    used = {step["uses"] for step in steps() if "uses" in step}
    assert used
    assert all(use.startswith("./.github/actions/vendor/") for use in used)


@pytest.mark.parametrize("ref", ["main", "HEAD^", "refs/elsewhere"])
def test_git_checks_out_branches_commits_and_what_no_branch_has(tmp_path: Path, ref: str):
    origin, work = tmp_path / "team" / "origin", tmp_path / "work"
    for words in (
        ["init", "--quiet", "--initial-branch=main", str(origin)],
        *(["-C", str(origin), "commit", "--quiet", "--allow-empty", "--message", text] for text in "ab"),
        ["-C", str(origin), "tag", "v1"],
        ["-C", str(origin), "update-ref", "refs/elsewhere", "HEAD"],
    ):
        subprocess.run(["git", "-c", "user.name=T", "-c", "user.email=t@localhost", *words], check=True)
    found = subprocess.run(
        ["git", "-C", str(origin), "rev-parse", ref], capture_output=True, text=True, check=True
    )
    commit = found.stdout.strip()
    script = next(step["run"] for step in steps() if step.get("name") == "Check out")
    env = {**os.environ, "REF": ref if ref == "main" else commit, "TOKEN": "a-token"}
    env |= {"GITHUB_SERVER_URL": f"file://{tmp_path}", "GITHUB_REPOSITORY": "team/origin"}
    work.mkdir()
    for _ in range(2):  # a machine of one's own keeps its folder
        (work / "left.txt").write_text("from the run before")
        subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=work, env=env, check=True)
        at = subprocess.run(
            ["git", "rev-parse", "HEAD", "v1"], cwd=work, capture_output=True, text=True, check=True
        )
        assert at.stdout.splitlines()[0] == commit
        assert not (work / "left.txt").exists()
    assert "a-token" not in (work / ".git" / "config").read_text()
