"""Which run on GitHub Actions, or on Gitea, this is: from the documented variables and the event's payload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.ci import run_context
from cdml.ci.base import RunContext
from cdml.ci.workflows import TOLD

HEAD = "a" * 40
RUN = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/toy",
    "GITHUB_RUN_ID": "5001",
    "GITHUB_RUN_NUMBER": "17",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_REF_NAME": "main",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_ACTOR": "ann",
}
HOME = {"full_name": "acme/toy", "default_branch": "main"}
PULL = {
    "pull_request": {
        "number": 7,
        "head": {"sha": HEAD, "repo": HOME},
        "base": {"ref": "main", "repo": HOME},
        "labels": [],
    },
    "repository": HOME,
}
URL = "https://github.com/acme/toy/actions/runs/5001"
ASKED = {"pull": "7", "head": HEAD, "base": "main", "fork": "true", "force": "true", "folder": "models/a"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def context(folder: Path, event: str, payload: dict[str, Any], **more: str) -> RunContext:
    (folder / "event.json").write_text(json.dumps(payload))
    environ = {**RUN, "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(folder / "event.json"), **more}
    found = run_context(environ)
    assert found
    return found


def test_a_pull_request_says_its_number_head_and_target_and_where_the_run_is(folder: Path) -> None:
    assert context(folder, "pull_request", PULL) == RunContext(
        "github", "pull_request", pull=7, head=HEAD, base="main", branch="main", order=(5001, 1),
        run_url=URL, report_url=f"{URL}#artifacts", forge="github", actor="ann",
    )  # fmt: skip


def test_a_run_that_is_started_again_is_later_and_asks_for_training(folder: Path) -> None:
    again = context(folder, "pull_request", PULL, GITHUB_RUN_ATTEMPT="2")
    assert (again.order, again.asked) == ((5001, 2), True)
    assert not context(folder, "push", {"repository": HOME}, GITHUB_RUN_ATTEMPT="2").asked


def test_the_label_asks_for_training(folder: Path) -> None:
    labelled = {**PULL, "pull_request": {**PULL["pull_request"], "labels": [{"name": "cdml train"}]}}
    assert context(folder, "pull_request", labelled).asked
    assert not context(folder, "pull_request", PULL).asked


def test_a_fork_is_one_whose_repository_is_gone_too(folder: Path) -> None:
    for home in ({"full_name": "mallory/toy"}, None):
        head = {"sha": HEAD, "repo": home}
        assert context(
            folder, "pull_request", {**PULL, "pull_request": {**PULL["pull_request"], "head": head}}
        ).fork


def test_a_run_that_reports_on_another_has_the_order_of_that_one_and_a_page_of_its_own(folder: Path) -> None:
    run = {"id": 4000, "run_attempt": 3, "head_sha": HEAD, "head_repository": {"full_name": "mallory/toy"}}
    found = context(folder, "workflow_run", {"workflow_run": run, "repository": HOME})
    assert (found.event, found.head, found.fork, found.order) == ("forks", HEAD, True, (4000, 3))
    assert (found.run_url, found.pull) == (URL, None)


def test_a_command_starts_a_run_for_one_commit(folder: Path) -> None:
    found = context(folder, "workflow_dispatch", {"inputs": ASKED, "repository": HOME})
    assert (found.event, found.pull, found.head, found.base) == ("pull_request", 7, HEAD, "main")
    assert (found.asked, found.fork, found.force, found.folder) == (True, True, True, "models/a")
    plain = context(folder, "workflow_dispatch", {"inputs": {**ASKED, "fork": "false", "force": "", "folder": ""}})
    assert (plain.asked, plain.fork, plain.force, plain.folder) == (True, False, False, None)
    assert {one.name for one in TOLD} == set(ASKED)


@pytest.mark.parametrize("head", ["main", "--upload-pack=touch x", "a" * 39, f"{HEAD}\n", "A" * 40, "", None])
def test_only_a_whole_commit_id_is_judged(folder: Path, head: str | None) -> None:
    assert context(folder, "workflow_dispatch", {"inputs": {**ASKED, "head": head}}).head is None


def test_what_a_person_chose_by_hand_is_no_pull_request(folder: Path) -> None:
    found = context(folder, "workflow_dispatch", {"inputs": {"operation": "retrain", "folder": "models/a"}})
    assert (found.event, found.folder, found.pull, found.asked) == ("manual", "models/a", None, False)


def test_of_a_comment_only_ids_are_taken(folder: Path) -> None:
    payload = {
        "issue": {"number": 7, "pull_request": {"url": "x"}, "user": {"login": "bob"}},
        "comment": {"id": 91, "body": "/cdml waive x", "user": {"login": "mallory"}},
    }
    found = context(folder, "issue_comment", payload)
    assert (found.event, found.pull, found.comment, found.head, found.asked) == ("comment", 7, 91, None, False)
    issue = {**payload, "issue": {"number": 7}}
    assert context(folder, "issue_comment", issue).event is None


def test_on_gitea_the_run_has_another_address_and_another_forge(folder: Path) -> None:
    here = {"GITEA_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example.com"}
    found = context(folder, "pull_request", PULL, **here)
    assert (found.provider, found.forge, found.pull) == ("github", "gitea", 7)
    assert found.run_url == "https://git.example.com/acme/toy/actions/runs/17"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(["pull_request", "issue", "comment", "inputs", "workflow_run", "repository", "head", "id"])


@given(
    event=st.sampled_from(["pull_request", "issue_comment", "workflow_dispatch", "workflow_run", "push"]),
    payload=st.dictionaries(keys, json_values | st.dictionaries(keys, json_values, max_size=3), max_size=5),
)
def test_no_payload_breaks_the_reading_and_numbers_are_numbers(
    tmp_path_factory: pytest.TempPathFactory, event: str, payload: dict[str, Any]
) -> None:
    found = context(tmp_path_factory.getbasetemp(), event, payload)
    assert found.pull is None or (type(found.pull) is int and found.pull >= 0)
    assert found.comment is None or type(found.comment) is int
    assert all(type(part) is int for part in found.order)
