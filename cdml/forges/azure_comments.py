"""A pull request's comments on Azure Repos: each of ours begins a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from cdml.core.dialect import Dialect
from cdml.core.errors import UsageError
from cdml.forges import sticky
from cdml.forges.azure_api import AzureApi
from cdml.forges.azure_wire import PER_THREAD, WireComment, WireList, WireThread, comment
from cdml.forges.azure_words import PULLS, READ
from cdml.forges.base import Comment, Reaction
from cdml.forges.rest import ForgeError

# "A discussion comment cannot be longer than 150000 characters" is what the service answers (atlantis 1585,
# infracost 3496); it counts as .NET does, where an emoji is two. <details> is folded (dependabot-core 8628).
# Mermaid is documented for wikis alone, and between colons instead of a fence.
DIALECT = Dialect(longest=148_000, mermaid=False, folds=True)
fit = partial(sticky.fit, longest=DIALECT.longest, forge="Azure DevOps")
FAILED = "🔴"
OPEN, DONE = "active", "closed"
UNSETTLED = (OPEN, "pending")


class AzureBoard:
    """The comments of one pull request. There are no pages: a request answers all threads.

    Here an author is an id, which nobody else ever has; `named` gives people the name back.
    """

    def __init__(self, api: AzureApi, number: int) -> None:
        self.api = api
        self.number = number
        self.path = f"{api.git}/pullRequests/{number}/threads"
        self.page = f"{api.place.web}/pullrequest/{number}"
        # By the comment's number.
        self.logins: dict[int, str] = {}
        self.threads: dict[int, WireThread] = {}

    def one(self, identity: int) -> Comment:
        """A comment by its id; UsageError where the pull request has none such."""
        wire, thread = self.find(identity)
        return self._keep(wire, thread)

    def find(self, identity: int) -> tuple[WireComment, WireThread]:
        """A comment and its thread as they were answered; UsageError where there is none."""
        number, within = divmod(identity, PER_THREAD)
        try:
            thread = self.api.read(WireThread, f"{self.path}/{number}", needs=READ)
        except ForgeError as error:
            if error.status != 404:
                raise
            thread = None
        wire = next((wire for wire in _said(thread) if wire.id == within), None) if thread else None
        if thread is None or wire is None:
            raise UsageError(f"pull request #{self.number} has no comment {identity}", "was it deleted?")
        return wire, thread

    def pages(self, after: Comment | None = None) -> Iterator[list[Comment]]:
        """All comments, oldest first."""
        found = self.api.read(WireList[WireThread], self.path, needs=READ).value
        yield [self._keep(wire, thread) for thread in sorted(found, key=lambda t: t.id) for wire in _said(thread)]

    def _keep(self, wire: WireComment, thread: WireThread) -> Comment:
        made = comment(wire, thread.id, self.page)
        self.logins[made.id], self.threads[made.id] = made.author, thread
        return replace(made, author=wire.author.id)

    def named(self, made: Comment) -> Comment:
        """A comment with its author as people know them."""
        return replace(made, author=self.logins[made.id])

    def is_mine(self, comment: Comment) -> bool:
        """Whether the token's owner wrote it."""
        return comment.author == self.api.me.id

    def create(self, text: str) -> Comment:
        """A new comment in a new thread."""
        first = {"parentCommentId": 0, "content": text, "commentType": "text"}
        body = {"comments": [first], "status": wanted(text)}
        thread = self.api.write(WireThread, "POST", self.path, body, needs=PULLS)
        return self._keep(thread.comments[0], thread)

    def edit(self, old: Comment, text: str) -> Comment:
        """The comment with other words; ForgeError 404 where it is gone."""
        wire = self.api.write(WireComment, "PATCH", self._path(old), {"content": text}, needs=PULLS)
        if wire.is_deleted:
            raise ForgeError(f"comment {old.id} was deleted", "", 404, "")
        return replace(comment(wire, old.id // PER_THREAD, self.page), body=text, author=old.author)

    def delete(self, old: Comment) -> None:
        """Take a comment away."""
        self.api.act("DELETE", self._path(old), needs=PULLS)

    def settle(self, made: Comment) -> None:
        """Leave the comment's thread open while it says that a gate fails, so that a policy can hold the merge.

        A thread that people have resolved otherwise stays so when it is well.
        """
        thread, status = self.threads.get(made.id), wanted(made.body)
        if thread is None or thread.status == status or (status == DONE and thread.status not in UNSETTLED):
            return
        self.api.act("PATCH", f"{self.path}/{thread.id}", {"status": status}, needs=PULLS)

    def _path(self, old: Comment) -> str:
        thread, number = divmod(old.id, PER_THREAD)
        return f"{self.path}/{thread}/comments/{number}"


def wanted(text: str) -> str:
    """The status of a thread by the light in its heading: a report whose gate fails must be looked at."""
    heading = next((line for line in text.splitlines() if line.startswith("#")), "")
    return OPEN if FAILED in heading else DONE


def read_comments(api: AzureApi, number: int) -> tuple[Comment, ...]:
    """All comments, oldest first; what the service itself notes in a thread is none."""
    board = AzureBoard(api, number)
    return tuple(board.named(found) for page in board.pages() for found in page)


def write_comment(api: AzureApi, number: int, body: str, marker: str, known: int | None) -> Comment:
    """A new comment, or our own one that begins with `marker` with its new body."""
    board = AzureBoard(api, number)
    made = sticky.write(board, fit(sticky.marked(body, marker)), marker, known)
    board.settle(made)
    return board.named(made)


def find_comment(api: AzureApi, number: int, identity: int) -> Comment:
    """One comment of a pull request; UsageError where it is none of its own."""
    board = AzureBoard(api, number)
    return board.named(board.one(identity))


def react(api: AzureApi, number: int, identity: int, reaction: Reaction) -> None:
    """A like says that a command was seen; its thread is resolved when it is done. For failed there is no sign.

    A reply in somebody's thread, or a remark on code, stays as open as it was.
    """
    board = AzureBoard(api, number)
    wire, thread = board.find(identity)
    if reaction == "seen":
        api.act("POST", f"{board.path}/{thread.id}/comments/{wire.id}/likes", needs=PULLS)
    elif reaction == "done" and thread.thread_context is None and not wire.parent_comment_id:
        api.act("PATCH", f"{board.path}/{thread.id}", {"status": "fixed"}, needs=PULLS)


def _said(thread: WireThread) -> list[WireComment]:
    """What people and pipelines said in a thread."""
    if thread.is_deleted:
        return []
    return [wire for wire in thread.comments if not wire.is_deleted and wire.comment_type != "system"]
