"""A pull request's comments on GitHub: they are those of the issue with the same number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from cdml.core.dialect import GITHUB_FLAVOURED
from cdml.core.errors import UsageError
from cdml.forges import sticky
from cdml.forges.base import Comment, Reaction
from cdml.forges.github_api import GithubApi
from cdml.forges.github_wire import WireComment, WireReaction, comment
from cdml.forges.rest import ForgeError

NEEDS = "pull-requests: write"
# GitHub has no sign for done or failed that everybody reads alike: words follow.
REACTIONS: dict[Reaction, str] = {"seen": "eyes", "done": "+1", "failed": "confused"}
fit = partial(sticky.fit, longest=GITHUB_FLAVOURED.longest, forge="GitHub")


class GithubBoard:
    """The comments of one pull request."""

    def __init__(self, api: GithubApi, number: int) -> None:
        self.api = api
        self.number = number
        self.path = f"/issues/{number}/comments"

    def one(self, identity: int) -> Comment:
        """A comment by its id; UsageError where it is another one's, or nobody's."""
        try:
            wire = self.api.read(WireComment, f"/issues/comments/{identity}", needs="pull-requests: read")
        except ForgeError as error:
            if error.status != 404:
                raise
            wire = None
        if wire is None or wire.issue_url.rpartition("/")[2] != str(self.number):
            raise UsageError(f"pull request #{self.number} has no comment {identity}", "was it deleted?")
        return comment(wire)

    def pages(self, after: Comment | None = None) -> Iterator[list[Comment]]:
        """All comments, oldest first; from the second on in which `after` was written."""
        since = {} if after is None else {"since": _moment(after.created)}
        for page in self.api.each(tuple[WireComment, ...], self.path, needs=NEEDS, **since):
            yield [comment(wire) for wire in page]

    def is_mine(self, comment: Comment) -> bool:
        """Whether the token's owner wrote it."""
        return comment.author == self.api.login

    def create(self, text: str) -> Comment:
        """A new comment."""
        return comment(self.api.write(WireComment, "POST", self.path, {"body": text}, needs=NEEDS))

    def edit(self, old: Comment, text: str) -> Comment:
        """The comment with other words."""
        path = f"/issues/comments/{old.id}"
        edited = comment(self.api.write(WireComment, "PATCH", path, {"body": text}, needs=NEEDS))
        return replace(edited, body=text)

    def delete(self, old: Comment) -> None:
        """Take a comment away."""
        self.api.act("DELETE", f"/issues/comments/{old.id}", needs=NEEDS)


def read_comments(api: GithubApi, number: int) -> tuple[Comment, ...]:
    """All comments, oldest first."""
    return tuple(found for page in GithubBoard(api, number).pages() for found in page)


def write_comment(api: GithubApi, number: int, body: str, marker: str, known: int | None) -> Comment:
    """A new comment, or our own one that begins with `marker` with its new body."""
    return sticky.write(GithubBoard(api, number), fit(sticky.marked(body, marker)), marker, known)


def find_comment(api: GithubApi, number: int, identity: int) -> Comment:
    """One comment of a pull request; UsageError where it is none of its own."""
    return GithubBoard(api, number).one(identity)


def react(api: GithubApi, identity: int, reaction: Reaction) -> None:
    """Leave a sign on a comment; the same sign twice is one."""
    body = {"content": REACTIONS[reaction]}
    api.write(WireReaction, "POST", f"/issues/comments/{identity}/reactions", body, needs=NEEDS)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
