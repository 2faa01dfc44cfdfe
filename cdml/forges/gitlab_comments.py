"""A merge request's comments on GitLab, which calls them notes; notes of its own are left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cdml.core.errors import UsageError
from cdml.forges import sticky
from cdml.forges.base import Comment, Reaction
from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_text import fit
from cdml.forges.gitlab_wire import WireAward, WireNote, comment
from cdml.forges.gitlab_words import READS
from cdml.forges.rest import ForgeError

REACTIONS: dict[Reaction, str] = {"seen": "eyes", "done": "white_check_mark", "failed": "x"}
TAKEN = "already been taken"


class GitlabBoard:
    """The comments of one merge request."""

    def __init__(self, api: GitlabApi, number: int) -> None:
        self.api = api
        self.number = number
        self.path = f"/merge_requests/{number}/notes"
        self.page = f"{api.place.page}/-/merge_requests/{number}"

    def one(self, identity: int) -> Comment:
        """A comment by its id; UsageError where it is another one's, GitLab's own, or nobody's."""
        try:
            wire = self.api.read(WireNote, f"{self.path}/{identity}", needs=READS)
        except ForgeError as error:
            if error.status != 404:
                raise
            wire = None
        if wire is None or wire.system:
            raise UsageError(f"merge request !{self.number} has no comment {identity}", "was it deleted?")
        return comment(wire, self.page)

    def pages(self, after: Comment | None = None) -> Iterator[list[Comment]]:
        """All comments, oldest first; with `after`, those that are newer, read from the end."""
        if after is None:
            for page in self._listed("asc"):
                yield self._words(page)
            return
        newer: list[Comment] = []
        for page in self._listed("desc"):
            newer += [one for one in self._words(page) if one.id > after.id]
            if any(wire.id <= after.id for wire in page):
                break
        yield newer[::-1]

    def _listed(self, sort: str) -> Iterator[tuple[WireNote, ...]]:
        # A GitLab that does not know the filter ignores it.
        order = {"order_by": "created_at", "sort": sort, "activity_filter": "only_comments"}
        return self.api.each(tuple[WireNote, ...], self.path, needs=READS, **order)

    def _words(self, page: tuple[WireNote, ...]) -> list[Comment]:
        return [comment(wire, self.page) for wire in page if not wire.system]

    def is_mine(self, comment: Comment) -> bool:
        """Whether the token's owner wrote it."""
        return comment.author == self.api.login

    def create(self, text: str) -> Comment:
        """A new comment."""
        return comment(self.api.write(WireNote, "POST", self.path, {"body": text}, needs=READS), self.page)

    def edit(self, old: Comment, text: str) -> Comment:
        """The comment with other words."""
        wire = self.api.write(WireNote, "PUT", f"{self.path}/{old.id}", {"body": text}, needs=READS)
        return replace(comment(wire, self.page), body=text)

    def delete(self, old: Comment) -> None:
        """Take a comment away."""
        self.api.act("DELETE", f"{self.path}/{old.id}", needs=READS)


def read_comments(api: GitlabApi, number: int) -> tuple[Comment, ...]:
    """All comments, oldest first."""
    return tuple(found for page in GitlabBoard(api, number).pages() for found in page)


def write_comment(api: GitlabApi, number: int, body: str, marker: str, known: int | None) -> Comment:
    """A new comment, or our own one that begins with `marker` with its new body."""
    return sticky.write(GitlabBoard(api, number), fit(sticky.marked(body, marker)), marker, known)


def find_comment(api: GitlabApi, number: int, identity: int) -> Comment:
    """One comment of a merge request; UsageError where it is none of its own."""
    return GitlabBoard(api, number).one(identity)


def react(api: GitlabApi, number: int, identity: int, reaction: Reaction) -> None:
    """Leave a sign on a comment; GitLab calls the same sign twice a thing that is not there."""
    path = f"/merge_requests/{number}/notes/{identity}/award_emoji"
    try:
        api.write(WireAward, "POST", path, {"name": REACTIONS[reaction]}, needs=READS)
    except ForgeError as error:
        if TAKEN not in error.said:
            raise
