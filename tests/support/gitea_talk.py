"""Comments, signs and issues of Gitea's API, over the stand-in's memory."""

from __future__ import annotations

from typing import Any

from gitea_operations import one
from gitea_state import Call, Data, Refused, not_found, route


def talked_about(call: Call) -> Data:
    """The pull request or issue of a number; where there is none, Gitea breaks instead of saying so."""
    known = call.yard.pulls | call.yard.issues
    if call.number not in known:
        raise Refused(500, "")
    return known[call.number]


def show_comment(call: Call, comment: Data) -> Data:
    number, pulls = comment["number"], call.yard.pulls
    page = call.page(f"{'pulls' if number in pulls else 'issues'}/{number}")
    shown: Data = {key: comment[key] for key in ("id", "body", "created_at", "updated_at")}
    shown |= {"user": call.yard.user(comment["login"]), "html_url": f"{page}#issuecomment-{comment['id']}"}
    shown |= {"original_author": comment.get("original_author", ""), "original_author_id": 0, "assets": []}
    return shown | {
        "pull_request_url": page if number in pulls else "",
        "issue_url": "" if number in pulls else page,
    }


def require_body(call: Call) -> str:
    if not call.body.get("body"):
        raise Refused(422, "[Body]: Required")
    return str(call.body["body"])


@route("GET", "/issues/{index}/comments")
def list_comments(call: Call) -> tuple[int, Any]:
    talked_about(call)
    since = call.query.get("since", "")
    kept = [c for c in call.yard.comments.values() if c["number"] == call.number and c["updated_at"] >= since]
    return 200, [show_comment(call, comment) for comment in sorted(kept, key=lambda c: int(c["id"]))]


@route("POST", "/issues/{index}/comments")
def create_comment(call: Call) -> tuple[int, Any]:
    if talked_about(call).get("locked"):
        call.need("write", "comments on a locked issue are not allowed")
    return 201, show_comment(call, call.yard.add_comment(call.number, require_body(call), call.login))


def found_comment(call: Call) -> Data:
    return one(call.yard.comments, int(call.names["id"]))


@route("GET", "/issues/comments/{id}")
def get_comment(call: Call) -> tuple[int, Any]:
    comment = found_comment(call)
    return (204, None) if comment.get("entry") else (200, show_comment(call, comment))


@route("PATCH", "/issues/comments/{id}")
def edit_comment(call: Call) -> tuple[int, Any]:
    comment = found_comment(call)
    if comment["login"] != call.login:
        call.need("write", None)
    comment |= {"body": require_body(call), "updated_at": call.yard.now()}
    return 200, show_comment(call, comment)


@route("DELETE", "/issues/comments/{id}")
def delete_comment(call: Call) -> tuple[int, Any]:
    comment = found_comment(call)
    if comment["login"] != call.login:
        call.need("write", None)
    del call.yard.comments[comment["id"]]
    return 204, None


@route("POST", "/issues/comments/{id}/reactions")
def create_reaction(call: Call) -> tuple[int, Any]:
    comment, sign = found_comment(call), call.body["content"]
    if sign not in call.yard.signs:
        raise Refused(403, f"'{sign}' is not an allowed reaction")
    known = sign in comment.setdefault("reactions", [])
    comment["reactions"] += [] if known else [sign]
    return 200 if known else 201, {
        "content": sign,
        "user": call.yard.user(call.login),
        "created_at": call.yard.now(),
    }


def show_issue(call: Call, issue: Data) -> Data:
    pull = issue["number"] in call.yard.pulls
    page = call.page(f"{'pulls' if pull else 'issues'}/{issue['number']}")
    shown: Data = {key: issue[key] for key in ("number", "title", "state", "created_at")}
    shown |= {"id": 2000 + issue["number"], "body": issue["body"] or "", "user": call.yard.user(issue["login"])}
    shown |= {"html_url": page, "url": page, "labels": [], "comments": 0, "updated_at": issue["created_at"]}
    return shown | {"pull_request": {"merged": issue["merged_at"] is not None} if pull else None}


@route("GET", "/issues")
def list_issues(call: Call) -> tuple[int, Any]:
    yard, asked = call.yard, call.query.get("state", "open")
    kinds = {"issues": yard.issues, "pulls": yard.pulls}
    kept = kinds.get(call.query.get("type", ""), yard.issues | yard.pulls)
    found = [show_issue(call, issue) for issue in kept.values() if asked in ("all", issue["state"])]
    return 200, sorted(found, key=lambda issue: -issue["number"])


@route("POST", "/issues")
def create_issue(call: Call) -> tuple[int, Any]:
    if call.yard.denied & {"issues"}:
        raise not_found()  # this part of the repository is switched off
    return 201, show_issue(call, call.yard.add_issue(call.body["title"], call.body.get("body", ""), call.login))


@route("PATCH", "/issues/{index}")
def edit_issue(call: Call) -> tuple[int, Any]:
    issue = one(call.yard.issues, call.number)
    if issue["login"] != call.login:
        call.need("write", None)
    issue |= {key: call.body[key] for key in ("title", "body", "state") if key in call.body}
    return 201, show_issue(call, issue)
