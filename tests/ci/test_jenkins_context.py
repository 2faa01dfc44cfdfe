"""Which run on Jenkins this is, from the variables of its multibranch pipelines."""

from __future__ import annotations

import pytest

from cdml.ci import PROVIDERS, SYSTEMS, run_context
from cdml.ci.base import RunContext

URL = "https://ci.example.com/job/toy/job/PR-7/4/"
RUN = {"JENKINS_URL": "https://ci.example.com/", "BUILD_NUMBER": "4", "BUILD_URL": URL, "GIT_COMMIT": "a" * 40}
CHANGE = {"CHANGE_ID": "7", "CHANGE_TARGET": "main", "CHANGE_AUTHOR": "ann", "BRANCH_NAME": "PR-7"}


def context(**more: str) -> RunContext:
    found = run_context({**RUN, **more})
    assert found
    return found


def test_a_pull_request() -> None:
    assert context(**CHANGE) == RunContext(
        "jenkins", "pull_request", pull=7, head="a" * 40, base="main", order=(4, 0),
        run_url=URL, report_url=f"{URL}artifact/", actor="ann",
    )  # fmt: skip
    assert context(**CHANGE, CHANGE_FORK="mallory").fork


@pytest.mark.parametrize(
    ("more", "event"),
    [
        ({"BRANCH_NAME": "main", "BRANCH_IS_PRIMARY": "true"}, "main"),
        ({"BRANCH_NAME": "release/staging"}, "release"),
        ({"BRANCH_NAME": "v1", "TAG_NAME": "v1"}, None),
        ({}, None),
    ],
)
def test_a_branch_says_what_a_push_means(more: dict[str, str], event: str | None) -> None:
    found = context(**more, GIT_PREVIOUS_COMMIT="b" * 40)
    assert (found.event, found.pull, found.head) == (event, None, None)
    assert (found.before, found.after) == ("b" * 40, "a" * 40)


def test_it_is_recognised_and_renders_nothing() -> None:
    assert "jenkins" in SYSTEMS
    assert "jenkins" not in PROVIDERS
    assert SYSTEMS["jenkins"].told.annotation("error", "worse\nby far", "mlops.yaml", 12) == (
        "error: mlops.yaml:12: worse by far"
    )
    assert SYSTEMS["jenkins"].told.output({}, "models", "[]") is None
    assert SYSTEMS["jenkins"].credentials(RUN) == {}
