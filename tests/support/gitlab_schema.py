"""What is known of GitLab's API: which operation a path is, what its answers hold, whether an exchange fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

FILE = Path(__file__).parents[1] / "data" / "gitlab-api.yml"
MISSING: Any = object()
TEXT = {"moment": "2026-01-01T00:00:00.000Z", "sha": "0" * 40}


@cache
def description() -> Any:
    return YAML(typ="safe", pure=True).load(FILE.read_text())


@cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    found = ((one["method"], one["path"]) for one in description()["operations"])
    return tuple((method, path, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path))) for method, path in found)


def find(method: str, path: str) -> tuple[str, Mapping[str, str]] | None:
    """The path of the description that a request's path is, and what stands in its places."""
    for known, template, pattern in _patterns():
        found = pattern.fullmatch(path)
        if found and known == method:
            return template, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def operation(method: str, template: str) -> Any:
    found = description()["operations"]
    return next(one for one in found if (one["method"], one["path"]) == (method, template))


def answer(method: str, template: str, status: int, given: Any) -> Any:
    """What GitLab answers there: `given`, and all else that it always holds."""
    schema = operation(method, template)["answers"].get(status)
    return fill(schema, given) if schema and given is not None else given


def fill(schema: Any, given: Any = MISSING) -> Any:
    """`given` with everything that it lacks; null, or the simplest value that fits, where nothing is given."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return TEXT[name] if given is MISSING and name in TEXT else fill(description()["shapes"][name], given)
    if given is None or schema.get("type") == "array":
        return [fill(schema["items"], one) for one in given] if given else given
    if "required" in schema or "allOf" in schema:
        for part in schema.get("allOf", ()):
            given = fill(part, given)
        given = {} if given is MISSING else given
        known = schema.get("properties", {})
        made = {name: fill(known.get(name, {}), value) for name, value in given.items()}
        return made | {name: fill(known.get(name, {})) for name in schema.get("required", ()) if name not in made}
    return _simplest(schema) if given is MISSING else given


def _simplest(schema: Any) -> Any:
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", (None,))[0])
    simple = {"string": "text", "integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}
    return simple.get(schema["type"]) if isinstance(schema.get("type"), str) else None


@cache
def _validator(where: str) -> Any:
    """Of one place of the description, such as `POST /x body`; what is sent has no other names than its own."""
    method, path, part = where.split(" ")
    if part == "refusal":
        schema = description()["refusal"]
    elif part in ("query", "body"):
        found = operation(method, path).get(part, {})
        schema = {"type": "object", "additionalProperties": False, **found}
    else:
        schema = operation(method, path)["answers"][int(part)]
    return Draft202012Validator({**schema, "shapes": description()["shapes"]})


def problems(method: str, path: str, query: str, body: Any, status: int, data: Any) -> Iterator[str]:
    """Where a request or its answer does not fit what is known."""
    found = find(method, path)
    if found is None:
        yield f"{method} {path}: no such operation is described"
        return
    template = found[0]
    checks: list[tuple[str, Any]] = []
    if status < 400:
        checks = [("query", dict(parse_qsl(query, keep_blank_values=True))), ("body", body)]
        if status not in operation(method, template)["answers"]:
            yield f"{method} {path}: answers no {status}"
            return
    checks.append((str(status) if status < 400 else "refusal", data))
    for part, value in checks:
        for error in _validator(f"{method} {template} {part}").iter_errors(value):
            yield f"{method} {path}: {part}: {error.json_path}: {error.message[:300]}"
