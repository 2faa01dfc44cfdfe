"""The gitlab-ci-local helper tells the truth: without this, no test that runs a pipeline proves anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import gitlab_local
import pytest

PIPELINE = """
stages: [plan, train, report]
plan:
  stage: plan
  script:
    - echo "MODEL=churn" > plan.env
    - echo "at $CI_API_V4_URL for $CI_MERGE_REQUEST_IID with ${#TOKEN} secret letters"
    - git rev-list --count HEAD
  artifacts:
    reports: {dotenv: plan.env}
train:
  stage: train
  needs: [plan]
  parallel:
    matrix:
      - KIND: [good, bad]
  script:
    - echo "trained $MODEL $KIND"
    - echo "$KIND" > "score-$KIND"
    - if [ -t 1 ]; then echo "a terminal"; fi
    - '[ "$KIND" = good ]'
  artifacts: {paths: ["score-*"], when: always}
forgiven:
  stage: train
  allow_failure: true
  script: [exit 1]
only on push:
  stage: train
  rules: [{if: '$CI_PIPELINE_SOURCE == "push"'}]
  script: [echo pushed]
by hand:
  stage: report
  rules: [{when: manual, allow_failure: true}]
  script: [echo by hand]
report:
  stage: report
  when: always
  script: [cat score-*]
deploy:
  stage: report
  script: [echo never]
"""


def repository(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / ".gitlab-ci.yml").write_text(text)
    for command in (
        "git init --quiet --initial-branch=main",
        "git add .",
        "git -c user.name=ann -c user.email=ann@example.com commit --quiet --message=first",
        "git remote add origin https://gitlab.example.com/team/project.git",
    ):
        subprocess.run(command.split(), cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def merge_request(tmp_path_factory: pytest.TempPathFactory) -> gitlab_local.Run:
    top = tmp_path_factory.mktemp("gitlab")
    predefined = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7"}
    return gitlab_local.run(
        repository(top, PIPELINE), top / "scratch",
        variables={**predefined, "CI_API_V4_URL": "http://127.0.0.1:9", "TOKEN": "hush-hush"},
    )  # fmt: skip


def test_every_job_has_its_own_result(merge_request: gitlab_local.Run) -> None:
    assert merge_request.results == {
        "plan": "passed",
        "train: [good]": "passed",
        "train: [bad]": "failed",
        "forgiven": "warning",
        "by hand": "manual",
        "report": "passed",
        "deploy": "skipped",
    }
    assert merge_request.exit_code == 1


def test_jobs_see_variables_and_what_came_before_and_no_terminal(merge_request: gitlab_local.Run) -> None:
    assert merge_request.job("plan").output == "at http://127.0.0.1:9 for 7 with 9 secret letters\n1\n"
    assert merge_request.job("train: [bad]").output == "trained churn bad\n"
    assert merge_request.job("report").output == "bad\ngood\n"
    assert (merge_request.job("train: [good]").artifacts / "score-good").read_text() == "good\n"


def test_a_push_starts_other_jobs_and_a_manual_one_when_told(tmp_path: Path) -> None:
    folder = repository(tmp_path, PIPELINE.replace('[ "$KIND" = good ]', "true"))
    run = gitlab_local.run(folder, tmp_path / "scratch", manual=["by hand"])
    assert run.job("only on push").output == "pushed\n"
    assert (run.job("by hand").result, run.job("deploy").result) == ("passed", "passed")
    assert sorted(path.name for path in folder.iterdir()) == [".git", ".gitlab-ci.yml"]


def test_a_file_that_gitlab_would_refuse_is_an_error(tmp_path: Path) -> None:
    folder = repository(tmp_path, "train: {script: [echo], needs: [nobody]}\n")
    with pytest.raises(gitlab_local.GitlabLocalError, match="nobody"):
        gitlab_local.run(folder, tmp_path / "scratch")


SCOPED = """
outside:
  script: ['echo "${#KEY} letters and $PLACE"']
inside:
  environment: {name: cdml/report, action: access}
  script: ['echo "${#KEY} letters and $PLACE"']
"""


def test_a_scoped_variable_reaches_the_jobs_of_its_environments_alone_and_a_path_is_text(tmp_path: Path) -> None:
    run = gitlab_local.run(
        repository(tmp_path, SCOPED), tmp_path / "scratch",
        variables={"PLACE": "/some/place"}, scoped={"KEY": {"cdml/*": "hush", "staging": "hush-hush"}},
    )  # fmt: skip
    assert run.job("inside").output == "4 letters and /some/place\n"
    assert run.job("outside").output == "0 letters and /some/place\n"
