"""Commands in comments on GitLab: what is believed of a webhook, and what its pipeline does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from reading import document
from rendering import example, render

from cdml.ci.base import RunContext
from cdml.ci.gitlab import FILE, PROVIDER

HOSTILE = "/cdml $(touch planted)`touch planted`'; touch planted"
NOTE = {
    "object_kind": "note",
    "user": {"username": "mallory"},
    "object_attributes": {"id": 91, "note": "/cdml waive x", "noteable_type": "MergeRequest", "author_id": 3},
    "merge_request": {"iid": 7, "target_branch": "main", "last_commit": {"id": "e" * 40}},
}
COMMENTED = {
    "GITLAB_CI": "true",
    "CI_PIPELINE_SOURCE": "trigger",
    "CI_COMMIT_BRANCH": "main",
    "CI_DEFAULT_BRANCH": "main",
    "GITLAB_USER_LOGIN": "ann",
}


def context(environ: Mapping[str, str]) -> RunContext:
    found = PROVIDER.context(environ)
    assert found is not None
    return found


def commented(folder: Path, **sent: object) -> RunContext:
    path = folder / "payload"
    path.write_text(json.dumps({**NOTE, **sent}))
    return context({**COMMENTED, "TRIGGER_PAYLOAD": str(path)})


def test_of_a_comment_s_webhook_only_ids_are_taken(tmp_path: Path) -> None:
    found = commented(tmp_path)
    assert (found.event, found.pull, found.comment) == ("comment", 7, 91)
    assert (found.head, found.base, found.actor, found.asked) == (None, None, "ann", False)
    odd = commented(tmp_path, merge_request={"iid": "7 or more"}, object_attributes={"id": -1})
    assert (odd.event, odd.pull, odd.comment) == ("comment", None, None)
    assert commented(tmp_path, merge_request=None).event is None
    assert commented(tmp_path, object_kind="push").event == "manual"


def test_a_payload_counts_in_a_triggered_pipeline_alone(tmp_path: Path) -> None:
    (tmp_path / "payload").write_text(json.dumps(NOTE))
    assert (
        context(
            {
                **COMMENTED,
                "CI_PIPELINE_SOURCE": "merge_request_event",
                "TRIGGER_PAYLOAD": str(tmp_path / "payload"),
            }
        ).event
        == "pull_request"
    )
    assert context({**COMMENTED, "TRIGGER_PAYLOAD": str(tmp_path / "none")}).event == "manual"
    (tmp_path / "payload").write_text("no JSON")
    assert context({**COMMENTED, "TRIGGER_PAYLOAD": str(tmp_path / "payload")}).event == "manual"


CDML = """#!/bin/sh
if test "$1" = --version; then echo "cdml 0.1.0"; else printf '%s\\n' "$*" >> "$CALLS"; fi
"""


def answer() -> dict[str, Any]:
    """The job of the pipeline that answers a comment."""
    found: dict[str, Any] = document(render("gitlab", {".": example()})[FILE])["cdml-commands:answer"]
    return found


def test_the_job_is_main_s_and_holds_the_token_out_of_reach_of_merge_requests() -> None:
    job = answer()
    assert [rule["if"] for rule in job["rules"]] == [
        '$CI_PIPELINE_SOURCE == "trigger" && $TRIGGER_PAYLOAD && $CI_COMMIT_BRANCH == "main"'
    ]
    assert job["environment"] == {"name": "cdml/answer", "action": "access"}
    assert (job["resource_group"], job["interruptible"]) == ("cdml-commands", False)


@pytest.mark.parametrize(
    ("sent", "calls"),
    [
        (NOTE, ["run --event comment"]),
        ({**NOTE, "object_attributes": {"note": "see /cdml help"}}, []),
        ({**NOTE, "object_attributes": {"note": None}}, []),
        ({**NOTE, "merge_request": None}, []),
        ({**NOTE, "object_attributes": {"note": HOSTILE}}, ["run --event comment"]),
    ],
    ids=["command", "mention", "no words", "of an issue", "hostile"],
)
def test_a_comment_that_is_no_command_ends_before_anything_is_set_up(
    sent: dict[str, Any], calls: list[str], tmp_path: Path
) -> None:
    work = tmp_path / "work"
    commit = "git init -q -b main . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one"
    work.mkdir()
    subprocess.run(f"{commit} && git clone -q --bare . ../origin && git remote add origin ../origin",
                   shell=True, cwd=work, check=True)  # fmt: skip
    (tmp_path / "payload").write_text(json.dumps(sent))
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "cdml").write_text(CDML)
    (programs / "cdml").chmod(0o755)
    given = {
        "CALLS": str(tmp_path / "calls"),
        "TRIGGER_PAYLOAD": str(tmp_path / "payload"),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    lines = "\n".join(answer()["script"])
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", lines], cwd=work, check=False, capture_output=True,
                          env={**os.environ, **given})  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = tmp_path / "calls"
    assert (written.read_text().splitlines() if written.exists() else []) == calls
    assert not list(tmp_path.rglob("planted"))
