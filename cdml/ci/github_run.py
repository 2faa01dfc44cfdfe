"""What a run on GitHub Actions, or on Gitea or Forgejo, knows of itself, and how it is told things."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cdml.ci.base import Event, Level, Limits, RunContext, Telling, Told

TRAIN_LABEL = "cdml train"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def context(environ: Mapping[str, str]) -> RunContext | None:
    """This run, from GitHub's default variables and the event's payload; None elsewhere."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    payload = _payload(environ.get("GITHUB_EVENT_PATH"))
    run, given = _dict(payload.get("workflow_run")), _dict(payload.get("inputs"))
    order = _order(environ, run)
    found = RunContext(
        provider="github",
        event=_event(environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_REF", ""), payload),
        branch=environ.get("GITHUB_REF_NAME"),
        before=payload.get("before"),
        after=payload.get("after"),
        folder=given.get("folder") or None,
        schedule=payload.get("schedule"),
        order=order,
        run_url=(url := _run_url(environ)),
        report_url=f"{url}#artifacts" if url else None,
        forge="gitea" if environ.get("GITEA_ACTIONS") == "true" else "github",
        actor=environ.get("GITHUB_ACTOR"),
    )
    if found.event == "pull_request":
        # Only who may write starts a run again, so that asks for training too.
        return _asked_for(found, given) if given else _of_pull(found, payload, again=order[1] > 1)
    if found.event == "forks":
        fork = _home(run.get("head_repository")) != _home(payload.get("repository"))
        return replace(found, head=run.get("head_sha"), fork=fork)
    if found.event == "comment":
        number, comment = _dict(payload.get("issue")).get("number"), _dict(payload.get("comment")).get("id")
        return replace(found, pull=_whole(number), comment=_whole(comment))
    return found


def _of_pull(found: RunContext, payload: dict[str, Any], *, again: bool) -> RunContext:
    pull = _dict(payload.get("pull_request"))
    head, base = _dict(pull.get("head")), _dict(pull.get("base"))
    labels = [_dict(label).get("name") for label in pull.get("labels") or ()]
    return replace(
        found,
        pull=_whole(pull.get("number")),
        head=head.get("sha"),
        base=base.get("ref"),
        draft=bool(pull.get("draft")),
        asked=again or TRAIN_LABEL in labels,
        fork=bool(head) and _home(head.get("repo")) != _home(base.get("repo") or payload.get("repository")),
    )


def _asked_for(found: RunContext, given: dict[str, Any]) -> RunContext:
    """A run that a command started for one commit; what does not fit is left out, so that nothing is judged."""
    head, base = str(given.get("head")), str(given.get("base"))
    return replace(
        found,
        pull=_whole(given.get("pull")),
        head=head if _COMMIT.fullmatch(head) else None,
        base=base or None,
        asked=True,
        fork=_is_true(given.get("fork")),
        force=_is_true(given.get("force")),
    )


def _event(name: str, ref: str, payload: dict[str, Any]) -> Event | None:
    if name == "push":
        main = _dict(payload.get("repository")).get("default_branch") or "main"
        return "main" if ref == f"refs/heads/{main}" else "release"
    if name == "issue_comment":
        return "comment" if _dict(payload.get("issue")).get("pull_request") else None
    if name == "workflow_dispatch":
        return "pull_request" if "pull" in _dict(payload.get("inputs")) else "manual"
    known: dict[str, Event] = {"pull_request": "pull_request", "schedule": "schedule", "workflow_run": "forks"}
    return known.get(name)


def _order(environ: Mapping[str, str], run: dict[str, Any]) -> tuple[int, int]:
    """Of the run that judges: where another one began this, that one's."""
    number, attempt = environ.get("GITHUB_RUN_ID"), environ.get("GITHUB_RUN_ATTEMPT")
    if run:
        number, attempt = run.get("id"), run.get("run_attempt")
    return _whole(number) or 0, _whole(attempt) or 0


def _run_url(environ: Mapping[str, str]) -> str | None:
    """A page of Gitea has the number that counts the repository's runs, one of GitHub the run's own."""
    server, slug = environ.get("GITHUB_SERVER_URL", "https://github.com"), environ.get("GITHUB_REPOSITORY", "")
    number = environ.get("GITHUB_RUN_NUMBER" if environ.get("GITEA_ACTIONS") == "true" else "GITHUB_RUN_ID")
    return f"{server}/{slug}/actions/runs/{number}" if number else None


def _whole(value: object) -> int | None:
    """A number, which payloads hold as one and variables and inputs as text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() else None


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _home(repository: object) -> object:
    return _dict(repository).get("full_name")


def _payload(path: str | None) -> dict[str, Any]:
    try:
        return _dict(json.loads(Path(path).read_bytes())) if path else {}
    except (OSError, ValueError):
        return {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def annotation(level: Level, message: str, file: str | None, line: int | None) -> str:
    """A workflow command that shows a message on a line of a file."""
    where = ",".join(
        part for part in (f"file={_property(file)}" if file else "", f"line={line}" if line else "") if part
    )
    return f"::{level}{' ' if where else ''}{where}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _append(path: str | None, text: str) -> Telling | None:
    return Telling(file=path, text=text) if path else None


def credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """The header that lets git fetch from and push to GitHub with the run's token, in git's own variables.

    The empty value first takes away what a checkout may have left in its configuration: two headers are refused.
    """
    token, server = environ.get("GITHUB_TOKEN"), environ.get("GITHUB_SERVER_URL", "https://github.com")
    if not token or environ.get("GIT_CONFIG_COUNT"):
        return {}
    secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    key = f"http.{server}/.extraheader"
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": key,
        "GIT_CONFIG_VALUE_0": "",
        "GIT_CONFIG_KEY_1": key,
        "GIT_CONFIG_VALUE_1": f"AUTHORIZATION: basic {secret}",
    }


def identity(environ: Mapping[str, str], _: str, audience: str) -> str | None:
    """GitHub's word on which run this is, asked of the address that it gives to jobs with that permission."""
    url, token = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"), environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if not url or not token:
        return None
    from cdml.core.http import Rest

    answer = Rest(url, token).send("GET", f"&audience={quote(audience, safe='')}")
    return str(answer.data["value"]) if isinstance(answer.data, dict) and "value" in answer.data else None


TOLD = Told(
    annotation=annotation,
    group=lambda title: f"::group::{_data(title)}",
    end_group="::endgroup::",
    output=lambda environ, name, value: _append(environ.get("GITHUB_OUTPUT"), f"{name}={value}\n"),
    summary=lambda environ, page: _append(environ.get("GITHUB_STEP_SUMMARY"), page),
    # The runner makes annotations of the first ten of each level in a step, cuts longer messages, and drops a
    # summary that is larger as a whole.
    limits=Limits(findings=10, message=4096, page=1024 * 1024),
)
