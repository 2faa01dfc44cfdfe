"""A pull request's comments on Gitea and Forgejo: those of the issue with the same number, all in one page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from cdml.core.dialect import Dialect
from cdml.core.errors import UsageError
from cdml.forges import sticky
from cdml.forges.base import Comment, Reaction
from cdml.forges.gitea_api import GiteaApi
from cdml.forges.gitea_wire import WireComment, WireReaction, comment
from cdml.forges.rest import ForgeError, read

NEEDS, READS = "write:issue", "read:issue"
# Neither Gitea nor Forgejo limits a comment (its column is LONGTEXT, models/issues/comment.go): longer than this
# nobody reads it. Mermaid is drawn up to [markup] MERMAID_MAX_SOURCE_CHARACTERS, 5,000 in older releases;
# the sanitizer lets <details> through.
DIALECT = Dialect(longest=65_536, mermaid=True, folds=True)
# The same signs as GitHub's; [ui] REACTIONS of an instance may leave some out.
REACTIONS: dict[Reaction, str] = {"seen": "eyes", "done": "+1", "failed": "confused"}
NO_SIGN = "is not an allowed reaction"
fit = partial(sticky.fit, longest=DIALECT.longest, forge="this forge")


class GiteaBoard:
    """The comments of one pull request."""

    def __init__(self, api: GiteaApi, number: int) -> None:
        self.api = api
        self.number = number
        self.path = f"/issues/{number}/comments"

    def one(self, identity: int) -> Comment:
        """A comment by its id; UsageError where this pull request has none such."""
        return find_comment(self.api, self.number, identity)

    def pages(self, after: Comment | None = None) -> Iterator[list[Comment]]:
        """All comments, oldest first; those since the second in which `after` was written."""
        since = {} if after is None else {"since": _moment(after.created)}
        yield [comment(wire) for wire in self.api.read(tuple[WireComment, ...], self.path, needs=READS, **since)]

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


def read_comments(api: GiteaApi, number: int) -> tuple[Comment, ...]:
    """All comments, oldest first."""
    return tuple(found for page in GiteaBoard(api, number).pages() for found in page)


def write_comment(api: GiteaApi, number: int, body: str, marker: str = "", known: int | None = None) -> Comment:
    """A new comment, or our own one that begins with `marker` with its new body."""
    return sticky.write(GiteaBoard(api, number), fit(sticky.marked(body, marker)), marker, known)


def find_comment(api: GiteaApi, number: int, identity: int) -> Comment:
    """One comment of a pull request; UsageError where it is none of its own."""
    path = f"{api.root}/issues/comments/{identity}"
    try:
        answer = api.send("GET", path, READS, None, {})
    except ForgeError as error:
        if error.status != 404:
            raise
        answer = None
    if answer is not None and answer.status != 204:  # 204: an entry of the timeline that nobody wrote
        wire = read(WireComment, answer.data, f"GET {path}")
        if wire.pull_request_url.rpartition("/")[2] == str(number):
            return comment(wire)
    raise UsageError(f"pull request #{number} has no comment {identity}", "was it deleted?")


def react(api: GiteaApi, identity: int, reaction: Reaction) -> None:
    """Leave a sign on a comment, where this forge has it; the same sign twice is one."""
    body = {"content": REACTIONS[reaction]}
    try:
        api.write(WireReaction, "POST", f"/issues/comments/{identity}/reactions", body, needs=NEEDS)
    except ForgeError as error:
        if NO_SIGN not in error.said:
            raise


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
