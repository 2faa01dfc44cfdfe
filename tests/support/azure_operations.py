"""The operations of Azure DevOps' API on a repository that cdml uses, over the stand-in's memory."""

from __future__ import annotations

from typing import Any

from azure_state import PROJECT_ID, REPOSITORY_ID, Call, Data, Refused, handles
from people import git

METHODS = {"noFastForward": "merge", "squash": "squash", "rebase": "rebase"}
HEADS = "refs/heads/"
STATUSES = {"open": "active", "closed": "abandoned"}


def length(text: str) -> int:
    """A text's length as .NET counts."""
    return len(text.encode("utf-16-le")) // 2


def listing(value: list[Any]) -> Data:
    return {"count": len(value), "value": value}


def paged(call: Call, value: list[Any]) -> Data:
    skip, top = int(call.query.get("$skip", 0)), int(call.query.get("$top", 100))
    return listing(value[skip : skip + min(top, 1000)])


def identity(call: Call, login: str) -> Data:
    person = call.hub.person(login)
    shown = person.get("shown", login)
    return {"id": person["id"], "displayName": shown.partition("@")[0], "uniqueName": shown}


@handles("get_repository")
def get_repository(call: Call) -> tuple[int, Any]:
    project = {"id": PROJECT_ID, "name": call.hub.project, "state": "wellFormed"}
    known = {"id": REPOSITORY_ID, "name": call.hub.repository, "defaultBranch": f"{HEADS}main"}
    return 200, {**known, "project": project}


@handles("get_refs")
def get_refs(call: Call) -> tuple[int, Any]:
    wanted = f"refs/{call.query.get('filter', '')}"
    found = [{"name": name, "objectId": sha} for name, sha in call.hub.refs().items() if name.startswith(wanted)]
    return 200, listing(found)


@handles("get_commit_diffs")
def get_commit_diffs(call: Call) -> tuple[int, Any]:
    refs, names = call.hub.refs(), (call.query["baseVersion"], call.query["targetVersion"])
    for name in names:
        if HEADS + name not in refs:
            said = f"TF401175:The version descriptor <Branch: {name} > could not be resolved to a version in the "
            raise Refused(404, f"{said}repository {call.hub.repository}", "GitUnresolvableToCommitException")
    base, target = names
    ahead = 0 if call.hub.holds(base, refs[HEADS + target]) else 1
    return 200, {"aheadCount": ahead, "behindCount": 0, "allChangesIncluded": True, "changes": []}


def show_pull(call: Call, pull: Data, whole: bool = True) -> Data:
    merged, body = pull["merged_as"], pull["body"] or ""
    shown: Data = {
        "pullRequestId": pull["number"],
        "title": pull["title"],
        "status": "completed" if merged else STATUSES[pull["state"]],
        "createdBy": identity(call, pull["login"]),
        "creationDate": pull["created_at"],
        "sourceRefName": HEADS + pull["source"],
        "targetRefName": HEADS + pull["target"],
        "isDraft": bool(pull.get("draft")),
        "mergeStatus": merge_status(call, pull),
        "lastMergeSourceCommit": {"commitId": tried(call, pull)},
        "repository": {"id": REPOSITORY_ID, "name": call.hub.repository},
    }
    if body:
        shown["description"] = body if whole else body[:400]
    if pull["fork"]:
        shown["forkSource"] = {"name": HEADS + pull["source"], "repository": {"id": "f" * 8, "name": pull["fork"]}}
    if merged:
        shown["lastMergeCommit"] = {"commitId": merged}
    return shown


def tried(call: Call, pull: Data) -> str:
    """The head of the last trial merge, which may lie behind the branch."""
    pushes = pull["pushes"]
    return str(pushes[-2] if call.hub.lagging and len(pushes) > 1 else pushes[-1])


def merge_status(call: Call, pull: Data) -> str:
    if pull["merged_as"]:
        return "succeeded"
    if call.hub.unknown:
        return "queued"
    if pull.get("refused"):
        return "rejectedByPolicy"
    return "conflicts" if call.hub.merged_commit(pull, "merge") is None else "succeeded"


@handles("get_pull_requests")
def get_pull_requests(call: Call) -> tuple[int, Any]:
    call.hub.follow()
    wanted = {
        name: call.query.get(f"searchCriteria.{name}") for name in ("status", "sourceRefName", "targetRefName")
    }
    found = []
    for pull in sorted(call.hub.pulls.values(), key=lambda p: -p["number"]):
        shown = show_pull(call, pull, whole=False)
        status = wanted["status"] or "active"
        kept = all(shown[name] == value for name, value in wanted.items() if value and name != "status")
        if kept and status in ("all", shown["status"]):
            found.append(shown)
    return 200, paged(call, found)


def require_words(body: Data) -> None:
    if length(body.get("description") or "") > 4000:
        said = "A description for a pull request must not be longer than 4000 characters."
        raise Refused(400, f"Invalid argument value.\r\nParameter name: {said}", "InvalidArgumentValueException")
    if length(body.get("title") or "x") > 400:
        said = "A title for a pull request must not be longer than 400 characters."
        raise Refused(400, f"Invalid argument value.\r\nParameter name: {said}", "InvalidArgumentValueException")


@handles("create_pull_request")
def create_pull_request(call: Call) -> tuple[int, Any]:
    call.need("PullRequestContribute")
    hub, source = call.hub, call.body["sourceRefName"].removeprefix(HEADS)
    target = call.body["targetRefName"].removeprefix(HEADS)
    require_words(call.body)
    for name in (source, target):
        if HEADS + name not in hub.refs():
            said = "TF401398: The pull request cannot be activated because the source and/or the target branch no "
            raise Refused(
                400,
                f"{said}longer exists, or the requested refs are not branches",
                "GitPullRequestInvalidException",
            )
    taken = [(p["source"], p["target"]) for p in hub.pulls.values() if p["state"] == "open" and not p["fork"]]
    if (source, target) in taken:
        said = "TF401179: An active pull request for the source and target branch already exists."
        raise Refused(409, said, "GitPullRequestExistsException")
    words = {"title": call.body["title"], "body": call.body.get("description")}
    made = hub.add_pull(source, target, call.login, **words)
    hub.follow()
    return 201, show_pull(call, made)


@handles("get_pull_request")
def get_pull_request(call: Call) -> tuple[int, Any]:
    call.hub.follow()
    progress(call, call.pull)
    return 200, show_pull(call, call.pull)


@handles("update_pull_request")
def update_pull_request(call: Call) -> tuple[int, Any]:
    call.need("PullRequestContribute")
    call.hub.follow()
    pull, body = call.pull, call.body
    require_words(body)
    if pull["state"] != "open" and "status" in body:
        raise Refused(
            409,
            "TF401181: The pull request cannot be edited due to its state.",
            "GitPullRequestNotEditableException",
        )
    pull |= {
        ours: body[theirs] for theirs, ours in (("title", "title"), ("description", "body")) if theirs in body
    }
    if body.get("status") == "abandoned":
        pull["state"] = "closed"
    elif body.get("status") == "completed":
        complete(call, pull)
    return 200, show_pull(call, pull)


def complete(call: Call, pull: Data) -> None:
    given = (call.body.get("lastMergeSourceCommit") or {}).get("commitId")
    if not given:
        said = "You must specify a valid LastMergeSourceCommit to perform this operation."
        raise Refused(400, f"Invalid argument value.\r\nParameter name: {said}", "InvalidArgumentValueException")
    if given != tried(call, pull):
        call.hub.lagging -= 1  # the trial merge goes on meanwhile
        said = "TF401192: The source branch has been modified since the last merge attempt."
        raise Refused(409, said, "GitPullRequestStaleException")
    pull["asked"] = METHODS[call.body["completionOptions"]["mergeStrategy"]]
    if call.hub.blocked:
        pull["refused"] = call.hub.blocked
    elif not call.hub.unknown:
        progress(call, pull)


def progress(call: Call, pull: Data) -> None:
    """What the service does in the background."""
    hub = call.hub
    if hub.unknown:
        hub.unknown -= 1
    if not pull.get("asked") or pull.get("refused") or hub.unknown or pull["state"] != "open":
        return
    done = hub.merged_commit(pull, pull.pop("asked"))
    if done is not None:
        hub.move(pull["target"], done)
        pull |= {"state": "closed", "merged_at": hub.now(), "merged_as": done}


@handles("get_pull_request_iterations")
def get_pull_request_iterations(call: Call) -> tuple[int, Any]:
    call.hub.follow()
    pushes = enumerate(call.pull["pushes"], start=1)
    return 200, listing([{"id": number, "sourceRefCommit": {"commitId": sha}} for number, sha in pushes])


@handles("get_pull_request_iteration_changes")
def get_pull_request_iteration_changes(call: Call) -> tuple[int, Any]:
    skip, top = int(call.query.get("$skip", 0)), int(call.query.get("$top", 100))
    whole = [change(*entry) for entry in changes(call)]
    part = whole[skip : skip + top]
    more = {"nextSkip": skip + top, "nextTop": top} if skip + top < len(whole) else {}
    return 200, {"changeEntries": part, **more}


def changes(call: Call) -> list[tuple[str, str, str]]:
    """What the pull request changes: kind, path and the path before."""
    if call.hub.repo is None:
        return call.hub.changed
    span = f"{HEADS}{call.pull['target']}...{call.pull['sha']}"
    kinds = {"A": "add", "M": "edit", "D": "delete", "R": "rename"}
    found = [line.split("\t") for line in git(call.hub.repo, "diff", "--name-status", "-M", span).splitlines()]
    return [(kinds[kind[0]], f"/{names[-1]}", f"/{names[0]}" if names[1:] else "") for kind, *names in found]


def change(kind: str, path: str, before: str) -> Data:
    told: Data = {"changeTrackingId": 1, "changeId": 1, "item": {"path": path}, "changeType": kind}
    return told | ({"originalPath": before, "sourceServerItem": before} if before else {})


def show_status(call: Call, kept: Data) -> Data:
    return {key: value for key, value in kept.items() if key not in ("sha", "login", "pull")} | {
        "createdBy": identity(call, kept["login"])
    }


def keep_status(call: Call, **where: Any) -> tuple[int, Any]:
    if not call.body.get("context", {}).get("name"):
        raise Refused(400, "A context with a name is needed.", "InvalidArgumentValueException")
    kept = {"id": len(call.hub.statuses) + 1, "login": call.login, "creationDate": call.hub.now()}
    call.hub.statuses.append({**call.body, **kept, **where})
    return 201, show_status(call, call.hub.statuses[-1])


@handles("create_commit_status")
def create_commit_status(call: Call) -> tuple[int, Any]:
    call.need("GenericContribute")
    return keep_status(call, sha=call.names["commitId"])


@handles("get_statuses")
def get_statuses(call: Call) -> tuple[int, Any]:
    kept = [s for s in call.hub.statuses if s.get("sha") == call.names["commitId"]]
    if call.query.get("latestOnly") == "true":
        kept = list({(s["context"].get("genre"), s["context"]["name"]): s for s in kept}.values())
    return 200, listing([show_status(call, one) for one in reversed(kept[: int(call.query.get("top", 100))])])


@handles("create_pull_request_status")
def create_pull_request_status(call: Call) -> tuple[int, Any]:
    call.need("PullRequestContribute")
    if call.body.get("iterationId") not in range(1, len(call.pull["pushes"]) + 1):
        said = (
            "Pull request status rejected by status policy. Policy configuration requires status to be posted on "
        )
        raise Refused(403, f"{said}iteration", "GitPullRequestStatusRejectedByPolicyException")
    return keep_status(call, pull=call.pull["number"])
