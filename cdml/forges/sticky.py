"""The one comment that stays, on any forge: ours is found by its marker and its author, and edited in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from cdml.core.errors import UsageError
from cdml.forges.base import Comment
from cdml.forges.rest import ForgeError
from cdml.forges.text import clean


class Board(Protocol):
    """A pull request's comments on one forge."""

    def one(self, identity: int) -> Comment:
        """A comment by its id; UsageError where this pull request has none such."""

    def pages(self, after: Comment | None = None) -> Iterator[Iterable[Comment]]:
        """All comments, oldest first, as they are asked for; at least those that are newer than `after`."""

    def is_mine(self, comment: Comment) -> bool:
        """Whether whoever writes now wrote this one. Who that is, is asked only where it matters."""

    def create(self, text: str) -> Comment:
        """A new comment."""

    def edit(self, comment: Comment, text: str) -> Comment:
        """The comment with other words; ForgeError 404 where it is gone."""

    def delete(self, comment: Comment) -> None:
        """Take a comment away."""


def fit(body: str, longest: int, forge: str) -> str:
    """A body that the forge takes, cut between two lines where it is too long.

    Reports are shortened by whole sections before; this is for words of people.
    """
    text = clean(body)
    if len(text) <= longest:
        return text
    cut = f"\n\n(The rest is too long for {forge}.)"
    kept = text[: longest - len(cut)]
    return (kept[: kept.rfind("\n")] if "\n" in kept else kept) + cut


def marked(body: str, marker: str) -> str:
    """A body that begins with its marker."""
    return body if body.startswith(marker) else f"{marker}\n{body}"


def write(board: Board, text: str, marker: str, known: int | None = None) -> Comment:
    """A new comment, or our own one that begins with `marker` with its new text; `text` begins with it too.

    A comment by anybody else is left alone, whatever it begins with. The one that has the id `known` is looked at
    first: then a long discussion need not be read.
    """
    if not marker:
        return board.create(text)
    mine, last = _known(board, marker, known), None
    if mine is None:
        mine, last = _find(board, marker)
    if mine is None:
        return _create_once(board, text, marker, last)
    if mine.body.replace("\r\n", "\n").rstrip() == text.rstrip():
        return mine
    try:
        return board.edit(mine, text)
    except ForgeError as error:
        if error.status != 404:
            raise
        return board.create(text)  # somebody deleted it meanwhile


def own(board: Board, marker: str) -> tuple[Comment, ...]:
    """Our own comments that begin with `marker`, oldest first."""
    return tuple(found for page in board.pages() for found in page if _has(found, marker) and board.is_mine(found))


def _known(board: Board, marker: str, known: int | None) -> Comment | None:
    if known is None:
        return None
    try:
        found = board.one(known)
    except UsageError:  # deleted meanwhile
        return None
    return found if _has(found, marker) and board.is_mine(found) else None


def _find(board: Board, marker: str) -> tuple[Comment | None, Comment | None]:
    """Our oldest comment with the marker, and the last one that was there before it."""
    last = None
    for page in board.pages():
        for found in page:
            if _has(found, marker) and board.is_mine(found):
                return found, last
            last = found
    return None, last


def _create_once(board: Board, text: str, marker: str, last: Comment | None) -> Comment:
    """Create it; where another run of ours was quicker, its comment takes the text and the new one goes."""
    made = board.create(text)
    for page in board.pages(last):
        for other in page:
            if other.id < made.id and _has(other, marker) and other.author == made.author:
                kept = board.edit(other, text)
                board.delete(made)
                return kept
    return made


def _has(found: Comment, marker: str) -> bool:
    return found.body.lstrip().startswith(marker)
