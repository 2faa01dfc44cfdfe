"""What a forge can do, and the frozen data that it speaks in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from cdml.core.dialect import Dialect
from cdml.state.git import Git

PullState = Literal["open", "merged", "closed"]
StatusState = Literal["pending", "success", "failure", "error"]
MergeMethod = Literal["merge", "squash", "rebase"]
# How a command in a comment is answered beside the words: seen, done, refused or broken.
Reaction = Literal["seen", "done", "failed"]


@dataclass(frozen=True)
class PullRequest:
    """A pull request; `source` and `target` are branch names, `head` the commit that it offers.

    `url` is its page, empty on a forge that has none. `fork` says that the branch is another repository's: then
    `source` is no branch of this one. `mergeable` is None where the forge does not know, or was not asked.
    """

    number: int
    title: str
    body: str
    author: str
    source: str
    target: str
    head: str
    state: PullState
    merged_as: str | None = None
    url: str = ""
    fork: bool = False
    draft: bool = False
    # A moment's finding, and no part of what the pull request is.
    mergeable: bool | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Comment:
    """A comment; times are in seconds since 1970, `edited` says that its words are not the first ones."""

    id: int
    author: str
    body: str
    created: int
    updated: int
    url: str = ""

    @property
    def edited(self) -> bool:
        """Whether it was changed after it was written."""
        return self.updated != self.created


@dataclass(frozen=True)
class Status:
    """A commit's status in one context, such as `cdml` or `cdml/churn`; `url` is where people read more."""

    context: str
    state: StatusState
    description: str
    url: str = ""


@dataclass(frozen=True)
class EnvironmentRecord:
    """A deployment as a forge keeps it: commit `sha`, the tip of its release branch, to an environment.

    `url` is where it is served, empty where nobody else could reach that.
    """

    environment: str
    branch: str
    sha: str
    state: Literal["success", "failure"]
    description: str
    url: str = ""


@dataclass(frozen=True)
class Issue:
    """An issue that a key makes sticky: one key, one open issue."""

    number: int
    key: str
    title: str
    body: str
    open: bool


class Forge(Protocol):
    """Where pull requests live."""

    @property
    def dialect(self) -> Dialect:
        """What its comments show, and how long they may be."""

    def open_pull(self, source: str, target: str, title: str, body: str) -> PullRequest:
        """Offer the remote branch `source` for `target`; an open one for both is updated to the new head."""

    def pulls(self, state: PullState | None = "open") -> tuple[PullRequest, ...]:
        """Pull requests, newest first; all of them when `state` is None."""

    def pull(self, number: int) -> PullRequest:
        """One pull request; UsageError where there is none."""

    def files(self, number: int) -> tuple[str, ...]:
        """The paths that a pull request changes, sorted; a renamed file counts with both its names."""

    def close_pull(self, number: int, reason: str) -> PullRequest:
        """Close without merging, with a comment that says why."""

    def comments(self, number: int) -> tuple[Comment, ...]:
        """A pull request's comments, oldest first."""

    def comment(self, number: int, body: str, marker: str = "", known: int | None = None) -> Comment:
        """Write a comment; with `marker`, edit the author's own one that begins with it instead.

        `known` is the id that it is thought to have: all others are looked at only where it is not it.
        """

    def own_comments(self, number: int, marker: str) -> tuple[Comment, ...]:
        """Comments that begin with `marker` and that whoever asks wrote, oldest first."""

    def find_comment(self, number: int, identity: int) -> Comment:
        """One comment of a pull request by its id; UsageError where there is none."""

    def react(self, number: int, identity: int, reaction: Reaction) -> None:
        """Show on a comment how far its command is, where the forge has a sign for that; else nothing happens."""

    def may_write(self, login: str) -> bool:
        """Whether somebody may push to the repository, as the forge says it now."""

    def start_run(self, pull: PullRequest, inputs: Mapping[str, str]) -> str:
        """Let the forge's CI judge what a pull request offers, and return where people see that run, or nothing.

        `inputs` are those of the generated workflow. UsageError where the forge runs no CI that can be asked.
        """

    def look_again(self, pull: PullRequest) -> bool:
        """Run CI's required check of a pull request's head again where it ended badly; whether that was done.

        False too where the forge has no such check, or the statuses themselves are what it requires.
        """

    def set_status(self, sha: str, *statuses: Status) -> None:
        """Set statuses on a commit, in this order; each stands for its context."""

    def statuses(self, sha: str) -> tuple[Status, ...]:
        """A commit's statuses by context."""

    def record_deployment(self, record: EnvironmentRecord) -> bool:
        """Keep that somebody deployed outside of CI; False where the forge keeps no such records.

        What a job of its CI deploys, a forge records by itself.
        """

    def image_url(self, commit: str, path: str) -> str:
        """Where pages of this forge show a picture of the repository; empty where the forge has no pages.

        `path` needs no escaping (`cdml.core.images`).
        """

    def own_statuses(self, sha: str) -> tuple[Status, ...]:
        """The statuses of a commit that whoever asks set, as far as the forge tells who did; else all of them."""

    def merge(self, number: int, method: MergeMethod, head: str | None = None) -> PullRequest:
        """Merge; ExternalError on a conflict, or when it no longer offers `head`: then nothing has changed."""

    def open_issue(self, key: str, title: str, body: str) -> Issue:
        """The one open issue of this key, made or edited."""

    def close_issue(self, key: str) -> Issue | None:
        """Close the key's open issue, if there is one."""

    def issues(self) -> tuple[Issue, ...]:
        """All issues, newest first."""


@dataclass(frozen=True)
class ForgeKind:
    """What the dictionary of forges holds.

    `serves` says whether a remote at an address belongs to it; `make` is the forge of a repository's remote, of
    which nothing is asked yet.
    """

    serves: Callable[[str], bool]
    make: Callable[[Git], Forge]
