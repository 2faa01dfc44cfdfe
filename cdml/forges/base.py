"""What a forge can do, and the frozen data that it speaks in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from cdml.state.git import Git

PullState = Literal["open", "merged", "closed"]
StatusState = Literal["pending", "success", "failure", "error"]
MergeMethod = Literal["merge", "squash", "rebase"]


@dataclass(frozen=True)
class PullRequest:
    """A pull request; `source` and `target` are branch names, `head` the commit that it offers.

    `url` is its page, empty on a forge that has none.
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


@dataclass(frozen=True)
class Comment:
    """A comment; `marker` is the hidden first line by which a sticky one is found."""

    id: int
    author: str
    body: str
    created: int
    updated: int


@dataclass(frozen=True)
class Status:
    """A commit's status in one context, such as `cdml` or `cdml/churn/roc_auc`."""

    context: str
    state: StatusState
    description: str


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

    def open_pull(self, source: str, target: str, title: str, body: str) -> PullRequest:
        """Offer the remote branch `source` for `target`; an open one for both is updated to the new head."""

    def pulls(self, state: PullState | None = "open") -> tuple[PullRequest, ...]:
        """Pull requests, newest first; all of them when `state` is None."""

    def pull(self, number: int) -> PullRequest:
        """One pull request; UsageError where there is none."""

    def close_pull(self, number: int, reason: str) -> PullRequest:
        """Close without merging, with a comment that says why."""

    def comments(self, number: int) -> tuple[Comment, ...]:
        """A pull request's comments, oldest first."""

    def comment(self, number: int, body: str, marker: str = "") -> Comment:
        """Write a comment; with `marker`, edit the author's own one that begins with it instead."""

    def set_status(self, sha: str, status: Status) -> None:
        """Set one context's status on a commit."""

    def statuses(self, sha: str) -> tuple[Status, ...]:
        """A commit's statuses by context."""

    def merge(self, number: int, method: MergeMethod, head: str | None = None) -> PullRequest:
        """Merge; ExternalError on a conflict, or when it no longer offers `head`: then nothing has changed."""

    def open_issue(self, key: str, title: str, body: str) -> Issue:
        """The one open issue of this key, made or edited."""

    def close_issue(self, key: str) -> Issue | None:
        """Close the key's open issue, if there is one."""

    def issues(self) -> tuple[Issue, ...]:
        """All issues, newest first."""


class ForgeKind(Protocol):
    """What the dictionary of forges holds: how one is made, and which remotes are its own."""

    def __call__(self, git: Git) -> Forge:
        """The forge of this repository's remote; nothing is asked yet."""

    def serves(self, remote_url: str) -> bool:
        """Whether a remote at this address belongs to it."""
