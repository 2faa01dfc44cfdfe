"""Cut GitHub's OpenAPI description down to the operations that cdml uses: INPUT OUTPUT."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

REPOSITORY = "/repos/{owner}/{repo}"
KEPT = {
    "/user": ["get"],
    REPOSITORY: ["get"],
    f"{REPOSITORY}/pulls": ["get", "post"],
    f"{REPOSITORY}/pulls/{{pull_number}}": ["get", "patch"],
    f"{REPOSITORY}/pulls/{{pull_number}}/merge": ["put"],
    f"{REPOSITORY}/issues": ["get", "post"],
    f"{REPOSITORY}/issues/{{issue_number}}": ["get", "patch"],
    f"{REPOSITORY}/issues/{{issue_number}}/comments": ["get", "post"],
    f"{REPOSITORY}/issues/comments/{{comment_id}}": ["get", "patch", "delete"],
    f"{REPOSITORY}/issues/comments/{{comment_id}}/reactions": ["post"],
    f"{REPOSITORY}/pulls/{{pull_number}}/files": ["get"],
    f"{REPOSITORY}/collaborators/{{username}}/permission": ["get"],
    f"{REPOSITORY}/actions/workflows/{{workflow_id}}/dispatches": ["post"],
    f"{REPOSITORY}/actions/workflows/{{workflow_id}}/runs": ["get"],
    f"{REPOSITORY}/actions/runs/{{run_id}}/jobs": ["get"],
    f"{REPOSITORY}/actions/jobs/{{job_id}}/rerun": ["post"],
    f"{REPOSITORY}/deployments": ["post"],
    f"{REPOSITORY}/deployments/{{deployment_id}}/statuses": ["post"],
    f"{REPOSITORY}/statuses/{{sha}}": ["post"],
    f"{REPOSITORY}/commits/{{ref}}/status": ["get"],
    f"{REPOSITORY}/commits/{{ref}}/statuses": ["get"],
}
PROSE = {"examples", "example", "description", "summary", "externalDocs", "tags", "x-github", "title"}


def without_prose(node: Any, names: bool = False) -> Any:
    """A part of the description; `names`: its keys are names of properties, and one may be called `title`."""
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if names or key not in PROSE}
        return {key: without_prose(value, key == "properties" and not names) for key, value in kept.items()}
    return [without_prose(item) for item in node] if isinstance(node, list) else node


def references(node: Any) -> set[str]:
    """Every component that a part refers to."""
    if isinstance(node, list):
        return {ref for item in node for ref in references(item)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*(references(value) for value in node.values()))


def trimmed(whole: Any) -> Any:
    """The kept operations and the components that they need; every answer has a description, as it must."""
    paths = {path: {m: without_prose(whole["paths"][path][m]) for m in methods} for path, methods in KEPT.items()}
    components: dict[str, dict[str, Any]] = {}
    left = references(paths)
    while left:
        _, _, kind, name = left.pop().split("/", 3)
        if name not in components.setdefault(kind, {}):
            components[kind][name] = without_prose(whole["components"][kind][name])
            left |= references(components[kind][name])
    answers = [r for p in paths.values() for operation in p.values() for r in operation["responses"].values()]
    for answer in [*answers, *components["responses"].values()]:
        if "$ref" not in answer:
            answer["description"] = ""
    info = {key: whole["info"][key] for key in ("title", "version", "license")}
    return {
        "openapi": whole["openapi"],
        "info": info,
        "servers": [{"url": "https://api.github.com"}],
        "paths": paths,
        "components": {kind: dict(sorted(found.items())) for kind, found in sorted(components.items())},
    }


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    document = json.dumps(trimmed(json.loads(source.read_text())), separators=(",", ":"))
    target.write_text(document + "\n")
