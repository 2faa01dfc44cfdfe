"""Turn the TypeScript types of Gitea's API into the JSON description that tests check against: INPUT OUTPUT.

The types are made from Gitea's own swagger file, which says nothing of required fields and of null.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

REPOSITORY = "/repos/{owner}/{repo}"
KEPT = (
    "GET /user",
    f"GET {REPOSITORY}",
    f"GET {REPOSITORY}/branches/{{branch}}",
    f"GET {REPOSITORY}/compare/{{basehead}}",
    f"GET {REPOSITORY}/collaborators/{{collaborator}}/permission",
    f"GET {REPOSITORY}/pulls",
    f"POST {REPOSITORY}/pulls",
    f"GET {REPOSITORY}/pulls/{{index}}",
    f"PATCH {REPOSITORY}/pulls/{{index}}",
    f"POST {REPOSITORY}/pulls/{{index}}/merge",
    f"GET {REPOSITORY}/pulls/{{index}}/files",
    f"GET {REPOSITORY}/issues",
    f"POST {REPOSITORY}/issues",
    f"PATCH {REPOSITORY}/issues/{{index}}",
    f"GET {REPOSITORY}/issues/{{index}}/comments",
    f"POST {REPOSITORY}/issues/{{index}}/comments",
    f"GET {REPOSITORY}/issues/comments/{{id}}",
    f"PATCH {REPOSITORY}/issues/comments/{{id}}",
    f"DELETE {REPOSITORY}/issues/comments/{{id}}",
    f"POST {REPOSITORY}/issues/comments/{{id}}/reactions",
    f"GET {REPOSITORY}/statuses/{{sha}}",
    f"POST {REPOSITORY}/statuses/{{sha}}",
)
# Younger than the types: Gitea 1.24's swagger file, `ActionsDispatchWorkflow`.
ADDED = {
    f"POST {REPOSITORY}/actions/workflows/{{workflow_id}}/dispatches": {
        "query": {},
        "body": {
            "type": "object",
            "required": ["ref"],
            "properties": {
                "ref": {"type": "string"},
                "inputs": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "additionalProperties": False,
        },
        "answer": None,
    }
}
PLAIN = {"string": {"type": "string"}, "boolean": {"type": "boolean"}, "any": {}, "object": {"type": "object"}}
OPERATION = re.compile(
    r"@request (\w+):(\S+)\n.*?\*/\s+\w+: \((.*?)\) => Promise<HttpResponse<(.+?), any>>;", re.DOTALL
)
FIELD = re.compile(
    r"(?:/\*\*(?P<told>(?:(?!\*/).)*)\*/\s*)?'?(?P<name>[\w-]+)'?(?P<optional>\??): (?P<type>[^;]+);", re.S
)


def of_type(text: str, told: str = "") -> Any:
    """A TypeScript type as a JSON schema."""
    text = " ".join(text.split())
    if text.startswith("'"):
        return {"enum": re.findall(r"'([^']*)'", text)}
    if text.endswith("[]"):
        return {"type": "array", "items": of_type(text[:-2])}
    if text.startswith("Record<string, "):
        return {"type": "object", "additionalProperties": of_type(text[15:-1])}
    if text == "number":
        return {"type": "integer" if "@format int64" in told else "number"}
    if text == "string" and "@format date-time" in told:
        return {"type": "string", "format": "date-time"}
    return PLAIN.get(text) or {"$ref": f"#/definitions/{text}"}


def fields(text: str) -> dict[str, Any]:
    """The body of an interface: its properties, and those that must be there."""
    found = [match.groupdict() for match in FIELD.finditer(text)]
    required = [field["name"] for field in found if not field["optional"]]
    known = {field["name"]: of_type(field["type"], field["told"] or "") for field in found}
    made = {"type": "object", "properties": known, "additionalProperties": False}
    return made | ({"required": required} if required else {})


def operations(types: str) -> dict[str, Any]:
    """The kept operations by method and path."""
    _, _, api = types.partition("declare class Api")
    found = {}
    for block in api.split("/**\n         * No description")[1:]:
        match = OPERATION.search(block)
        if match is None or f"{match[1]} {match[2]}" not in KEPT:
            continue
        query = re.search(r"query\?: \{(.*?)\n        \}", match[3], re.DOTALL)
        body = re.search(r"\b(?:body|content): (\w+)", match[3])
        found[f"{match[1]} {match[2]}"] = {
            "query": fields(query[1])["properties"] if query else {},
            "body": of_type(body[1]) if body else None,
            "answer": None if match[4] in ("void", "any") else of_type(match[4]),
        }
    return found


def references(node: Any) -> set[str]:
    """Every definition that a part refers to."""
    if isinstance(node, list):
        return {name for item in node for name in references(item)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*(references(value) for value in node.values()))


def described(types: str) -> Any:
    """The whole description."""
    aliases = dict(re.findall(r"^type (\w+) = (\w+);", types, re.MULTILINE))
    bodies = dict(re.findall(r"^interface (\w+) \{(.*?)^\}", types, re.MULTILINE | re.DOTALL))
    kept = operations(types)
    lacking = set(KEPT) - set(kept)
    if lacking:
        raise SystemExit(f"not in the types: {', '.join(sorted(lacking))}")
    definitions: dict[str, Any] = {}
    left = references(kept) | {"APIError"}
    while left:
        name = left.pop()
        definitions[name] = of_type(aliases[name]) if name in aliases else fields(bodies[name])
        left |= references(definitions[name]) - set(definitions)
    return {"operations": kept | ADDED, "definitions": dict(sorted(definitions.items()))}


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(json.dumps(described(source.read_text()), separators=(",", ":")) + "\n")
