"""The pipeline of a merge request whose verdict changed: the job that decides is run again, and only that."""

from __future__ import annotations

import pytest
from gitlab_state import REPORTER
from rigs.gitlab import GitlabRig
from ruamel.yaml import YAML

from cdml.ci import PROVIDERS
from cdml.ci.base import Model, Repository
from cdml.ci.workflows import workflows
from cdml.config.load import parse
from cdml.core.errors import ExternalError
from cdml.core.resources import example_project
from cdml.forges.gitlab_pipelines import REPORT

JUDGE = "cdml-pull-request:judge:churn"
RED = {JUDGE: "failed", REPORT: "failed", "cdml-pull-request:gate": "skipped"}


def _retried(gitlab: GitlabRig) -> list[str]:
    return [path for path in gitlab.server.asked("POST") if path.endswith("/retry")]


def test_the_red_report_of_the_newest_pipeline_is_run_again(gitlab: GitlabRig) -> None:
    number = gitlab.add_pull("feature")
    other = gitlab.add_pull("feature", "release/staging")
    pull = gitlab.forge().pull(number)
    gitlab.lab.add_pipeline(number, pull.head, **RED)
    newest = gitlab.lab.add_pipeline(number, pull.head, **RED)
    gitlab.lab.add_pipeline(number, pull.head, "failed", "push", **RED)
    gitlab.lab.add_pipeline(other, pull.head, **RED)
    red = newest["jobs"][1]["id"]
    assert gitlab.forge().look_again(pull)
    assert _retried(gitlab) == [f"POST {gitlab.server.project(f'/jobs/{red}/retry')}"]
    assert {job["name"]: job["status"] for job in newest["jobs"]} == RED | {REPORT: "pending"}
    assert not gitlab.forge().look_again(pull)
    assert len(_retried(gitlab)) == 1


@pytest.mark.parametrize(
    ("status", "jobs"),
    [
        ("success", {REPORT: "success"}),
        ("running", {REPORT: "failed", "other": "running"}),
        ("canceled", {REPORT: "canceled"}),
        ("failed", {JUDGE: "failed", REPORT: "success"}),
        ("failed", {JUDGE: "success", f"my-{REPORT}": "failed"}),
    ],
)
def test_a_report_that_is_not_red_or_still_to_come_is_left_alone(gitlab: GitlabRig, status, jobs) -> None:
    number = gitlab.add_pull("feature")
    pull = gitlab.forge().pull(number)
    gitlab.lab.add_pipeline(number, pull.head, **RED)
    gitlab.lab.add_pipeline(number, pull.head, status, **jobs)
    assert not gitlab.forge().look_again(pull)
    assert _retried(gitlab) == []


def test_the_pipelines_of_another_head_are_left_alone(gitlab: GitlabRig) -> None:
    number = gitlab.add_pull("feature")
    gitlab.lab.add_pipeline(number, gitlab.forge().pull(number).head, **RED)
    gitlab.push("feature")
    assert not gitlab.forge().look_again(gitlab.forge().pull(number))
    assert _retried(gitlab) == []


def test_a_merge_request_without_a_pipeline_has_no_report(gitlab: GitlabRig) -> None:
    pull = gitlab.forge().pull(gitlab.add_pull("feature"))
    assert not gitlab.forge().look_again(pull)


def test_the_role_and_the_scope_that_this_takes_are_named(gitlab: GitlabRig) -> None:
    number = gitlab.add_pull("feature")
    pull = gitlab.forge().pull(number)
    gitlab.lab.add_pipeline(number, pull.head, **RED)
    gitlab.lab.levels[gitlab.author("bot")] = REPORTER
    with pytest.raises(ExternalError, match="it takes the role Developer"):
        gitlab.forge().look_again(pull)
    gitlab.deny()
    with pytest.raises(ExternalError, match="lacks the scope api"):
        gitlab.forge().look_again(pull)


def test_the_job_has_the_name_that_is_generated() -> None:
    one = parse((example_project() / "mlops.yaml").read_text("utf-8"))
    repository = Repository("main", (Model(one.model, ".", one.ci, one.environments),), "==0.1.0")
    texts = [file.text for file in PROVIDERS["gitlab"].files(repository, workflows(repository))]
    jobs = {name: job for text in texts for name, job in YAML(typ="safe", pure=True).load(text).items()}
    told = [line.split() for line in jobs[REPORT]["script"] if line.startswith("cdml comment --from")]
    assert len(told) == 1
    assert "--verdict" in told[0]
