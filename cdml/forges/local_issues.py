"""Statuses and issues as references: `refs/cdml/statuses/<commit>` and `refs/cdml/issues/<n>`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cdml.core.errors import ConfigError
from cdml.core.serialize import dump, load
from cdml.forges.base import Issue, Status
from cdml.forges.local_store import Store, numbered
from cdml.forges.text import clean, full_id, one_line
from cdml.state.plumbing import Update

STATUSES = "refs/cdml/statuses/"
CONTEXTS = "contexts"
SPACE = "refs/cdml/issues/"
DOCUMENT = "issue.json"


def set_statuses(store: Store, sha: str, statuses: Sequence[Status]) -> bool:
    """Write these statuses, each for its context, at once; False when somebody else was first."""
    ref = STATUSES + full_id(sha)
    old = store.refs(ref).get(ref)
    said = [Status(clean(s.context), s.state, clean(s.description), clean(s.url)) for s in statuses]
    if not said:
        return True
    if old:
        store.bring(old)
    message = "".join(f"{status.state}: {status.context}\n" for status in said)
    tip = store.write(old, {_file(status): dump(status) for status in said}, message)
    return store.push(Update(ref, tip, old))


def _file(status: Status) -> str:
    # A context is anybody's text: its digest is a safe file name.
    return f"{CONTEXTS}/{hashlib.sha256(status.context.encode()).hexdigest()}.json"


def statuses(store: Store, sha: str) -> tuple[Status, ...]:
    """A commit's statuses, by context."""
    ref = STATUSES + full_id(sha)
    old = store.refs(ref).get(ref)
    return _statuses(store, ref, old) if old else ()


def _statuses(store: Store, ref: str, tip: str) -> tuple[Status, ...]:
    store.bring(tip)
    found = store.files(tip, CONTEXTS)
    return tuple(
        sorted((load(Status, text, f"{ref}:{path}") for path, text in found.items()), key=lambda s: s.context)
    )


def read_issues(store: Store, refs: Mapping[str, str]) -> tuple[Issue, ...]:
    """All issues, newest first; ConfigError names the reference of one that cdml did not write."""
    found = numbered(refs, SPACE)
    documents = store.read({ref: refs[ref] for ref in found.values()}, DOCUMENT)
    issues = tuple(load(Issue, documents[ref], ref) for ref in found.values())
    for issue, (number, ref) in zip(issues, found.items(), strict=True):
        if issue.number != number:
            raise ConfigError(f"{ref} is not what cdml wrote: it says that it is #{issue.number}")
    return issues


def write_issue(store: Store, key: str, title: str, body: str) -> Issue | None:
    """The key's open issue, made or edited; None when somebody else was first."""
    refs = store.refs(f"{SPACE}*")
    found = read_issues(store, refs)
    old = next((issue for issue in found if issue.open and issue.key == clean(key)), None)
    number = old.number if old else max(numbered(refs, SPACE), default=0) + 1
    issue = Issue(number, clean(key), one_line(title, "an issue"), clean(body), open=True)
    return issue if _save(store, refs, issue) else None


def close_issue(store: Store, key: str) -> tuple[Issue, ...] | None:
    """The key's open issue, closed now, or nothing where there is none; None when somebody else was first."""
    refs = store.refs(f"{SPACE}*")
    found = [issue for issue in read_issues(store, refs) if issue.open and issue.key == clean(key)]
    closed = tuple(replace(issue, open=False) for issue in found[:1])
    return closed if all(_save(store, refs, issue) for issue in closed) else None


def _save(store: Store, refs: Mapping[str, str], issue: Issue) -> bool:
    ref = f"{SPACE}{issue.number}"
    old = refs.get(ref)
    verb = ("Edit" if old else "Open") if issue.open else "Close"
    tip = store.write(old, {DOCUMENT: dump(issue)}, f"{verb} #{issue.number}: {issue.title}\n")
    return store.push(Update(ref, tip, old))
