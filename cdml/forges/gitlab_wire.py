"""GitLab's answers, checked where they come in, and what they mean in our own words."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from cdml.forges.base import Comment, PullRequest, PullState, Status, StatusState
from cdml.forges.rest import Wire

GHOST = "ghost"  # GitLab's own name for somebody whose account is gone
# What GitLab still finds out in the background, and what no merge can get over.
UNKNOWN = ("checking", "unchecked", "preparing", "approvals_syncing")
CONFLICTS = ("conflict", "broken_status", "commits_status")
STATES: dict[str, StatusState] = {
    "success": "success",
    "skipped": "success",
    "failed": "failure",
    "canceled": "error",
    "canceling": "error",
}


class WireUser(Wire):
    id: int
    username: str


class WireMember(Wire):
    access_level: int
    state: str = "active"


class WireMerge(Wire):
    iid: int
    title: str
    description: str | None = None
    author: WireUser | None = None
    state: Literal["opened", "closed", "merged", "locked"]
    source_branch: str
    target_branch: str
    source_project_id: int | None = None
    target_project_id: int
    sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    detailed_merge_status: str = ""
    has_conflicts: bool | None = None
    draft: bool = False
    changes_count: str | None = None
    merge_error: str | None = None
    web_url: str = ""

    @property
    def fork(self) -> bool:
        """Whether its branch is another project's."""
        return self.source_project_id != self.target_project_id

    @property
    def checking(self) -> bool:
        """Whether GitLab does not know yet if it can be merged."""
        return self.detailed_merge_status in UNKNOWN

    @property
    def conflicts(self) -> bool:
        """Whether its branch has to change before it can be merged."""
        return self.detailed_merge_status in CONFLICTS or (bool(self.has_conflicts) and not self.checking)


class WireNote(Wire):
    id: int
    body: str
    author: WireUser | None = None
    created_at: datetime
    updated_at: datetime
    system: bool = False


class WireAward(Wire):
    name: str


class WireDiff(Wire):
    old_path: str
    new_path: str


class WireCommit(Wire):
    id: str


class WireBranch(Wire):
    commit: WireCommit


class WireStatus(Wire):
    id: int
    name: str
    status: str
    description: str | None = None
    target_url: str | None = None


class WireIssue(Wire):
    iid: int
    title: str
    description: str | None = None
    state: Literal["opened", "closed"]
    author: WireUser | None = None


class WirePipeline(Wire):
    id: int
    sha: str
    status: str = ""
    source: str = ""
    web_url: str = ""


class WireJob(Wire):
    id: int
    name: str


class WireEnvironment(Wire):
    id: int
    external_url: str | None = None


class WireDeployment(Wire):
    environment: WireEnvironment


def login(user: WireUser | None) -> str:
    """Who wrote something."""
    return user.username if user else GHOST


def pull(wire: WireMerge) -> PullRequest:
    """A merge request; one from a fork has `author:branch` as its source.

    A fork's branch must not pass for a branch of that name in the project itself.
    """
    states: dict[str, PullState] = {"opened": "open", "locked": "open", "closed": "closed", "merged": "merged"}
    state = states[wire.state]
    author, head = login(wire.author), wire.sha or ""
    return PullRequest(
        number=wire.iid,
        title=wire.title,
        body=wire.description or "",
        author=author,
        source=f"{author}:{wire.source_branch}" if wire.fork else wire.source_branch,
        target=wire.target_branch,
        head=head,
        state=state,
        # Where a merge is a fast-forward, GitLab names no commit of its own.
        merged_as=(wire.merge_commit_sha or wire.squash_commit_sha or head) if state == "merged" else None,
        url=wire.web_url,
        fork=wire.fork,
        draft=wire.draft,
        mergeable=None if wire.checking or not wire.detailed_merge_status else not wire.conflicts,
    )


def comment(wire: WireNote, page: str) -> Comment:
    """A comment of the merge request whose page is `page`.

    GitLab keeps milliseconds and may touch a comment once more while it makes it: within a second it is unchanged.
    """
    created, updated = wire.created_at.timestamp(), wire.updated_at.timestamp()
    last = created if abs(updated - created) < 1 else max(updated, created + 1)
    return Comment(wire.id, login(wire.author), wire.body, int(created), int(last), f"{page}#note_{wire.id}")


def status(wire: WireStatus) -> Status:
    """A status; jobs of pipelines have one too. Whatever is not over is pending."""
    state = STATES.get(wire.status, "pending")
    return Status(wire.name, state, wire.description or "", wire.target_url or "")
