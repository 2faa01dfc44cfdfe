"""Cut Microsoft's Python client for Azure DevOps down to what cdml uses: its operations and the models they carry.

    python -m venv /tmp/azure && /tmp/azure/bin/pip install azure-devops==7.1.0b4
    python tests/data/trim_azure_client.py /tmp/azure/lib/python3*/site-packages/azure/devops/v7_1 \\
        tests/data/azure-devops-client.json

The client is read and not run: it is generated from Microsoft's own description, one method for each operation.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

OPERATIONS = {
    "git": (
        "get_repository get_refs get_commit_diffs get_pull_requests get_pull_request create_pull_request "
        "update_pull_request get_pull_request_iterations get_pull_request_iteration_changes get_threads "
        "get_pull_request_thread create_thread update_thread update_comment delete_comment create_like "
        "create_commit_status get_statuses create_pull_request_status"
    ),
    "location": "get_connection_data get_resource_area get_resource_areas",
    "identity": "read_identities",
    "security": "query_access_control_lists has_permissions",
    "policy": "get_policy_evaluations requeue_policy_evaluation",
    "work_item_tracking": (
        "query_by_wiql create_work_item update_work_item get_work_items get_work_item_type_states"
    ),
}
PLAIN = {"str", "int", "bool", "float", "iso-8601", "object"}
# What no test looks into stays an object of any shape.
KEPT = {
    "AccessControlEntry",
    "AccessControlList",
    "AceExtendedInformation",
    "Comment",
    "CommentThread",
    "ConnectionData",
    "GitCommitDiffs",
    "GitCommitRef",
    "GitForkRef",
    "GitItem",
    "GitPullRequest",
    "GitPullRequestChange",
    "GitPullRequestCommentThread",
    "GitPullRequestCompletionOptions",
    "GitPullRequestIteration",
    "GitPullRequestIterationChanges",
    "GitPullRequestStatus",
    "GitRef",
    "GitRepository",
    "GitStatus",
    "GitStatusContext",
    "Identity",
    "IdentityRef",
    "JsonPatchOperation",
    "PolicyConfiguration",
    "PolicyEvaluationRecord",
    "ResourceAreaInfo",
    "TeamProjectReference",
    "Wiql",
    "WorkItem",
    "WorkItemQueryResult",
    "WorkItemReference",
    "WorkItemStateColor",
}


def main(client: Path, out: Path) -> None:
    operations: dict[str, Any] = {}
    models: dict[str, Any] = {}
    for area, names in OPERATIONS.items():
        code = client / area / ("git_client_base.py" if area == "git" else f"{area}_client.py")
        found = {
            one.name: one
            for one in ast.walk(ast.parse(code.read_text("utf-8-sig")))
            if isinstance(one, ast.FunctionDef)
        }
        operations |= {name: operation(found[name]) for name in names.split()}
        for one in ast.parse((client / area / "models.py").read_text("utf-8-sig")).body:
            if isinstance(one, ast.ClassDef) and one.name in KEPT and one.name not in models:
                models[one.name] = attributes(one)
    told = {"operations": operations, "models": dict(sorted(models.items()))}
    out.write_text(json.dumps(told, indent=1) + "\n")


def operation(code: ast.FunctionDef) -> dict[str, Any]:
    """How one method of the client asks, and what it makes of the answer."""
    told: dict[str, Any] = {"route": [], "query": [], "body": None, "answer": None}
    for one in ast.walk(code):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Subscript):
            place = {"route_values": "route", "query_parameters": "query"}.get(ast.unparse(one.targets[0].value))
            if place:
                told[place].append(ast.literal_eval(one.targets[0].slice))
        elif isinstance(one, ast.Call):
            called = ast.unparse(one.func)
            if called == "self._send":
                known = {k.arg: k.value.value for k in one.keywords if isinstance(k.value, ast.Constant)}
                told |= {"method": known["http_method"], "location": known["location_id"]}
                told |= {"sends": known.get("media_type", "application/json")}
            elif called in ("self._serialize.body", "self._deserialize"):
                place = "body" if called.endswith("body") else "answer"
                told[place] = ast.literal_eval(one.args[1 if place == "body" else 0])
    return told


def attributes(code: ast.ClassDef) -> dict[str, str]:
    """The attributes of a model as JSON names them, with their types."""
    for one in code.body:
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "_attribute_map":
            return {value["key"]: kind(value["type"]) for value in ast.literal_eval(one.value).values()}
    raise ValueError(code.name)


def kind(name: str) -> str:
    inner = re.sub(r"^[\[{]|[\]}]$", "", name)
    return name if inner in PLAIN or inner in KEPT else name.replace(inner, "object")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
