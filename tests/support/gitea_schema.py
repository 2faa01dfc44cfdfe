"""What Gitea's description of its API says of a request and of its answer, and how paths are told apart."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "data" / "gitea-api.json"
ROOT = "/api/v1"
WILD = ("basehead", "branch")  # what may hold slashes, at the end of its path
# Fields that Go writes as null where there is nothing.
ERROR = {"type": "object", "properties": {"message": {"type": "string"}, "url": {"type": "string"}, "errors": {}}}
CONFLICT = {"required": ["Style", "StdOut", "StdErr"]}


@cache
def description() -> Any:
    return json.loads(FILE.read_text())


def template_of(method: str, path: str) -> tuple[str, Mapping[str, str]] | None:
    """The operation's path as it is described, and what its names stand for."""
    for known in description()["operations"]:
        verb, _, template = known.partition(" ")
        found = _pattern(template).fullmatch(path.removeprefix(ROOT)) if verb == method else None
        if found and path.startswith(ROOT):
            return template, found.groupdict()
    return None


def is_paged(method: str, template: str) -> bool:
    """Whether a listing comes in pages; a pull request's comments do not."""
    return "limit" in description()["operations"][f"{method} {template}"]["query"]


def problems(
    method: str, template: str | None, query: Mapping[str, str], sent: bytes, reply: Any
) -> Iterator[str]:
    """What the description forbids of an exchange; `reply` has `status` and `data`."""
    if template is None:
        yield f"{method}: no such operation is described"
        return
    operation, where = description()["operations"][f"{method} {template}"], f"{method} {template}"
    yield from (f"{where}: no parameter {name}" for name in query if name not in operation["query"])
    for name in query.keys() & operation["query"].keys():
        allowed = operation["query"][name].get("enum")
        if allowed and query[name] not in allowed:
            yield f"{where}: {name} is not {query[name]}"
    if sent and operation["body"] is None:
        yield f"{where}: takes no body"
    elif operation["body"] is not None and reply.status < 400:
        yield from _misfits(f"{where} sends", operation["body"], json.loads(sent or b"{}"))
    if reply.status >= 400 and reply.data is not None and "StdErr" not in reply.data:
        yield from _misfits(f"{where} refuses", ERROR | {"additionalProperties": False}, reply.data)
    elif reply.status < 300 and reply.data is not None:
        yield from _misfits(f"{where} answers", operation["answer"] or {"type": "null"}, reply.data)


def _misfits(where: str, schema: Any, data: Any) -> Iterator[str]:
    for error in _checker(json.dumps(schema)).iter_errors(_without_null(data)):
        yield f"{where}: {error.json_path} {error.message}"[:600]


@cache
def _checker(schema: str) -> Any:
    from jsonschema import Draft7Validator

    whole = copy.copy(json.loads(schema)) | {"definitions": description()["definitions"]}
    return Draft7Validator(whole, format_checker=Draft7Validator.FORMAT_CHECKER)


def _without_null(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_null(value) for key, value in data.items() if value is not None}
    return [_without_null(item) for item in data] if isinstance(data, list) else data


@cache
def _pattern(template: str) -> re.Pattern[str]:
    def part(name: re.Match[str]) -> str:
        return f"(?P<{name[1]}>{'.+' if name[1] in WILD else '[^/]+'})"

    return re.compile(re.sub(r"{(\w+)}", part, template))
