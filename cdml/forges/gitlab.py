"""The forge that is GitLab, gitlab.com or one of your own, over its REST API.

No library for it: a few requests are needed, every forge goes through the same HTTP door, and its retries, limits
and words are the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from cdml.core.dialect import Dialect
from cdml.core.errors import UsageError
from cdml.forges import gitlab_issues, gitlab_pulls
from cdml.forges.base import (
    Comment,
    EnvironmentRecord,
    Issue,
    MergeMethod,
    PullRequest,
    PullState,
    Reaction,
    Status,
)
from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_comments import GitlabBoard, find_comment, react, read_comments, write_comment
from cdml.forges.gitlab_deployments import record_deployment
from cdml.forges.gitlab_members import may_write
from cdml.forges.gitlab_merge import merge_pull
from cdml.forges.gitlab_pipelines import look_again, start_run
from cdml.forges.gitlab_place import find_place
from cdml.forges.gitlab_statuses import read_statuses, set_status
from cdml.forges.gitlab_text import GITLAB_FLAVOURED
from cdml.forges.sticky import own
from cdml.state.git import REMOTE, Git


class GitlabForge:
    """Merge requests, their comments, statuses and issues of the GitLab project that a remote names."""

    dialect: Dialect = GITLAB_FLAVOURED

    def __init__(self, git: Git, remote: str = REMOTE) -> None:
        self.git = git
        self.remote = remote

    @cached_property
    def api(self) -> GitlabApi:
        """The project's API; UsageError where the remote names no project."""
        return GitlabApi(find_place(self.git.remote_url(self.remote) or ""))

    def open_pull(self, source: str, target: str, title: str, body: str) -> PullRequest:
        """Offer the remote branch `source` for `target`; an open one for both is updated.

        UsageError where a branch is not on the remote, or `source` holds nothing that `target` lacks.
        """
        return gitlab_pulls.open_pull(self.api, source, target, (title, body))

    def pulls(self, state: PullState | None = "open") -> tuple[PullRequest, ...]:
        """Merge requests, newest first; all of them when `state` is None."""
        return gitlab_pulls.read_pulls(self.api, state)

    def pull(self, number: int) -> PullRequest:
        """One merge request; UsageError where there is none."""
        return gitlab_pulls.read_pull(self.api, number)

    def files(self, number: int) -> tuple[str, ...]:
        """The paths that a merge request changes, sorted; a renamed file counts with both its names."""
        return gitlab_pulls.read_files(self.api, number)

    def close_pull(self, number: int, reason: str) -> PullRequest:
        """Close without merging, with a comment that says why."""
        found = self.pull(number)
        if found.state != "open":
            raise UsageError(f"merge request !{number} is {found.state} already", "cdml pr list")
        self.comment(number, reason)
        return gitlab_pulls.change(self.api, number, {"state_event": "close"})

    def comments(self, number: int) -> tuple[Comment, ...]:
        """A merge request's comments, oldest first."""
        return read_comments(self.api, number)

    def comment(self, number: int, body: str, marker: str = "", known: int | None = None) -> Comment:
        """Write a comment; with `marker`, edit the author's own one that begins with it instead."""
        return write_comment(self.api, number, body, marker, known)

    def own_comments(self, number: int, marker: str) -> tuple[Comment, ...]:
        """Comments that begin with `marker` and that the token's owner wrote, oldest first."""
        return own(GitlabBoard(self.api, number), marker)

    def find_comment(self, number: int, identity: int) -> Comment:
        """One comment of a merge request by its id; UsageError where there is none."""
        return find_comment(self.api, number, identity)

    def react(self, number: int, identity: int, reaction: Reaction) -> None:
        """Show on a comment how far its command is."""
        react(self.api, number, identity, reaction)

    def may_write(self, login: str) -> bool:
        """Whether somebody may push to the project, as GitLab says it now."""
        return may_write(self.api, login)

    def start_run(self, pull: PullRequest, inputs: Mapping[str, str]) -> str:
        """Start a pipeline of the merge request; it takes no inputs, and only `head` is looked at here."""
        return start_run(self.api, pull, inputs.get("head") or pull.head)

    def look_again(self, pull: PullRequest) -> bool:
        """Run the job again whose exit code is the verdict, in the newest pipeline of the head."""
        return look_again(self.api, pull)

    def set_status(self, sha: str, *statuses: Status) -> None:
        """Set statuses on a commit, given by its full id."""
        for status in statuses:
            set_status(self.api, sha, status)

    def statuses(self, sha: str) -> tuple[Status, ...]:
        """A commit's statuses by context, each context's newest; jobs of pipelines are among them."""
        return read_statuses(self.api, sha)

    def record_deployment(self, record: EnvironmentRecord) -> bool:
        """Keep a deployment that no job of GitLab's made, and the address that its environment has now."""
        return record_deployment(self.api, record)

    def image_url(self, commit: str, path: str) -> str:
        """Where pages of this forge show a picture of the repository, to whoever may see the repository."""
        return f"{self.api.place.page}/-/raw/{commit}/{path}"

    def own_statuses(self, sha: str) -> tuple[Status, ...]:
        """All statuses of a commit: no check follows them here."""
        return self.statuses(sha)

    def merge(self, number: int, method: MergeMethod, head: str | None = None) -> PullRequest:
        """Merge; ExternalError on a conflict, a rule of the project, or when it no longer offers `head`.

        Then nothing has changed.
        """
        return merge_pull(self.api, number, method, head)

    def open_issue(self, key: str, title: str, body: str) -> Issue:
        """The one open issue of this key, made or edited."""
        return gitlab_issues.open_issue(self.api, key, title, body)

    def close_issue(self, key: str) -> Issue | None:
        """Close the key's open issue, if there is one."""
        return gitlab_issues.close_issue(self.api, key)

    def issues(self) -> tuple[Issue, ...]:
        """All issues that cdml keeps, newest first."""
        return gitlab_issues.read_issues(self.api)
