"""GitHub's published description of its API: what its answers hold, and whether what passes by fits it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

FILE = Path(__file__).parents[1] / "data" / "github-openapi.json"
ORIGIN = "https://api.github.com"
MISSING: Any = object()
TEXT = {"uri": f"{ORIGIN}/somewhere", "date-time": "2026-01-01T00:00:00Z", "email": "somebody@example.com"}


@cache
def description() -> Any:
    return json.loads(FILE.read_text())


def answer(template: str, method: str, status: int, given: Any) -> Any:
    """What GitHub answers there: `given`, and all else that the description requires."""
    found = resolved(description()["paths"][template][method.lower()]["responses"].get(str(status), {}))
    content = found.get("content", {}).get("application/json")
    return fill(content["schema"], given) if content else given


def resolved(node: Any) -> Any:
    while "$ref" in node:
        place = description()
        for name in node["$ref"][2:].split("/"):
            place = place[name]
        node = place
    return node


def fill(schema: Any, given: Any = MISSING) -> Any:
    """`given` with every required property that it lacks; the shortest value that fits where nothing is given."""
    schema = resolved(schema)
    if given is None or (given is MISSING and schema.get("nullable")):
        return None
    if "allOf" in schema:
        for part in schema["allOf"]:
            given = fill(part, given)
        return given
    for choice in ("oneOf", "anyOf"):
        if choice in schema and "properties" not in schema:
            return fill(schema[choice][0], given)
    if schema.get("type") == "object" or "properties" in schema:
        return _object(schema, {} if given is MISSING else given)
    if schema.get("type") == "array":
        return [fill(schema["items"], item) for item in ([] if given is MISSING else given)]
    return _scalar(schema) if given is MISSING else given


def _object(schema: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    known = schema.get("properties", {})
    made = {name: fill(known.get(name, {}), value) for name, value in given.items()}
    return made | {name: fill(known[name]) for name in schema.get("required", ()) if name not in made}


def _scalar(schema: Any) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "string":
        return TEXT.get(schema.get("format", ""), "text")
    return {"integer": 1, "number": 1, "boolean": False}.get(schema.get("type", ""))


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `template` is the path as the description has it, None where it has none."""

    method: str
    path: str
    template: str | None
    query: str
    sent: bytes
    status: int
    answered: bytes
    headers: Mapping[str, str]


@cache
def _checker() -> Any:
    from openapi_core import Config, OpenAPI

    strict = copy.deepcopy(description())
    for operations in strict["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                # A name that GitHub does not know it ignores in silence; here it is a mistake.
                content["schema"]["additionalProperties"] = False
    _let_null(strict)
    return OpenAPI.from_dict(strict, config=Config(spec_validator_cls=None))


def _let_null(node: Any) -> None:
    """What may be null says so beside its list of values; a validator wants null in the list as well."""
    if isinstance(node, dict):
        if node.get("nullable") and None not in node.get("enum", (None,)):
            node["enum"] = [*node["enum"], None]
        for value in node.values():
            _let_null(value)
    elif isinstance(node, list):
        for item in node:
            _let_null(item)


def problems(exchange: Exchange) -> Iterator[str]:
    """Where a request or its answer does not fit the description."""
    from openapi_core.exceptions import OpenAPIError
    from openapi_core.testing import MockRequest, MockResponse

    if exchange.template is None:
        yield f"{exchange.method} {exchange.path}: no such operation is described"
        return
    operation = description()["paths"][exchange.template][exchange.method.lower()]
    query = dict(parse_qsl(exchange.query))
    known = {resolved(one)["name"] for one in operation.get("parameters", ()) if resolved(one)["in"] == "query"}
    yield from (f"{exchange.method} {exchange.path}: no parameter {name}" for name in query if name not in known)
    request = MockRequest(
        ORIGIN,
        exchange.method.lower(),
        exchange.path,
        args=query,
        headers=dict(exchange.headers),
        data=exchange.sent or None,
    )
    response = MockResponse(exchange.answered, status_code=exchange.status, content_type="application/json")
    described = str(exchange.status) in operation["responses"]
    checks = [lambda: _checker().validate_request(request)] if exchange.status < 400 else []
    if described and exchange.answered:
        checks.append(lambda: _checker().validate_response(request, response))
    elif not described and exchange.status < 400:
        yield f"{exchange.method} {exchange.path}: answers no {exchange.status}"
    for check in checks:
        try:
            check()
        except OpenAPIError as error:
            causes = "; ".join(str(e.message) for e in getattr(error.__cause__, "schema_errors", ()))
            yield f"{exchange.method} {exchange.path}: {error} {causes}"[:600]
