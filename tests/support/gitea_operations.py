"""The operations of Gitea's API that cdml uses, over the stand-in's memory; comments and issues are elsewhere."""

from __future__ import annotations

from typing import Any

from gitea_state import Call, Data, Refused, not_found, route
from people import git


def one(kept: dict[int, Data], number: int) -> Data:
    if number not in kept:
        raise not_found()
    return kept[number]


def show_repository(call: Call, slug: str) -> Data:
    owner, _, name = slug.partition("/")
    shown: Data = {"id": 1 if slug == call.yard.slug else 2, "owner": call.yard.user(owner), "name": name}
    return shown | {"full_name": slug, "html_url": call.page("").rstrip("/"), "default_branch": "main"}


def show_end(call: Call, slug: str, branch: str, ref: str, sha: str) -> Data:
    repository = show_repository(call, slug)
    return {"label": branch, "ref": ref, "sha": sha, "repo_id": repository["id"], "repo": repository}


def show_pull(call: Call, pull: Data) -> Data:
    yard, refs, number = call.yard, call.yard.refs(), pull["number"]
    here = f"refs/heads/{pull['source']}" in refs or pull["fork"]
    agit, page = pull.get("agit", False), call.page(f"pulls/{pull['number']}")
    ref = pull["source"] if here and not agit else f"refs/pull/{number}/head"
    shown: Data = {key: pull[key] for key in ("number", "title", "state", "created_at", "merged_at")}
    shown |= {"id": 1000 + number, "body": pull["body"] or "", "user": yard.user(pull["login"])}
    shown |= {"html_url": page, "url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    shown |= {"labels": [], "assignee": None, "assignees": None, "is_locked": False, "comments": 0}
    shown["head"] = show_end(call, pull["fork"] or yard.slug, "" if agit else pull["source"], ref, pull["sha"])
    if pull.get("gone"):  # its fork was deleted
        shown["head"] |= {"repo": None, "repo_id": -1, "ref": f"refs/pull/{number}/head"}
    tip = refs.get(f"refs/heads/{pull['target']}", "")
    shown["base"] = show_end(call, yard.slug, pull["target"], pull["target"], tip)
    shown |= {"merged": pull["merged_at"] is not None, "merge_commit_sha": pull["merged_as"]}
    clean = pull["state"] == "open" and not yard.unknown and yard.merged_commit(pull, "merge") is not None
    return shown | {"draft": unready(pull), "mergeable": clean and not unready(pull), "updated_at": yard.now()}


def unready(pull: Data) -> bool:
    return str(pull["title"]).upper().startswith(("WIP:", "DRAFT:", "[WIP]"))


@route("GET", "/pulls")
def list_pulls(call: Call) -> tuple[int, Any]:
    call.yard.follow()
    asked = call.query.get("state", "open")
    found = [show_pull(call, pull) for pull in call.yard.pulls.values() if asked in ("all", pull["state"])]
    return 200, sorted(found, key=lambda pull: -pull["number"])


@route("POST", "/pulls")
def create_pull(call: Call) -> tuple[int, Any]:
    yard, source, target = call.yard, call.body["head"], call.body["base"]
    yard.follow()
    if not {f"refs/heads/{name}" for name in (source, target)} <= set(yard.refs()):
        raise not_found()
    for pull in yard.pulls.values():
        if pull["state"] == "open" and not pull["fork"] and (pull["source"], pull["target"]) == (source, target):
            ends = f"head_branch: {source}, base_branch: {target}"
            raise Refused(409, f"pull request already exists for these targets [id: {pull['number']}, {ends}]")
    words = {"title": call.body["title"], "body": call.body.get("body")}
    return 201, show_pull(call, yard.add_pull(source, target, call.login, **words))


@route("GET", "/pulls/{index}")
def get_pull(call: Call) -> tuple[int, Any]:
    call.yard.follow()
    return 200, show_pull(call, one(call.yard.pulls, call.number))


@route("PATCH", "/pulls/{index}")
def edit_pull(call: Call) -> tuple[int, Any]:
    call.yard.follow()
    pull = one(call.yard.pulls, call.number)
    if pull["login"] != call.login:
        call.need("write", None)
    pull |= {key: call.body[key] for key in ("title", "body", "state") if key in call.body}
    return 201, show_pull(call, pull)


@route("POST", "/pulls/{index}/merge")
def merge_pull(call: Call) -> tuple[int, Any]:
    yard, method = call.yard, call.body["Do"]
    yard.follow()
    pull = one(yard.pulls, call.number)
    yard.unknown = max(0, yard.unknown - 1)
    conflict = yard.merged_commit(pull, method) is None
    refusals = (
        (pull["state"] == "closed", 405 if pull["merged_at"] else 404, ""),
        (not yard.may(call.login, "write"), 405, "User not allowed to merge PR"),
        (unready(pull), 405, "Work in progress PRs cannot be merged"),
        (yard.unknown > 0 or conflict, 405, "Please try again later"),
        (bool(yard.blocked), 405, yard.blocked),
        (method not in yard.methods, 405, f"{method} is not allowed an allowed merge style for this repository"),
        (call.body.get("head_commit_id", pull["sha"]) != pull["sha"], 409, "head out of date"),
    )
    for applies, status, message in refusals:
        if applies:
            raise Refused(status, message)
    done = yard.merged_commit(pull, method)
    assert done is not None
    yard.move(pull["target"], done)
    pull |= {"state": "closed", "merged_at": yard.now(), "merged_as": done}
    return 200, None


@route("GET", "/pulls/{index}/files")
def list_files(call: Call) -> tuple[int, Any]:
    pull = one(call.yard.pulls, call.number)
    shown = [{"filename": name, "status": "changed", "additions": 1} for name in sorted(call.yard.files(pull))]
    return 200, shown + [{"status": "renamed", **renamed} for renamed in pull.get("renamed", ())]


@route("GET", "/compare/{basehead}")
def compare(call: Call) -> tuple[int, Any]:
    base, _, head = call.names["basehead"].partition("...")
    refs = call.yard.refs()
    if not {f"refs/heads/{base}", f"refs/heads/{head}"} <= set(refs):
        raise not_found()
    tips = [refs[f"refs/heads/{name}"] for name in (base, head)]
    if call.yard.repo is None:
        return 200, {"total_commits": int(tips[0] != tips[1]), "commits": []}
    count = git(call.yard.repo, "rev-list", "--count", f"{tips[0]}..{tips[1]}")
    return 200, {"total_commits": int(count), "commits": []}


@route("GET", "/branches/{branch}")
def get_branch(call: Call) -> tuple[int, Any]:
    if f"refs/heads/{call.names['branch']}" not in call.yard.refs():
        raise not_found("branch does not exist")
    return 200, {"name": call.names["branch"], "protected": False}


@route("GET", "/collaborators/{collaborator}/permission")
def get_permission(call: Call) -> tuple[int, Any]:
    login, yard = call.names["collaborator"], call.yard
    if login.lower() != call.login.lower() and not yard.may(call.login, "admin"):
        told = "repo admins can query all repo permissions, collaborators can query only their own"
        raise Refused(403, f"Only admins can query all permissions, {told}")
    if login not in yard.people | set(yard.access):
        raise Refused(404, f"user does not exist [uid: 0, name: {login}]")
    level = yard.access.get(login, "read")
    return 200, {"permission": level, "role_name": level, "user": yard.user(login)}


@route("POST", "/statuses/{sha}")
def create_status(call: Call) -> tuple[int, Any]:
    call.need("write")
    kept = {key: call.body.get(key, "") for key in ("context", "description", "target_url")}
    made = {"sha": call.names["sha"], "status": call.body["state"], "login": call.login, **kept}
    call.yard.statuses.append(made | {"created_at": call.yard.now()})
    return 201, show_status(call, len(call.yard.statuses), call.yard.statuses[-1])


@route("GET", "/statuses/{sha}")
def list_statuses(call: Call) -> tuple[int, Any]:
    kept = [(n, s) for n, s in enumerate(call.yard.statuses, 1) if s["sha"] == call.names["sha"]]
    order = -1 if call.query.get("sort") == "highestindex" else 1
    return 200, [show_status(call, number, status) for number, status in kept[::order]]


def show_status(call: Call, number: int, status: Data) -> Data:
    shown = {key: status[key] for key in ("status", "context", "description", "target_url", "created_at")}
    shown |= {"id": number, "creator": call.yard.user(status["login"]), "updated_at": status["created_at"]}
    return shown | {"url": f"{call.page('')}statuses/{status['sha']}"}


@route("POST", "/actions/workflows/{workflow_id}/dispatches")
def dispatch(call: Call) -> tuple[int, Any]:
    call.need("write")
    name = call.names["workflow_id"]
    if name not in call.yard.workflows:
        raise not_found(f"workflow {name!r} does not exist")
    call.yard.dispatches.append({"workflow": name, **call.body})
    return 204, None


@route("GET", "/user")
def get_user(call: Call) -> tuple[int, Any]:
    if not call.login:
        raise Refused(401, "token is required")
    return 200, call.yard.user(call.login)


@route("GET", "")
def get_repository(call: Call) -> tuple[int, Any]:
    rights = {right: call.yard.may(call.login, level) for right, level in RIGHTS.items()}
    return 200, show_repository(call, call.yard.slug) | {"permissions": rights}


RIGHTS = {"admin": "admin", "push": "write", "pull": "read"}
