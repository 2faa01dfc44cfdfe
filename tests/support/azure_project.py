"""What stands around a repository on Azure DevOps: people and their rights, policies, and work items."""

from __future__ import annotations

import re
from typing import Any

from azure_operations import listing
from azure_state import (
    BITS,
    GATE_ID,
    GIT_NAMESPACE,
    PROJECT_ID,
    REPOSITORY_ID,
    TASK,
    Call,
    Data,
    Refused,
    handles,
)

IDENTITIES = "8a3d49b8-91f0-46ef-b33d-dda338c25db3"
TOKEN = f"repoV2/{PROJECT_ID}/{REPOSITORY_ID}"
QUERY = re.compile(
    r"SELECT \[System\.Id\] FROM WorkItems WHERE \[System\.TeamProject\] = @project "
    r"AND \[System\.Tags\] CONTAINS '(?P<tag>(?:[^']|'')*)'"
    r"(?: AND \[System\.State\] NOT IN \((?P<states>(?:'(?:[^']|'')*'(?:, )?)+)\))? ORDER BY \[System\.Id\] DESC"
)


@handles("get_connection_data")
def get_connection_data(call: Call) -> tuple[int, Any]:
    person = call.hub.person(call.login or "anonymous")
    names = {"id": person["id"], "descriptor": person["descriptor"], "providerDisplayName": call.login}
    return 200, {"authenticatedUser": names, "authorizedUser": names, "deploymentType": "hosted"}


def area(call: Call) -> Data:
    return {"id": IDENTITIES, "name": "IMS", "locationUrl": call.hub.identities_at or f"{call.url}/"}


@handles("get_resource_areas")
def get_resource_areas(call: Call) -> tuple[int, Any]:
    return 200, listing([])  # as a server of one's own: everything is here


@handles("get_resource_area")
def get_resource_area(call: Call) -> tuple[int, Any]:
    if call.names["areaId"].lower() != IDENTITIES:
        raise Refused(404, "The resource area is not registered.", "ResourceAreaNotFoundException")
    return 200, area(call)


@handles("read_identities")
def read_identities(call: Call) -> tuple[int, Any]:
    if call.query.get("searchFilter") != "General":
        raise Refused(400, "A search filter and its value are needed.", "ArgumentException")
    wanted = call.query.get("filterValue", "").lower()
    known = [
        {
            "id": one["id"],
            "descriptor": one["descriptor"],
            "isActive": one["active"],
            "properties": {"Account": {"$type": "System.String", "$value": one.get("account", one["login"])}},
        }
        for one in call.hub.people.values()
        if wanted in (one["login"].lower(), one.get("display", "").lower(), one.get("account", "").lower())
    ]
    return 200, listing(known or [None])


@handles("query_access_control_lists")
def query_access_control_lists(call: Call) -> tuple[int, Any]:
    if not call.may("ManagePermissions"):
        raise Refused(403, "Access denied: needs View permissions for this node.", "AccessCheckException")
    if (call.names["securityNamespaceId"], call.query.get("token")) != (GIT_NAMESPACE, TOKEN):
        raise Refused(400, "The token is not of this namespace.", "InvalidSecurityTokenException")
    entries = {one: entry(call, one) for one in call.query["descriptors"].split(",")}
    return 200, listing([{"token": TOKEN, "inheritPermissions": True, "acesDictionary": entries}])


def entry(call: Call, descriptor: str) -> Data:
    """The rights of somebody: a group's, so that nothing stands beside the name itself."""
    login = next(one["login"] for one in call.hub.people.values() if one["descriptor"] == descriptor)
    allowed = sum(BITS.values()) if login in call.hub.writers else BITS["GenericRead"]
    denied = BITS["GenericContribute"] if login in call.hub.outsiders else 0
    effective = {"effectiveAllow": allowed, "effectiveDeny": denied}
    return {"descriptor": descriptor, "allow": 0, "deny": 0, "extendedInfo": effective}


@handles("has_permissions")
def has_permissions(call: Call) -> tuple[int, Any]:
    wanted = int(call.names["permissions"])
    held = [right for right, bit in BITS.items() if wanted & bit]
    return 200, listing([all(call.may(right) for right in held)])


@handles("get_policy_evaluations")
def get_policy_evaluations(call: Call) -> tuple[int, Any]:
    number = int(call.query["artifactId"].rpartition("/")[2])
    if call.query["artifactId"] != f"vstfs:///CodeReview/CodeReviewId/{PROJECT_ID}/{number}":
        raise Refused(404, "The artifact is not known.", "ArtifactNotFoundException")
    others = evaluation(call, "a" * 36, "Minimum number of reviewers", 0)
    return 200, listing([others, evaluation(call, GATE_ID, "cdml gate", 0)] if call.hub.policy else [others])


@handles("requeue_policy_evaluation")
def requeue_policy_evaluation(call: Call) -> tuple[int, Any]:
    if not call.may("QueueBuilds"):
        raise Refused(
            403, "TF215106: Access denied. The identity needs Queue builds permissions.", "AccessDeniedException"
        )
    call.hub.dispatches.append({"evaluation": call.names["evaluationId"], "login": call.login})
    return 200, evaluation(call, call.names["evaluationId"], "cdml gate", 77)


def evaluation(call: Call, identity: str, name: str, build: int) -> Data:
    known = {"id": 5, "isEnabled": True, "settings": {"displayName": name}}
    return {"evaluationId": identity, "status": "queued", "configuration": known, "context": {"buildId": build}}


@handles("get_work_item_type_states")
def get_work_item_type_states(call: Call) -> tuple[int, Any]:
    return 200, listing([{"name": name, "category": kind, "color": "b2b2b2"} for name, kind in TASK.items()])


@handles("query_by_wiql")
def query_by_wiql(call: Call) -> tuple[int, Any]:
    asked = QUERY.fullmatch(call.body["query"])
    if asked is None:
        raise Refused(
            400, f"TF51006: The query statement is missing or wrong: {call.body['query']}", "SyntaxException"
        )
    states = {name.replace("''", "'") for name in re.findall(r"'((?:[^']|'')*)'", asked["states"] or "")}
    found = [
        {"id": one["id"]}
        for one in sorted(call.hub.items.values(), key=lambda item: -item["id"])
        if asked["tag"] in (tag.strip() for tag in one["fields"]["System.Tags"].split(";"))
        and one["fields"]["System.State"] not in states
    ]
    return 200, {"queryType": "flat", "queryResultType": "workItem", "workItems": found}


@handles("get_work_items")
def get_work_items(call: Call) -> tuple[int, Any]:
    ids = [int(one) for one in call.query["ids"].split(",")]
    if len(ids) > 200:
        raise Refused(
            400, "VS403474: You requested more than 200 work items.", "WorkItemPageSizeExceededException"
        )
    wanted = call.query["fields"].split(",")
    found = [call.hub.items[one] for one in sorted(ids)]
    return 200, listing([show_item(one, wanted) for one in found])


def show_item(item: Data, wanted: list[str] | None = None) -> Data:
    kept = {name: value for name, value in item["fields"].items() if wanted is None or name in wanted}
    return {"id": item["id"], "rev": 1, "fields": kept}


@handles("create_work_item")
def create_work_item(call: Call) -> tuple[int, Any]:
    fields = patched(call, {})
    if not fields.get("System.Title"):
        raise Refused(
            400, "TF401320: Rule Error for field Title. Error code: Required.", "RuleValidationException"
        )
    made = call.hub.add_item("", "")
    made["fields"] |= fields
    return 200, show_item(made)


@handles("update_work_item")
def update_work_item(call: Call) -> tuple[int, Any]:
    item = call.hub.items.get(int(call.names["id"]))
    if item is None:
        raise Refused(
            404, f"TF401232: Work item {call.names['id']} does not exist.", "WorkItemUnauthorizedAccessException"
        )
    item["fields"] = patched(call, item["fields"])
    return 200, show_item(item)


def patched(call: Call, fields: Data) -> Data:
    if not call.may("boards"):
        said = "TF237111: The current user does not have permissions to save work items under the specified area "
        raise Refused(403, f"{said}path.", "WorkItemUnauthorizedAccessException")
    done = dict(fields)
    for change in call.body:
        if change["path"].startswith("/multilineFieldsFormat/") and call.hub.markdown:
            continue
        if not change["path"].startswith("/fields/"):
            raise Refused(400, f"The path {change['path']} is not known.", "VssPropertyValidationException")
        done[change["path"].removeprefix("/fields/")] = change["value"]
    if done.get("System.State", "Done") not in TASK or len(done.get("System.Title", "")) > 255:
        raise Refused(400, "TF401320: Rule Error for field.", "RuleValidationException")
    return done
