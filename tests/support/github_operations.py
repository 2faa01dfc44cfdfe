"""The operations of GitHub's API that cdml uses, over the stand-in's memory."""

from __future__ import annotations

from typing import Any

from github_state import Call, Data, Refused, route


def one(kept: dict[int, Data], number: int) -> Data:
    if number not in kept:
        raise Refused(404, "Not Found")
    return kept[number]


def show_pull(call: Call, pull: Data, whole: bool = True) -> Data:
    slug = pull["fork"] or call.hub.slug
    owner = slug.partition("/")[0]
    repository = {"full_name": slug, "owner": call.user(owner)}
    shown: Data = {key: pull[key] for key in ("number", "title", "body", "state", "created_at", "merged_at")}
    shown["user"] = call.user(pull["login"])
    shown["head"] = {"ref": pull["source"], "sha": pull["sha"], "label": f"{owner}:{pull['source']}"}
    shown["head"] |= {"repo": repository, "user": call.user(owner)}
    shown["base"] = {"ref": pull["target"], "repo": {"full_name": call.hub.slug}}
    shown["merge_commit_sha"] = pull["merged_as"] or "f" * 40
    return shown | (mergeable(call, pull) if whole else {})


def mergeable(call: Call, pull: Data) -> Data:
    hub = call.hub
    if pull["state"] == "closed":
        return {"merged": pull["merged_at"] is not None, "mergeable": None, "mergeable_state": "unknown"}
    if hub.unknown:
        return {"merged": False, "mergeable": None, "mergeable_state": "unknown"}
    clean = hub.merged_commit(pull, "merge") is not None
    state = "blocked" if hub.blocked else "clean"
    return {"merged": False, "mergeable": clean, "mergeable_state": state if clean else "dirty"}


@route("GET", "/pulls")
def list_pulls(call: Call) -> tuple[int, Any]:
    call.hub.follow()
    query, found = call.query, []
    owner = call.hub.slug.partition("/")[0]
    for pull in call.hub.pulls.values():
        label = f"{(pull['fork'] or owner).partition('/')[0]}:{pull['source']}"
        kept = query.get("state", "open") in ("all", pull["state"])
        if kept and query.get("head", label) == label and query.get("base", pull["target"]) == pull["target"]:
            found.append(show_pull(call, pull, whole=False))
    return 200, sorted(found, key=lambda p: p["number"], reverse=query.get("direction", "desc") == "desc")


@route("POST", "/pulls")
def create_pull(call: Call) -> tuple[int, Any]:
    call.need("pull-requests")
    hub, source, target = call.hub, call.body["head"], call.body["base"]
    hub.follow()
    refs = hub.refs()
    for name, key in ((source, "head"), (target, "base")):
        if f"refs/heads/{name}" not in refs:
            raise Refused(422, "Validation Failed", {"resource": "PullRequest", "field": key, "code": "invalid"})
    if hub.holds(target, refs[f"refs/heads/{source}"]):
        said = f"No commits between {target} and {source}"
        raise Refused(422, "Validation Failed", {"resource": "PullRequest", "code": "custom", "message": said})
    taken = [(p["source"], p["target"]) for p in hub.pulls.values() if p["state"] == "open" and not p["fork"]]
    if (source, target) in taken:
        said = f"A pull request already exists for {hub.slug.partition('/')[0]}:{source}."
        raise Refused(422, "Validation Failed", {"resource": "PullRequest", "code": "custom", "message": said})
    words = {"title": call.body["title"], "body": call.body.get("body")}
    return 201, show_pull(call, hub.add_pull(source, target, call.login, **words))


@route("GET", "/pulls/{pull_number}")
def get_pull(call: Call) -> tuple[int, Any]:
    call.hub.follow()
    return 200, show_pull(call, one(call.hub.pulls, call.number))


@route("PATCH", "/pulls/{pull_number}")
def edit_pull(call: Call) -> tuple[int, Any]:
    call.need("pull-requests")
    call.hub.follow()
    pull = one(call.hub.pulls, call.number)
    pull |= {key: call.body[key] for key in ("title", "body", "state") if key in call.body}
    return 200, show_pull(call, pull)


@route("PUT", "/pulls/{pull_number}/merge")
def merge_pull(call: Call) -> tuple[int, Any]:
    call.need("contents")
    hub = call.hub
    hub.follow()
    pull, method = one(hub.pulls, call.number), call.body.get("merge_method", "merge")
    if call.body.get("sha", pull["sha"]) != pull["sha"]:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    if method not in hub.methods:
        raise Refused(405, f"{method.capitalize()} merges are not allowed on this repository.")
    if hub.blocked:
        raise Refused(405, hub.blocked)
    hub.unknown = max(0, hub.unknown - 1)
    done = None if hub.unknown or pull["state"] != "open" else hub.merged_commit(pull, method)
    if done is None:
        raise Refused(405, "Pull Request is not mergeable")
    hub.move(pull["target"], done)
    pull |= {"state": "closed", "merged_at": hub.now(), "merged_as": done}
    return 200, {"sha": done, "merged": True, "message": "Pull Request successfully merged"}


def show_comment(call: Call, comment: Data) -> Data:
    shown = {key: comment[key] for key in ("id", "body", "created_at", "updated_at")}
    place = f"https://api.github.com/repos/{call.hub.slug}/issues"
    shown |= {"issue_url": f"{place}/{comment['number']}", "url": f"{place}/comments/{comment['id']}"}
    return shown | {"user": call.user(comment["login"])}


def require_body(call: Call) -> str:
    body = str(call.body["body"])
    if len(body) > 65_536 or not body.strip():
        said = "body is too long (maximum is 65536 characters)" if body.strip() else "body cannot be blank"
        raise Refused(422, "Validation Failed", {"resource": "IssueComment", "code": "custom", "message": said})
    return body


@route("GET", "/issues/{issue_number}/comments")
def list_comments(call: Call) -> tuple[int, Any]:
    one(call.hub.pulls | call.hub.issues, call.number)
    since = call.query.get("since", "")
    kept = [c for c in call.hub.comments.values() if c["number"] == call.number and c["updated_at"] >= since]
    return 200, [show_comment(call, comment) for comment in sorted(kept, key=lambda c: int(c["id"]))]


@route("POST", "/issues/{issue_number}/comments")
def create_comment(call: Call) -> tuple[int, Any]:
    call.need("pull-requests", "issues")
    one(call.hub.pulls | call.hub.issues, call.number)
    return 201, show_comment(call, call.hub.add_comment(call.number, require_body(call), call.login))


@route("PATCH", "/issues/comments/{comment_id}")
def edit_comment(call: Call) -> tuple[int, Any]:
    call.need("pull-requests", "issues")
    comment = one(call.hub.comments, int(call.names["comment_id"]))
    comment |= {"body": require_body(call), "updated_at": call.hub.now()}
    return 200, show_comment(call, comment)


@route("GET", "/issues/comments/{comment_id}")
def get_comment(call: Call) -> tuple[int, Any]:
    return 200, show_comment(call, one(call.hub.comments, int(call.names["comment_id"])))


@route("POST", "/issues/comments/{comment_id}/reactions")
def create_reaction(call: Call) -> tuple[int, Any]:
    call.need("pull-requests", "issues")
    comment, sign = one(call.hub.comments, int(call.names["comment_id"])), str(call.body["content"])
    known = sign in comment.setdefault("reactions", [])
    comment["reactions"] += [] if known else [sign]
    return 200 if known else 201, {"content": sign, "user": call.user(call.login), "created_at": call.hub.now()}


@route("GET", "/pulls/{pull_number}/files")
def list_files(call: Call) -> tuple[int, Any]:
    pull = one(call.hub.pulls, call.number)
    return 200, [{"filename": name, "status": "modified"} for name in call.hub.files(pull)]


@route("GET", "/collaborators/{username}/permission")
def get_permission(call: Call) -> tuple[int, Any]:
    login = call.names["username"]
    if login not in {*call.hub.tokens.values(), *call.hub.outsiders}:
        raise Refused(404, "Not Found")
    level = "read" if login in call.hub.outsiders else "write"
    return 200, {"permission": level, "role_name": level, "user": call.user(login)}


@route("POST", "/actions/workflows/{workflow_id}/dispatches")
def dispatch(call: Call) -> tuple[int, Any]:
    call.need("actions")
    if f"refs/heads/{call.body['ref']}" not in call.hub.refs():
        raise Refused(422, f"No ref found for: {call.body['ref']}")
    call.hub.dispatches.append({"workflow": call.names["workflow_id"], **call.body})
    return 204, None


@route("GET", "/actions/workflows/{workflow_id}/runs")
def list_runs(call: Call) -> tuple[int, Any]:
    kept = [
        run
        for run in reversed(call.hub.runs)
        if run["workflow"] == call.names["workflow_id"]
        and call.query.get("head_sha", run["head_sha"]) == run["head_sha"]
        and call.query.get("event", run["event"]) == run["event"]
    ]
    size = int(call.query.get("per_page", 30))
    shown = [{key: run[key] for key in ("id", "head_sha", "event")} for run in kept[:size]]
    return 200, {"total_count": len(kept), "workflow_runs": shown}


@route("GET", "/actions/runs/{run_id}/jobs")
def list_jobs(call: Call) -> tuple[int, Any]:
    jobs = one({run["id"]: run for run in call.hub.runs}, int(call.names["run_id"]))["jobs"]
    return 200, {"total_count": len(jobs), "jobs": jobs}


@route("POST", "/actions/jobs/{job_id}/rerun")
def rerun_job(call: Call) -> tuple[int, Any]:
    call.need("actions")
    job = one({job["id"]: job for run in call.hub.runs for job in run["jobs"]}, int(call.names["job_id"]))
    job |= {"conclusion": None, "status": "queued"}
    return 201, {}


@route("DELETE", "/issues/comments/{comment_id}")
def delete_comment(call: Call) -> tuple[int, Any]:
    call.need("pull-requests", "issues")
    one(call.hub.comments, int(call.names["comment_id"]))
    del call.hub.comments[int(call.names["comment_id"])]
    return 204, None


def show_issue(call: Call, issue: Data) -> Data:
    shown = {key: issue[key] for key in ("number", "title", "body", "state", "created_at")}
    bot = issue["login"].endswith("[bot]") or issue["login"] in call.hub.outsiders
    return shown | {"user": call.user(issue["login"]), "author_association": "NONE" if bot else "MEMBER"}


@route("GET", "/issues")
def list_issues(call: Call) -> tuple[int, Any]:
    # As on GitHub, pull requests are in the list.
    pulls = [show_issue(call, pull) | {"pull_request": {}} for pull in call.hub.pulls.values()]
    found = pulls + [show_issue(call, issue) for issue in call.hub.issues.values()]
    kept = [issue for issue in found if call.query.get("state", "open") in ("all", issue["state"])]
    return 200, sorted(kept, key=lambda i: i["number"], reverse=call.query.get("direction", "desc") == "desc")


@route("POST", "/issues")
def create_issue(call: Call) -> tuple[int, Any]:
    call.need("issues")
    return 201, show_issue(call, call.hub.add_issue(call.body["title"], require_body(call), call.login))


@route("GET", "/issues/{issue_number}")
def get_issue(call: Call) -> tuple[int, Any]:
    return 200, show_issue(call, one(call.hub.issues, call.number))


@route("PATCH", "/issues/{issue_number}")
def edit_issue(call: Call) -> tuple[int, Any]:
    call.need("issues")
    issue = one(call.hub.issues, call.number)
    issue |= {key: call.body[key] for key in ("title", "body", "state", "state_reason") if key in call.body}
    return 200, show_issue(call, issue)


@route("POST", "/deployments")
def create_deployment(call: Call) -> tuple[int, Any]:
    call.need("deployments")
    hub, sent = call.hub, {"auto_merge": True, "environment": "production", "task": "deploy", **call.body}
    red = [s["context"] for s in hub.statuses if s["sha"] == sent["ref"] and s["state"] != "success"]
    if sent.get("required_contexts") != [] and red:
        raise Refused(409, "Conflict: Commit status checks failed.")
    if sent["auto_merge"]:
        return 202, {"message": f"Auto-merged main into {sent['ref']} on deployment."}
    made = {"id": 8_000 + len(hub.deployments), "login": call.login, "statuses": [], **sent}
    hub.deployments.append(made)
    shown = {key: made.get(key) for key in ("id", "ref", "task", "environment", "description")}
    return 201, shown | {"sha": made["ref"], "creator": call.user(call.login)}


@route("POST", "/deployments/{deployment_id}/statuses")
def create_deployment_status(call: Call) -> tuple[int, Any]:
    call.need("deployments")
    made = one({found["id"]: found for found in call.hub.deployments}, int(call.names["deployment_id"]))
    if len(call.body.get("description", "")) > 140:
        said = "description is too long (maximum is 140 characters)"
        raise Refused(
            422, "Validation Failed", {"resource": "DeploymentStatus", "code": "custom", "message": said}
        )
    made["statuses"].append(call.body)
    return 201, {"state": call.body["state"], "creator": call.user(call.login)} | call.body


@route("POST", "/statuses/{sha}")
def create_status(call: Call) -> tuple[int, Any]:
    call.need("statuses")
    if len(call.body.get("description", "")) > 140:
        said = "description is too long (maximum is 140 characters)"
        raise Refused(422, "Validation Failed", {"resource": "Status", "code": "custom", "message": said})
    kept = {key: call.body.get(key) for key in ("state", "context", "description", "target_url")}
    call.hub.statuses.append({"sha": call.names["sha"], "login": call.login, **kept})
    return 201, kept


@route("GET", "/commits/{ref}/status")
def combined_status(call: Call) -> tuple[int, Any]:
    newest = {s["context"]: s for s in call.hub.statuses if s["sha"] == call.names["ref"]}
    keys = ("state", "context", "description", "target_url")
    shown = [{key: s[key] for key in keys} for s in newest.values()]
    return 200, {"sha": call.names["ref"], "total_count": len(shown), "statuses": shown}


@route("GET", "/commits/{ref}/statuses")
def list_statuses(call: Call) -> tuple[int, Any]:
    keys = ("state", "context", "description", "target_url")
    found = [s for s in reversed(call.hub.statuses) if s["sha"] == call.names["ref"]]
    return 200, [{key: s[key] for key in keys} | {"creator": call.user(s["login"])} for s in found]


@route("GET", "/user")
def get_user(call: Call) -> tuple[int, Any]:
    if not call.login:
        raise Refused(401, "Requires authentication")
    if call.login.endswith("[bot]"):
        raise Refused(403, "Resource not accessible by integration")
    return 200, call.user(call.login) | {"user_view_type": "private"}


@route("GET", "")
def get_repository(call: Call) -> tuple[int, Any]:
    return 200, {"full_name": call.hub.slug, "default_branch": "main"}
