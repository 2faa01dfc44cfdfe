"""Threads and comments of pull requests on Azure Repos, over the stand-in's memory."""

from __future__ import annotations

from typing import Any

from azure_operations import identity, length, listing
from azure_state import Call, Data, Refused, handles


def show_comment(call: Call, comment: Data) -> Data:
    shown: Data = {
        "id": comment["id"],
        "parentCommentId": comment["parent"],
        "author": identity(call, comment["login"]),
        "publishedDate": comment["published"],
        "lastUpdatedDate": comment["updated"],
        "lastContentUpdatedDate": comment["updated"],
        "commentType": comment["kind"],
        "usersLiked": [identity(call, login) for login in sorted(comment["likes"])],
    }
    # A deleted comment keeps its place, and tells nothing.
    return shown | ({"isDeleted": True} if comment["deleted"] else {"content": comment["body"]})


def show_thread(call: Call, thread: Data) -> Data:
    shown: Data = {"id": thread["id"], "publishedDate": thread["when"], "lastUpdatedDate": thread["when"]}
    shown |= {"comments": [show_comment(call, one) for one in thread["comments"]]}
    shown |= {"threadContext": thread["context"], "properties": {}, "isDeleted": False}
    return shown | ({} if thread.get("kind") == "system" else {"status": thread["status"]})


def require_content(body: Data) -> str:
    content = str(body.get("content") or "")
    if length(content) > 150_000 or not content.strip():
        long = "A discussion comment cannot be longer than 150000 characters."
        said = long if content.strip() else "A discussion comment must have content."
        raise Refused(400, f"{said}\r\nParameter name: comment.Content", "ArgumentException")
    return content


@handles("get_threads")
def get_threads(call: Call) -> tuple[int, Any]:
    number = call.pull["number"]
    return 200, listing([show_thread(call, t) for t in call.hub.threads.values() if t["number"] == number])


@handles("get_pull_request_thread")
def get_pull_request_thread(call: Call) -> tuple[int, Any]:
    return 200, show_thread(call, call.thread)


@handles("create_thread")
def create_thread(call: Call) -> tuple[int, Any]:
    number = call.pull["number"]
    call.need("PullRequestContribute")
    first, *_ = call.body["comments"]
    status = call.body.get("status", "unknown")
    made = call.hub.add_thread(number, require_content(first), call.login, status=status)
    return 200, show_thread(call, made)


@handles("update_thread")
def update_thread(call: Call) -> tuple[int, Any]:
    call.need("PullRequestContribute")
    call.thread["status"] = call.body["status"]
    return 200, show_thread(call, call.thread)


@handles("update_comment")
def update_comment(call: Call) -> tuple[int, Any]:
    call.need("PullRequestContribute")
    comment = call.comment
    if comment["login"] != call.login:
        raise Refused(403, "Only the author of a comment can edit it.", "CommentCannotBeUpdatedException")
    comment |= {"body": require_content(call.body), "updated": call.hub.now()}
    return 200, show_comment(call, comment)


@handles("delete_comment")
def delete_comment(call: Call) -> tuple[int, Any]:
    call.need("PullRequestContribute")
    call.comment["deleted"] = True
    return 200, None


@handles("create_like")
def create_like(call: Call) -> tuple[int, Any]:
    call.need("PullRequestContribute")
    call.comment["likes"].add(call.login)
    return 200, None
