"""Pull requests and their comments as references.

`refs/cdml/pulls/<n>` names the conversation: `pull.json` and `comments/<id>.json`, one commit per change.
`refs/pull/<n>/head` names the commit that is offered. As on every forge, pushing to the source branch moves an
open pull request: what is read always shows the branch's present tip on the remote (the last known commit when
the branch is gone), and every change of the conversation also moves `refs/pull/<n>/head` there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cdml.core.errors import ConfigError, UsageError
from cdml.core.serialize import dump, load
from cdml.forges.base import Comment, PullRequest
from cdml.forges.local_store import Store, numbered
from cdml.forges.text import OID, clean
from cdml.state.plumbing import EMPTY_TREE, Update

SPACE = "refs/cdml/pulls/"
OFFERS = "refs/pull/"
HEADS = "refs/heads/"
DOCUMENT = "pull.json"
COMMENTS = "comments"


@dataclass(frozen=True)
class Stored:
    """A pull request as read: `tip` is its conversation's last commit, `offered` its `refs/pull/<n>/head`."""

    pull: PullRequest
    tip: str
    offered: str


def offer(number: int) -> str:
    """The reference of the commit that a pull request offers."""
    return f"{OFFERS}{number}/head"


def next_number(refs: Mapping[str, str]) -> int:
    """The number that no pull request has had yet."""
    offers = {ref.removesuffix("/head"): oid for ref, oid in refs.items() if ref.endswith("/head")}
    return max([0, *numbered(refs, SPACE), *numbered(offers, OFFERS)]) + 1


def read_refs(store: Store) -> dict[str, str]:
    """All references that pull requests are made of, in one look at the remote."""
    return store.refs(f"{SPACE}*", f"{OFFERS}*", f"{HEADS}*")


def read_all(store: Store, refs: Mapping[str, str]) -> tuple[Stored, ...]:
    """All pull requests, newest first; ConfigError names the reference of one that cdml did not write."""
    found = numbered(refs, SPACE)
    documents = store.read({ref: refs[ref] for ref in found.values()}, DOCUMENT)
    return tuple(_stored(refs, number, documents[ref]) for number, ref in found.items())


def read_one(store: Store, number: int, refs: Mapping[str, str]) -> Stored:
    """One pull request; UsageError where there is none."""
    ref = f"{SPACE}{number}"
    if ref not in refs:
        raise UsageError(f"there is no pull request #{number}", "cdml pr list")
    return _stored(refs, number, store.read({ref: refs[ref]}, DOCUMENT)[ref])


def _stored(refs: Mapping[str, str], number: int, document: bytes) -> Stored:
    ref = f"{SPACE}{number}"
    pull = load(PullRequest, document, ref)
    offered = refs.get(offer(number))
    if offered is None:
        raise ConfigError(f"{ref} is not what cdml wrote: there is no {offer(number)}")
    if (
        pull.number != number
        or not OID.fullmatch(offered if pull.merged_as is None else pull.merged_as)
        or not _plain(pull.source + pull.target)
    ):
        raise ConfigError(f"{ref} is not what cdml wrote: its number, its merge or its branches cannot be")
    head = refs.get(HEADS + pull.source, offered) if pull.state == "open" else offered
    return Stored(replace(pull, head=head), refs[ref], offered)


def _plain(name: str) -> bool:
    return name.isprintable() and not any(letter.isspace() for letter in name)


def changed_files(store: Store, refs: Mapping[str, str], number: int) -> tuple[str, ...]:
    """The paths that a pull request changes since it left its target, sorted; all where the target is gone."""
    pull = read_one(store, number, refs).pull
    tip = pull.merged_as or refs.get(HEADS + pull.target)
    store.bring(pull.head, *([tip] if tip else []))
    tip = f"{tip}^1" if pull.merged_as else tip
    found = store.git.run("merge-base", tip, pull.head, check=False).out.decode().strip() if tip else ""
    names = store.git.text("diff", "--name-only", "--no-renames", "-z", found or EMPTY_TREE, pull.head)
    return tuple(sorted(name for name in names.split("\0") if name))


def create(store: Store, pull: PullRequest) -> bool:
    """Begin a pull request under a number that must be free; False when somebody else was first."""
    tip = store.write(None, {DOCUMENT: dump(pull)}, f"Open #{pull.number}: {pull.title}\n")
    return store.push(Update(f"{SPACE}{pull.number}", tip, None), Update(offer(pull.number), pull.head, None))


def save(
    store: Store,
    old: Stored,
    pull: PullRequest,
    message: str,
    *more: Update,
    files: Mapping[str, str] | None = None,
) -> bool:
    """Write a pull request's next state, and `more` references with it; False when somebody else was first."""
    number = pull.number
    tip = store.write(old.tip, {DOCUMENT: dump(pull), **(files or {})}, message)
    updates = [Update(f"{SPACE}{number}", tip, old.tip), *more]
    if pull.head != old.offered:
        store.bring(pull.head)
        updates.append(Update(offer(number), pull.head, old.offered))
    return store.push(*updates)


def read_comments(store: Store, stored: Stored) -> tuple[Comment, ...]:
    """A pull request's comments, oldest first."""
    found = store.files(stored.tip, COMMENTS)
    comments = []
    for path, text in found.items():
        where = f"{SPACE}{stored.pull.number}:{path}"
        comment = load(Comment, text, where)
        if path not in comment_file(comment):
            raise ConfigError(f"{where} is not what cdml wrote: it says that it is comment {comment.id}")
        comments.append(comment)
    return tuple(sorted(comments, key=lambda c: c.id))


def comment_file(comment: Comment) -> dict[str, str]:
    """Where a comment is written, and what."""
    return {f"{COMMENTS}/{comment.id}.json": dump(comment)}


def next_comment(store: Store, stored: Stored, body: str, marker: str = "", known: int | None = None) -> Comment:
    """The comment to write: one that begins with `marker`, with its new body, or a new one.

    That is the author's own one, or anybody's with the id `known`. The same comment comes back unchanged when it
    already says so.
    """
    author, now = clean(store.git.author()), int(time.time())
    text = clean(body) if body.startswith(marker) else f"{marker}\n{clean(body)}"
    comments = read_comments(store, stored)
    for comment in comments if marker else ():
        if (comment.author == author or comment.id == known) and comment.body.startswith(marker):
            return comment if comment.body == text else replace(comment, body=text, updated=now)
    number = max((comment.id for comment in comments), default=0) + 1
    return Comment(number, author, text, now, now)
