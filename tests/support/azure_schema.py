"""What Azure DevOps' API takes and answers, as Microsoft's own client has it, and whether what passes by fits it.

`tests/data/azure-devops-client.json` holds the operations and models of that client. What it leaves out stands
here, from Microsoft's published description (MicrosoftDocs/vsts-rest-api-specs, version 7.1): the paths, which the
client asks the server for, the words of an enumeration, and the attributes of a change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "data" / "azure-devops-client.json"
GIT = "{project}/_apis/git/repositories/{repositoryId}"
PULL = f"{GIT}/pullRequests/{{pullRequestId}}"
THREAD = f"{PULL}/threads/{{threadId}}"
# By the location that the client names. A part in braces is left out where an operation has no value for it.
PATHS = {
    "225f7195-f9c7-4d14-ab28-a83f7ff77e1f": GIT,
    "2d874a60-a811-4f62-9c9f-963a6ea0a55b": f"{GIT}/refs",
    "615588d5-c0c7-4b88-88f8-e625306446e8": f"{GIT}/diffs/commits",
    "9946fd70-0d40-406e-b686-b4744cbbcc37": PULL,
    "d43911ee-6958-46b0-a42b-8445b8a0d004": f"{PULL}/iterations/{{iterationId}}",
    "4216bdcf-b6b1-4d59-8b82-c34cc183fc8b": f"{PULL}/iterations/{{iterationId}}/changes",
    "ab6e2e5d-a0b7-4153-b64a-a4efe0d49449": THREAD,
    "965a3ec7-5ed8-455a-bdcb-835a5ea7fe7b": f"{THREAD}/comments/{{commentId}}",
    "5f2e2851-1389-425b-a00b-fb2adb3ef31b": f"{THREAD}/comments/{{commentId}}/likes",
    "428dd4fb-fda5-4722-af02-9313b80305da": f"{GIT}/commits/{{commitId}}/statuses",
    "b5f6bb4f-8d1e-4d79-8d11-4c9172c99c35": f"{PULL}/statuses/{{statusId}}",
    "00d9565f-ed9c-4a06-9a50-00e7896ccab4": "_apis/connectionData",
    "e81700f7-3be2-46de-8624-2eb35882fcaa": "_apis/resourceAreas/{areaId}",
    "28010c54-d0c0-4c89-a5b0-1c9e188b9fb7": "_apis/identities/{identityId}",
    "18a2ad18-7571-46ae-bec7-0c7da1495885": "_apis/accesscontrollists/{securityNamespaceId}",
    "dd3b8bd6-c7fc-4cbd-929a-933d9c011c9d": "_apis/permissions/{securityNamespaceId}/{permissions}",
    "c23ddff5-229c-4d04-a80b-0fdce9f360c8": "{project}/_apis/policy/evaluations",
    "46aecb7a-5d2c-4647-897b-0209505a9fe4": "{project}/_apis/policy/evaluations/{evaluationId}",
    "1a9c53f7-f243-4447-b110-35ef023636e4": "{project}/{team}/_apis/wit/wiql",
    "62d3d110-0047-428c-ad3c-4fe872c91c74": "{project}/_apis/wit/workitems/${type}",
    "72c7ddf8-2cdc-4f60-90cd-ab71c14a399b": "{project}/_apis/wit/workitems/{id}",
    "7c9d7a76-4a09-43e8-b5df-bd792f4ac6aa": "{project}/_apis/wit/workitemtypes/{type}/states",
}
# Not released: a request must say so.
PREVIEW = {
    "get_connection_data",
    "get_resource_area",
    "get_resource_areas",
    "get_policy_evaluations",
    "requeue_policy_evaluation",
}
OPTIONAL = {"team"}
THREADS = {"unknown", "active", "fixed", "wontFix", "closed", "byDesign", "pending"}
STATES = {"notSet", "pending", "succeeded", "failed", "error", "notApplicable"}
WORDS: dict[tuple[str, str], set[str]] = {
    ("GitPullRequest", "status"): {"notSet", "active", "abandoned", "completed", "all"},
    ("GitPullRequest", "mergeStatus"): {
        "notSet",
        "queued",
        "conflicts",
        "succeeded",
        "rejectedByPolicy",
        "failure",
    },
    ("GitPullRequestCompletionOptions", "mergeStrategy"): {"noFastForward", "squash", "rebase", "rebaseMerge"},
    ("GitPullRequestCommentThread", "status"): THREADS,
    ("Comment", "commentType"): {"unknown", "text", "codeChange", "system"},
    ("GitStatus", "state"): STATES,
    ("GitPullRequestStatus", "state"): STATES,
    ("JsonPatchOperation", "op"): {"add", "remove", "replace", "move", "copy", "test"},
    ("GitPullRequestChange", "changeType"): {"add", "edit", "rename", "delete", "edit, rename"},
}
MORE = {
    "GitPullRequestChange": {
        "changeId": "int",
        "changeType": "object",
        "item": "GitItem",
        "originalPath": "str",
        "sourceServerItem": "str",
    }
}


@cache
def described() -> Any:
    told = json.loads(FILE.read_text())
    for name, more in MORE.items():
        told["models"][name] |= more
    return told


def path_of(operation: Any) -> str:
    """The path of an operation below the collection."""
    parts = PATHS[operation["location"]].split("/")
    kept = [part for part in parts if part[0] != "{" or part[1:-1] in operation["route"]]
    return "/".join(part for part in kept if part[1:-1] not in OPTIONAL)


@cache
def _patterns() -> list[tuple[str, str, re.Pattern[str]]]:
    found = []
    for name, operation in described()["operations"].items():
        escaped = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path_of(operation)))
        found.append((name, operation["method"], re.compile(escaped, re.IGNORECASE)))
    return found


def find(method: str, path: str) -> tuple[str, Mapping[str, str]] | None:
    """The operation of a request, with the values in its path; paths do not mind capitals."""
    for name, known, pattern in _patterns():
        match = pattern.fullmatch(path.strip("/"))
        if known == method and match:
            return name, match.groupdict()
    return None


@dataclass(frozen=True)
class Exchange:
    """One request of a known operation and its answer."""

    name: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    sent: bytes
    status: int
    answered: Any


def problems(exchange: Exchange) -> Iterator[str]:
    """Where a request or its answer does not fit the description."""
    operation = described()["operations"][exchange.name]
    for said in (*_asked(exchange, operation), *_answered(exchange, operation)):
        yield f"{exchange.name}: {said}"


def _asked(exchange: Exchange, operation: Any) -> Iterator[str]:
    yield from (f"no parameter {name}" for name in exchange.query if name not in operation["query"])
    version = "7.1-preview" if exchange.name in PREVIEW else "7.1"
    said = exchange.headers.get("accept", "").replace(" ", "").partition("api-version=")[2]
    # A number after `preview` is the version of that resource alone.
    if re.sub(r"(?<=-preview)\.\d+$", "", said) not in (version, f"{version}-preview"):
        yield f"version {said or 'none'} where {version} is"
    if exchange.sent:
        kind = exchange.headers.get("content-type", "").partition(";")[0]
        if kind != operation["sends"]:
            yield f"a body of the type {kind}"
        if operation["body"] is None:
            yield "takes no body"
        else:
            yield from misfits(operation["body"], json.loads(exchange.sent), "body")


def _answered(exchange: Exchange, operation: Any) -> Iterator[str]:
    if exchange.status >= 400 or operation["answer"] is None:
        return
    kind, data = operation["answer"], exchange.answered
    if kind.startswith("["):
        if not isinstance(data, dict) or set(data) != {"count", "value"} or data["count"] != len(data["value"]):
            yield "a listing comes as count and value"
            return
        data = data["value"]
    yield from misfits(kind, data, "answer")


def misfits(kind: str, value: Any, where: str) -> Iterator[str]:
    """What of a value is not of its kind."""
    if value is None or kind == "object":
        return
    if kind.startswith("["):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for number, item in enumerate(value):
            yield from misfits(kind[1:-1], item, f"{where}.{number}")
    elif kind.startswith("{"):
        for name, item in value.items():
            yield from misfits(kind[1:-1], item, f"{where}.{name}")
    elif kind in described()["models"]:
        yield from _model(kind, value, where)
    elif not _plain(kind, value):
        yield f"{where} is {value!r}, not {kind}"


def _model(kind: str, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no {kind}"
        return
    known = described()["models"][kind]
    for name, item in value.items():
        if name not in known:
            yield f"{where}.{name}: {kind} has no such attribute"
            continue
        words = WORDS.get((kind, name))
        if words and item not in words:
            yield f"{where}.{name} is {item!r}"
        yield from misfits(known[name], item, f"{where}.{name}")


def _plain(kind: str, value: Any) -> bool:
    if kind == "iso-8601":
        try:
            return isinstance(value, str) and bool(datetime.fromisoformat(value))
        except ValueError:
            return False
    types = {"str": str, "int": int, "bool": bool, "float": (int, float)}
    return isinstance(value, types[kind]) and (kind == "bool") == isinstance(value, bool)
