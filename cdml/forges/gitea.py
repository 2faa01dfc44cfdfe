"""The forge that is Gitea or Forgejo (Codeberg, gitea.com, a company's own), over the REST API that both have.

No library for it: a few requests are needed, every forge goes through the same HTTP door, and its retries, limits
and words are the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from cdml.core.dialect import Dialect
from cdml.core.errors import UsageError
from cdml.core.names import ASKED_BRANCH
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
from cdml.forges.gitea_api import GiteaApi
from cdml.forges.gitea_comments import DIALECT, GiteaBoard, find_comment, react, read_comments, write_comment
from cdml.forges.gitea_issues import close_issue, open_issue, read_issues
from cdml.forges.gitea_merge import merge_pull
from cdml.forges.gitea_people import may_write
from cdml.forges.gitea_place import find_place
from cdml.forges.gitea_pulls import READS, WRITES, change_pull, list_pulls, open_pull, read_files, read_pull
from cdml.forges.gitea_wire import WireStatus, status
from cdml.forges.rest import ForgeError
from cdml.forges.sticky import own
from cdml.forges.text import clean, full_id
from cdml.state.git import REMOTE, Git

JUDGING = "cdml-pull-request.yml"  # as cdml generate names it: Gitea runs GitHub's workflows
MOST = 255  # characters of a status' description: there is no limit, but one line on the page


class GiteaForge:
    """Pull requests, comments, statuses and issues of the repository that a remote names."""

    dialect: Dialect = DIALECT

    def __init__(self, git: Git, remote: str = REMOTE) -> None:
        self.git = git
        self.remote = remote

    @cached_property
    def api(self) -> GiteaApi:
        """The repository's API; UsageError where the remote names no repository."""
        return GiteaApi(find_place(self.git.remote_url(self.remote) or ""))

    def open_pull(self, source: str, target: str, title: str, body: str) -> PullRequest:
        """Offer the remote branch `source` for `target`; an open one for both is updated.

        UsageError where a branch is not on the remote, or `source` holds nothing that `target` lacks.
        """
        return open_pull(self.api, source, target, title, body)

    def pulls(self, state: PullState | None = "open") -> tuple[PullRequest, ...]:
        """Pull requests, newest first; all of them when `state` is None."""
        return list_pulls(self.api, state)

    def pull(self, number: int) -> PullRequest:
        """One pull request; UsageError where there is none."""
        return read_pull(self.api, number)

    def files(self, number: int) -> tuple[str, ...]:
        """The paths that a pull request changes, sorted; a renamed file counts with both its names."""
        return read_files(self.api, number)

    def close_pull(self, number: int, reason: str) -> PullRequest:
        """Close without merging, with a comment that says why."""
        found = self.pull(number)
        if found.state != "open":
            raise UsageError(f"pull request #{number} is {found.state} already", "cdml pr list")
        self.comment(number, reason)
        return change_pull(self.api, number, {"state": "closed"})

    def comments(self, number: int) -> tuple[Comment, ...]:
        """A pull request's comments, oldest first."""
        return read_comments(self.api, number)

    def comment(self, number: int, body: str, marker: str = "", known: int | None = None) -> Comment:
        """Write a comment; with `marker`, edit the author's own one that begins with it instead."""
        return write_comment(self.api, number, body, marker, known)

    def own_comments(self, number: int, marker: str) -> tuple[Comment, ...]:
        """Comments that begin with `marker` and that the token's owner wrote, oldest first."""
        return own(GiteaBoard(self.api, number), marker)

    def find_comment(self, number: int, identity: int) -> Comment:
        """One comment of a pull request by its id; UsageError where there is none."""
        return find_comment(self.api, number, identity)

    def react(self, number: int, identity: int, reaction: Reaction) -> None:
        """Show on a comment how far its command is, where the instance has a sign for that."""
        react(self.api, identity, reaction)

    def may_write(self, login: str) -> bool:
        """Whether somebody may push to the repository; ForgeError where the token's owner may not ask that."""
        return may_write(self.api, login)

    def start_run(self, pull: PullRequest, inputs: Mapping[str, str]) -> str:
        """Start the workflow that judges pull requests, as main has it; what it is to judge stands in `inputs`.

        The branch for such runs must be there.
        """
        body = {"ref": ASKED_BRANCH, "inputs": dict(inputs)}
        try:
            self.api.act("POST", f"/actions/workflows/{JUDGING}/dispatches", body, needs=WRITES)
        except ForgeError as error:
            if error.status != 404:
                raise
            raise UsageError(
                f"{self.api.place.slug} starts no {JUDGING} when it is asked to ({error.message})",
                f"is it on {self.git.default_branch()}, and is this Gitea 1.24, Forgejo 7 or later? "
                "Else push again: a push is judged too",
            ) from None
        return f"{pull.url.partition('/pulls/')[0]}/actions?workflow={JUDGING}" if pull.url else ""

    def look_again(self, pull: PullRequest) -> bool:
        """Gitea cannot run one job of a run again: a person does, or pushes."""
        return False

    def set_status(self, sha: str, *statuses: Status) -> None:
        """Set statuses on a commit, given by its full id."""
        for told in statuses:
            said = clean(told.description)
            body = {
                "state": told.state,
                "context": clean(told.context),
                "description": said if len(said) <= MOST else f"{said[: MOST - 1]}…",
                **({"target_url": told.url} if told.url else {}),
            }
            self.api.write(WireStatus, "POST", f"/statuses/{full_id(sha)}", body, needs=WRITES)

    def statuses(self, sha: str) -> tuple[Status, ...]:
        """A commit's statuses by context, each context's newest."""
        # The combined status has no second page on some releases, and no body at all where there is none.
        path = f"/statuses/{full_id(sha)}"
        pages = self.api.each(tuple[WireStatus, ...], path, needs=READS, sort="highestindex")
        newest: dict[str, Status] = {}
        for page in pages:
            for wire in page:
                newest.setdefault(wire.context, status(wire))
        return tuple(newest[context] for context in sorted(newest))

    def record_deployment(self, record: EnvironmentRecord) -> bool:
        """Gitea keeps no deployments."""
        return False

    def image_url(self, commit: str, path: str) -> str:
        """Where pages of this forge show a picture of the repository, to whoever may see the repository."""
        return f"{self.api.place.page}/raw/commit/{full_id(commit)}/{path}"

    def own_statuses(self, sha: str) -> tuple[Status, ...]:
        """All statuses of a commit: no check follows them here."""
        return self.statuses(sha)

    def merge(self, number: int, method: MergeMethod, head: str | None = None) -> PullRequest:
        """Merge; ExternalError on a conflict, a rule of the branch, or when it no longer offers `head`.

        Then nothing has changed.
        """
        return merge_pull(self.api, number, method, head)

    def open_issue(self, key: str, title: str, body: str) -> Issue:
        """The one open issue of this key, made or edited."""
        return open_issue(self.api, key, title, body)

    def close_issue(self, key: str) -> Issue | None:
        """Close the key's open issue, if there is one."""
        return close_issue(self.api, key)

    def issues(self) -> tuple[Issue, ...]:
        """All issues that cdml keeps, newest first."""
        return read_issues(self.api)
