"""What a run on GitLab knows of itself, and how it is told things: files and plain lines of the log."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdml.ci.base import Event, RunContext, Telling, Told
from cdml.ci.text import comment, finding

TOKEN = "CDML_TOKEN"  # noqa: S105
ID_TOKEN = "CDML_ID_TOKEN_"  # noqa: S105
TRAIN_LABEL = "cdml train"
NO_COMMIT = "0" * 40
# The file with what a webhook sent that started the pipeline.
PAYLOAD = "TRIGGER_PAYLOAD"
_DRAFT = re.compile(r"\s*(\[draft\]|\(draft\)|draft:)", re.IGNORECASE)


def context(environ: Mapping[str, str]) -> RunContext | None:
    """This run, from GitLab's predefined variables; None elsewhere."""
    if environ.get("GITLAB_CI") != "true":
        return None
    payload = _payload(environ)
    event = _event(environ, payload)
    sha, before = environ.get("CI_COMMIT_SHA"), environ.get("CI_COMMIT_BEFORE_SHA")
    merging, pushed = event == "pull_request", event in ("main", "release")
    # Ids alone are taken from what a webhook sent; whatever else there is to know of the comment, GitLab is asked.
    number = environ.get("CI_MERGE_REQUEST_IID") if merging else _dict(payload.get("merge_request")).get("iid")
    return RunContext(
        provider="gitlab",
        event=event,
        pull=_whole(number) if merging or event == "comment" else None,
        # Pipelines of merged results run on a commit of GitLab's own, and only they have the first of these.
        head=(environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or sha) if merging else None,
        base=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
        branch=environ.get("CI_COMMIT_BRANCH"),
        before=before if pushed and before != NO_COMMIT else None,
        after=sha if pushed else None,
        draft=merging and _is_draft(environ),
        asked=TRAIN_LABEL in environ.get("CI_MERGE_REQUEST_LABELS", "").split(",") or _is_taken_in(environ),
        fork=merging and _is_fork(environ),
        folder=environ.get("CDML_CHOSEN_FOLDER") or None,
        schedule=(environ.get("CDML_SCHEDULE") or None) if event == "schedule" else None,
        comment=_whole(_dict(payload.get("object_attributes")).get("id")) if event == "comment" else None,
        order=(_whole(environ.get("CI_PIPELINE_ID")) or 0, 0),  # a job that is run again has its pipeline's number
        run_url=environ.get("CI_PIPELINE_URL"),
        report_url=_report_url(environ),
        forge="gitlab",
        actor=environ.get("GITLAB_USER_LOGIN"),
    )


def _event(environ: Mapping[str, str], payload: dict[str, Any]) -> Event | None:
    source, branch = environ.get("CI_PIPELINE_SOURCE", ""), environ.get("CI_COMMIT_BRANCH")
    if payload.get("object_kind") == "note":
        return "comment" if payload.get("merge_request") else None
    if source == "push" and branch:
        return "main" if branch == environ.get("CI_DEFAULT_BRANCH") else "release"
    known: dict[str, Event] = {
        "merge_request_event": "pull_request",
        "schedule": "schedule",
        "web": "manual",
        "api": "manual",
        "trigger": "manual",
    }
    return known.get(source)


def _is_draft(environ: Mapping[str, str]) -> bool:
    """GitLab says so since 17.10; before that its titles do."""
    said = environ.get("CI_MERGE_REQUEST_DRAFT")
    return said == "true" if said else bool(_DRAFT.match(environ.get("CI_MERGE_REQUEST_TITLE", "")))


def _is_fork(environ: Mapping[str, str]) -> bool:
    """Asked of the merge request: in a pipeline of the fork's project, CI_PROJECT_ID is the fork itself."""
    return environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID") != environ.get("CI_MERGE_REQUEST_PROJECT_ID")


def _is_taken_in(environ: Mapping[str, str]) -> bool:
    """Whether a fork's merge request has its pipeline in the project itself, where only members start one."""
    home = environ.get("CI_MERGE_REQUEST_PROJECT_ID")
    return home is not None and _is_fork(environ) and environ.get("CI_PROJECT_ID") == home


def _report_url(environ: Mapping[str, str]) -> str | None:
    """Where the files stand that this job leaves."""
    project, job = environ.get("CI_PROJECT_URL"), environ.get("CI_JOB_ID")
    return f"{project}/-/jobs/{job}/artifacts/browse" if project and job else None


def _payload(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the webhook sent that started this pipeline; empty where none did."""
    if environ.get("CI_PIPELINE_SOURCE") != "trigger" or not environ.get(PAYLOAD):
        return {}
    try:
        return _dict(json.loads(Path(environ[PAYLOAD]).read_bytes()))
    except (OSError, ValueError):
        return {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: object) -> int | None:
    """A number, which payloads hold as one and variables as text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() else None


def output(environ: Mapping[str, str], name: str, value: str) -> Telling | None:
    """A line of the file that the plan hands over; GitLab's own dotenv report would hold 5 kB at most."""
    file = environ.get("CDML_OUTPUT")
    return Telling(file=file, text=f"{name}={value}\n") if file else None


def credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """What lets git push with the project's token: GitLab's own, in the address of its clone, starts no pipelines.

    Git asks a helper that reads the token when it is needed, so it stands in no configuration.
    """
    project, server = environ.get("CI_PROJECT_URL"), environ.get("CI_SERVER_URL")
    if not environ.get(TOKEN) or not project or not server or environ.get("GIT_CONFIG_COUNT"):
        return {}
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "remote.origin.pushurl",
        "GIT_CONFIG_VALUE_0": f"{project}.git",
        "GIT_CONFIG_KEY_1": f"credential.{server}.helper",
        "GIT_CONFIG_VALUE_1": f"!f() {{ echo username=cdml; echo password=${TOKEN}; }}; f",
    }


def identity(environ: Mapping[str, str], cloud: str, _: str) -> str | None:
    """The token that the job asked GitLab for under `id_tokens`, one for each cloud."""
    return environ.get(f"{ID_TOKEN}{cloud.upper()}")


TOLD = Told(
    annotation=finding,
    # GitLab shows the difference of the two times beside the title; no time is told, so none is shown.
    group=lambda title: f"\x1b[0Ksection_start:0:cdml\r\x1b[0K{comment(title)}",
    end_group="\x1b[0Ksection_end:0:cdml\r\x1b[0K",
    output=output,
    summary=lambda _environ, _page: None,
)
