"""Runs of GitHub Actions that cdml starts, or has look again."""

from __future__ import annotations

import pytest
from github_server import GithubServer

from cdml.ci.workflows import STATED
from cdml.core.errors import ExternalError, RefusedError
from cdml.forges.base import Status
from cdml.forges.github_actions import CHECK
from cdml.jobs.gate import require_stated

HEAD = "b" * 40
JUDGING = "cdml-pull-request.yml"


@pytest.fixture(autouse=True)
def _pull(github: GithubServer) -> None:
    github.hub.branches["feature"] = HEAD
    github.hub.branches["cdml/asked"] = "c" * 40
    github.hub.add_pull("feature")


def test_the_job_is_called_as_generated_ci_calls_it() -> None:
    assert CHECK == STATED


def test_a_run_is_started_with_what_it_is_to_judge(github: GithubServer, as_user) -> None:
    inputs = {"pull": "1", "head": HEAD, "force": "true"}
    forge = as_user()
    url = forge.start_run(forge.pull(1), inputs)
    assert github.hub.dispatches == [{"workflow": JUDGING, "ref": "cdml/asked", "inputs": inputs}]
    assert url.endswith(f"/actions/workflows/{JUDGING}")


def test_a_red_check_of_the_newest_run_is_run_again(github: GithubServer, as_user) -> None:
    github.hub.add_run(HEAD, JUDGING, judge="failure", What_was_stated_since="failure")
    newest = github.hub.add_run(HEAD, JUDGING, judge="failure", What_was_stated_since="failure")
    github.hub.add_run(HEAD, "cdml-main.yml", What_was_stated_since="failure")
    github.hub.add_run("d" * 40, JUDGING, What_was_stated_since="failure")
    github.hub.add_run(HEAD, JUDGING, "workflow_dispatch", What_was_stated_since="failure")
    forge = as_user()
    assert forge.look_again(forge.pull(1))
    assert [job["status"] for job in newest["jobs"]] == ["completed", "queued"]
    asked = [path for path in github.asked("POST") if path.endswith("/rerun")]
    assert asked == [f"POST /repos/acme/churn/actions/jobs/{newest['jobs'][1]['id']}/rerun"]


@pytest.mark.parametrize("conclusion", ["success", None, "cancelled"])
def test_a_check_that_is_green_or_still_to_come_is_left_alone(github, as_user, conclusion) -> None:
    github.hub.add_run(HEAD, JUDGING, judge="success", What_was_stated_since=conclusion)
    forge = as_user()
    assert not forge.look_again(forge.pull(1))
    assert not [path for path in github.asked("POST") if path.endswith("/rerun")]


def test_a_commit_that_was_never_judged_has_no_check(as_user) -> None:
    forge = as_user()
    assert not forge.look_again(forge.pull(1))


def test_the_permission_that_this_takes_is_named(github: GithubServer, as_user) -> None:
    github.hub.denied = {"actions"}
    github.hub.add_run(HEAD, JUDGING, What_was_stated_since="failure")
    forge = as_user()
    for act in (lambda: forge.look_again(forge.pull(1)), lambda: forge.start_run(forge.pull(1), {})):
        with pytest.raises(ExternalError, match="lacks actions: write"):
            act()


def test_a_status_that_somebody_else_set_is_none_of_ours(github: GithubServer, as_user) -> None:
    as_user().set_status(HEAD, Status("cdml", "failure", "worse"))
    as_user().set_status(HEAD, Status("cdml/fraud", "success", "better"))
    assert [s.state for s in as_user().own_statuses(HEAD)] == ["failure", "success"]
    as_user("ghp_ada").set_status(HEAD, Status("cdml", "success", "trust me"))
    assert as_user().own_statuses(HEAD) == (Status("cdml/fraud", "success", "better"),)
    with pytest.raises(RefusedError, match="nothing was stated"):
        require_stated(as_user(), HEAD, ("cdml", "cdml/fraud"))
    as_user().set_status(HEAD, Status("cdml", "success", "waived"))
    require_stated(as_user(), HEAD, ("cdml", "cdml/fraud"))
