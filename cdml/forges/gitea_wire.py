"""The answers of Gitea and Forgejo, checked where they come in, and what they mean in our own words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from cdml.forges.base import Comment, PullRequest, PullState, Status, StatusState
from cdml.forges.rest import Wire

GHOST = "Ghost"  # the forge's own name for somebody who deleted the account
# Other tools set the last two as well; the merge button takes them so.
STATES: dict[str, StatusState] = {
    "pending": "pending",
    "success": "success",
    "failure": "failure",
    "error": "error",
    "warning": "failure",
    "skipped": "success",
}


class WireUser(Wire):
    login: str


class WireRepository(Wire):
    full_name: str


class WireEnd(Wire):
    """One end of a pull request. `label` is the branch, `ref` as well as long as it is there.

    `label` is empty for commits that were pushed to no branch (AGit): anybody who may read may do that.
    """

    label: str = ""
    ref: str
    sha: str
    repo: WireRepository | None = None


class WirePull(Wire):
    number: int
    title: str
    body: str | None = None
    user: WireUser | None = None
    state: Literal["open", "closed"]
    head: WireEnd
    base: WireEnd
    merged: bool = False
    merge_commit_sha: str | None = None
    mergeable: bool | None = None
    draft: bool = False
    html_url: str = ""


class WireComment(Wire):
    id: int
    body: str | None = None
    user: WireUser | None = None
    original_author: str = ""
    created_at: datetime
    updated_at: datetime
    html_url: str = ""
    pull_request_url: str = ""


class WireReaction(Wire):
    content: str


class WireFile(Wire):
    filename: str
    previous_filename: str | None = None


class WirePermission(Wire):
    permission: str


class WireCompare(Wire):
    total_commits: int


class WireBranch(Wire):
    name: str


class WireStatus(Wire):
    context: str
    status: Literal["pending", "success", "failure", "error", "warning", "skipped"]
    description: str | None = None
    target_url: str | None = None


class WireIssue(Wire):
    number: int
    title: str
    body: str | None = None
    state: Literal["open", "closed"]
    user: WireUser | None = None
    pull_request: dict[str, Any] | None = None


def login(user: WireUser | None) -> str:
    """Who wrote something."""
    return user.login if user else GHOST


def pull(wire: WirePull, slug: str) -> PullRequest:
    """A pull request of the repository `slug`; one from elsewhere has `owner:branch` as its source.

    A fork's branch must not pass for a branch of that name in the repository itself.
    """
    state: PullState = "merged" if wire.merged else wire.state
    repo = wire.head.repo.full_name if wire.head.repo else ""
    ours = repo.lower() == slug.lower() and bool(wire.head.label)
    owner = login(wire.user) if not wire.head.label else repo.partition("/")[0] or GHOST
    return PullRequest(
        number=wire.number,
        title=wire.title,
        body=wire.body or "",
        author=login(wire.user),
        source=wire.head.label if ours else f"{owner}:{wire.head.label or wire.head.ref}",
        target=wire.base.label or wire.base.ref,
        head=wire.head.sha,
        state=state,
        merged_as=wire.merge_commit_sha if wire.merged else None,
        url=wire.html_url,
        fork=not ours,
        draft=wire.draft,
        mergeable=wire.mergeable if state == "open" else None,
    )


def comment(wire: WireComment) -> Comment:
    """A comment. One that was migrated stands under the name of whoever migrated it: it is not theirs."""
    author = f"{wire.original_author} (migrated)" if wire.original_author else login(wire.user)
    times = int(wire.created_at.timestamp()), int(wire.updated_at.timestamp())
    return Comment(wire.id, author, wire.body or "", *times, wire.html_url)


def status(wire: WireStatus) -> Status:
    """A status."""
    return Status(wire.context, STATES[wire.status], wire.description or "", wire.target_url or "")
