"""Merge requests on GitLab: read with the head that their branch has now, opened, changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import PullRequest, PullState
from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_text import fit, title
from cdml.forges.gitlab_wire import WireBranch, WireCommit, WireDiff, WireMerge, pull
from cdml.forges.gitlab_words import READS, WRITES
from cdml.forges.rest import ForgeError

STATES: dict[PullState | None, str] = {None: "all", "open": "opened", "merged": "merged", "closed": "closed"}


def read_wire(api: GitlabApi, number: int) -> WireMerge:
    """A merge request as GitLab says it; UsageError where there is none."""
    try:
        return api.read(WireMerge, f"/merge_requests/{number}", needs=READS)
    except ForgeError as error:
        if error.status != 404:
            raise
        raise UsageError(f"there is no merge request !{number} at {api.place.slug}", error.hint) from None


def read_pull(api: GitlabApi, number: int) -> PullRequest:
    """A merge request with the head that its branch has now."""
    return with_head(api, pull(read_wire(api, number)))


def with_head(api: GitlabApi, found: PullRequest) -> PullRequest:
    """An open merge request as it is after the last push: GitLab itself notices one in the background only."""
    if found.state != "open" or found.fork:
        return found
    head = branch(api, found.source)
    return replace(found, head=head) if head else found


def branch(api: GitlabApi, name: str) -> str | None:
    """The commit of a branch of the project; None where there is no such branch."""
    try:
        wire = api.read(WireBranch, f"/repository/branches/{quote(name, safe='')}", needs=READS)
    except ForgeError as error:
        if error.status != 404:
            raise
        return None
    return wire.commit.id


def read_pulls(api: GitlabApi, state: PullState | None, **query: str) -> tuple[PullRequest, ...]:
    """Merge requests, newest first."""
    order = {"order_by": "created_at", "sort": "desc", "state": STATES[state]}
    pages = api.each(tuple[WireMerge, ...], "/merge_requests", needs=READS, **order, **query)
    return tuple(pull(wire) for page in pages for wire in page)


def open_pull(api: GitlabApi, source: str, target: str, words: tuple[str, str]) -> PullRequest:
    """Offer a branch; an open merge request for both branches gets the words, which are title and body."""
    if source == target:
        raise UsageError(f"{source} cannot be merged into itself", "name two branches")
    body = {"title": title(words[0], "a merge request"), "description": fit(words[1])}
    return _update_open(api, source, target, body) or _create(api, source, target, body)


def _update_open(api: GitlabApi, source: str, target: str, body: dict[str, str]) -> PullRequest | None:
    for found in read_pulls(api, "open", source_branch=source, target_branch=target):
        if (found.source, found.target) == (source, target):
            return with_head(api, change(api, found.number, body))
    return None


def _create(api: GitlabApi, source: str, target: str, body: dict[str, str]) -> PullRequest:
    # GitLab itself would offer a branch that is not there, or that has nothing to offer.
    head = _offered(api, source, target)
    sent = {"source_branch": source, "target_branch": target, **body}
    try:
        made = api.write(WireMerge, "POST", "/merge_requests", sent, needs=WRITES)
    except ForgeError as error:
        quicker = _update_open(api, source, target, body) if "already exists" in error.said else None
        if quicker is None:
            raise
        return quicker
    return replace(pull(made), head=head)


def _offered(api: GitlabApi, source: str, target: str) -> str:
    heads = [branch(api, name) for name in (source, target)]
    for name, head in zip((source, target), heads, strict=True):
        if head is None:
            raise UsageError(f"{api.place.slug} has no branch {name!r}", f"git push origin {name}")
    both = "&".join(f"refs%5B%5D={head}" for head in heads)
    try:
        common = api.read(WireCommit, f"/repository/merge_base?{both}", needs=READS).id
    except ForgeError as error:
        if error.status != 404:  # they have no history in common
            raise
        common = ""
    if common == heads[0]:
        raise UsageError(
            f"nothing to merge: {target} already has every commit of {source}",
            f"git commit on {source}, then git push origin {source}",
        )
    return str(heads[0])


def change(api: GitlabApi, number: int, body: Mapping[str, str]) -> PullRequest:
    """A merge request with other words or in another state."""
    return pull(api.write(WireMerge, "PUT", f"/merge_requests/{number}", body, needs=WRITES))


def read_files(api: GitlabApi, number: int) -> tuple[str, ...]:
    """The paths that a merge request changes, sorted; ExternalError where GitLab lists only some of them."""
    count = read_wire(api, number).changes_count or ""
    if count.endswith("+"):
        raise ExternalError(
            f"merge request !{number} changes more files than GitLab lists ({count})", "split it into smaller ones"
        )
    pages = api.each(tuple[WireDiff, ...], f"/merge_requests/{number}/diffs", needs=READS)
    return tuple(sorted({name for page in pages for wire in page for name in (wire.old_path, wire.new_path)}))


def moved(number: int, now: str, expected: str) -> ExternalError:
    """Said when a merge request offers another commit than the one that somebody saw."""
    return ExternalError(
        f"!{number} now offers {now[:7]}, not {expected[:7]}; nothing has changed",
        f"look at it again: cdml pr show {number}",
    )
