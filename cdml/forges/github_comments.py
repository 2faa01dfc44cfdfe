"""A pull request's comments on GitHub: they are those of the issue with the same number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cdml.forges.base import Comment
from cdml.forges.github_api import GithubApi
from cdml.forges.github_wire import WireComment, comment
from cdml.forges.github_words import GithubError
from cdml.forges.text import clean

NEEDS = "pull-requests: write"
MOST = 65_536  # characters; GitHub takes no longer body
CUT = "\n\n(The rest is too long for GitHub.)"


def fit(body: str) -> str:
    """A body that GitHub takes, cut between two lines where it is too long."""
    text = clean(body)
    if len(text) <= MOST:
        return text
    kept = text[: MOST - len(CUT)]
    return (kept[: kept.rfind("\n")] if "\n" in kept else kept) + CUT


def read_comments(api: GithubApi, number: int) -> tuple[Comment, ...]:
    """All comments, oldest first."""
    return tuple(comment(wire) for page in _pages(api, number) for wire in page)


def write_comment(api: GithubApi, number: int, body: str, marker: str = "") -> Comment:
    """A new comment, or our own one that begins with `marker` with its new body.

    A comment by anybody else is left alone, whatever it begins with.
    """
    text = fit(body if body.startswith(marker) else f"{marker}\n{body}")
    if not marker:
        return _create(api, number, text)
    mine, last = _find(api, number, marker)
    if mine is None:
        return _create_once(api, number, text, marker, last)
    if mine.body.replace("\r\n", "\n").rstrip() == text.rstrip():
        return mine
    try:
        return _edit(api, mine.id, text)
    except GithubError as error:
        if error.status != 404:
            raise
        return _create(api, number, text)  # somebody deleted it meanwhile


def _find(api: GithubApi, number: int, marker: str) -> tuple[Comment | None, str]:
    """Our oldest comment with the marker, and when the last comment before it was written (GitHub's form)."""
    last = ""
    for page in _pages(api, number):
        for wire in page:
            found = comment(wire)
            # Who we are is asked only where it matters.
            if _has(found, marker) and found.author == api.login:
                return found, last
            last = wire.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return None, last


def _create_once(api: GithubApi, number: int, text: str, marker: str, last: str) -> Comment:
    """Create it; where another run of ours was quicker, its comment takes the text and the new one goes."""
    made = _create(api, number, text)
    since = {"since": last} if last else {}
    for page in _pages(api, number, **since):
        for other in map(comment, page):
            if other.id < made.id and _has(other, marker) and other.author == made.author:
                kept = _edit(api, other.id, text)
                api.delete(f"/issues/comments/{made.id}", needs=NEEDS)
                return kept
    return made


def _has(found: Comment, marker: str) -> bool:
    return found.body.lstrip().startswith(marker)


def _pages(api: GithubApi, number: int, **query: str) -> Iterator[tuple[WireComment, ...]]:
    return api.each(tuple[WireComment, ...], f"/issues/{number}/comments", needs=NEEDS, **query)


def _create(api: GithubApi, number: int, text: str) -> Comment:
    path = f"/issues/{number}/comments"
    return comment(api.write(WireComment, "POST", path, {"body": text}, needs=NEEDS))


def _edit(api: GithubApi, identity: int, text: str) -> Comment:
    path = f"/issues/comments/{identity}"
    edited = comment(api.write(WireComment, "PATCH", path, {"body": text}, needs=NEEDS))
    return replace(edited, body=text)
