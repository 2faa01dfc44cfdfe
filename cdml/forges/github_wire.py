"""GitHub's answers, checked where they come in, and what they mean in our own words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from cdml.forges.base import Comment, PullRequest, PullState, Status, StatusState
from cdml.forges.rest import Wire

GHOST = "ghost"  # GitHub's own name for somebody who deleted the account


class WireUser(Wire):
    login: str
    type: str = "User"


class WireRepository(Wire):
    full_name: str


class WireEnd(Wire):
    ref: str
    sha: str
    repo: WireRepository | None = None
    label: str | None = None


class WirePull(Wire):
    number: int
    title: str
    body: str | None = None
    user: WireUser | None = None
    state: Literal["open", "closed"]
    head: WireEnd
    base: WireEnd
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    mergeable: bool | None = None
    mergeable_state: str = ""
    draft: bool = False
    html_url: str = ""


class WireComment(Wire):
    id: int
    body: str | None = None
    user: WireUser | None = None
    created_at: datetime
    updated_at: datetime
    html_url: str = ""
    issue_url: str = ""


class WireReaction(Wire):
    content: str


class WireFile(Wire):
    filename: str
    previous_filename: str | None = None


class WirePermission(Wire):
    permission: str


class WireStatus(Wire):
    context: str
    state: StatusState
    description: str | None = None
    target_url: str | None = None
    creator: WireUser | None = None


class WireCombined(Wire):
    statuses: tuple[WireStatus, ...]


class WireIssue(Wire):
    number: int
    title: str
    body: str | None = None
    state: Literal["open", "closed"]
    user: WireUser | None = None
    author_association: str = "NONE"
    pull_request: dict[str, Any] | None = None


class WireMerge(Wire):
    sha: str
    merged: bool


def login(user: WireUser | None) -> str:
    """Who wrote something."""
    return user.login if user else GHOST


def pull(wire: WirePull, slug: str) -> PullRequest:
    """A pull request of the repository `slug`; one from a fork has `owner:branch` as its source.

    A fork's branch must not pass for a branch of that name in the repository itself.
    """
    state: PullState = "merged" if wire.merged_at else wire.state
    ours = wire.head.repo is not None and wire.head.repo.full_name.lower() == slug.lower()
    return PullRequest(
        number=wire.number,
        title=wire.title,
        body=wire.body or "",
        author=login(wire.user),
        source=wire.head.ref if ours else wire.head.label or f"{GHOST}:{wire.head.ref}",
        target=wire.base.ref,
        head=wire.head.sha,
        state=state,
        merged_as=wire.merge_commit_sha if wire.merged_at else None,
        url=wire.html_url,
        fork=not ours,
        draft=wire.draft,
        mergeable=wire.mergeable,
    )


def comment(wire: WireComment) -> Comment:
    """A comment."""
    times = int(wire.created_at.timestamp()), int(wire.updated_at.timestamp())
    return Comment(wire.id, login(wire.user), wire.body or "", *times, wire.html_url)


def status(wire: WireStatus) -> Status:
    """A status."""
    return Status(wire.context, wire.state, wire.description or "", wire.target_url or "")
