"""Pull requests on Gitea and Forgejo: offered, found, changed, and the paths that they touch."""

from __future__ import annotations

from urllib.parse import quote

from cdml.core.errors import UsageError
from cdml.forges.base import PullRequest, PullState
from cdml.forges.gitea_api import GiteaApi
from cdml.forges.gitea_comments import fit
from cdml.forges.gitea_wire import WireBranch, WireCompare, WireFile, WirePull, pull
from cdml.forges.rest import ForgeError
from cdml.forges.text import one_line
from cdml.state.git import REMOTE

WRITES, READS = "write:repository", "read:repository"


def open_pull(api: GiteaApi, source: str, target: str, title: str, body: str) -> PullRequest:
    """Offer the branch `source` for `target`; an open one for both is updated.

    UsageError where a branch is not on the remote, or `source` holds nothing that `target` lacks.
    """
    if source == target:
        raise UsageError(f"{source} cannot be merged into itself", "name two branches")
    words = {"title": one_line(title, "a pull request"), "body": fit(body)}
    return _update_open(api, source, target, words) or _create(api, source, target, words)


def list_pulls(api: GiteaApi, state: PullState | None) -> tuple[PullRequest, ...]:
    """Pull requests, newest first; all of them when `state` is None."""
    asked = "all" if state is None else "open" if state == "open" else "closed"
    pages = api.each(tuple[WirePull, ...], "/pulls", needs=READS, state=asked)
    found = (pull(wire, api.place.slug) for page in pages for wire in page)
    return tuple(sorted((one for one in found if state in (None, one.state)), key=lambda one: -one.number))


def read_pull(api: GiteaApi, number: int) -> PullRequest:
    """One pull request as the forge says it; UsageError where there is none."""
    try:
        return pull(api.read(WirePull, f"/pulls/{number}", needs=READS), api.place.slug)
    except ForgeError as error:
        if error.status != 404:
            raise
        raise UsageError(f"there is no pull request #{number} at {api.place.slug}", error.hint) from None


def change_pull(api: GiteaApi, number: int, body: dict[str, str]) -> PullRequest:
    """A pull request with other words, or in another state."""
    return pull(api.write(WirePull, "PATCH", f"/pulls/{number}", body, needs=WRITES), api.place.slug)


def read_files(api: GiteaApi, number: int) -> tuple[str, ...]:
    """The paths that a pull request changes, sorted; a renamed file counts with both its names."""
    pages = api.each(tuple[WireFile, ...], f"/pulls/{number}/files", needs=READS)
    names = {name for page in pages for wire in page for name in (wire.filename, wire.previous_filename)}
    return tuple(sorted(name for name in names if name))


def _update_open(api: GiteaApi, source: str, target: str, words: dict[str, str]) -> PullRequest | None:
    for found in list_pulls(api, "open"):
        if (found.source, found.target) == (source, target):
            return change_pull(api, found.number, words)
    return None


def _create(api: GiteaApi, source: str, target: str, words: dict[str, str]) -> PullRequest:
    _require_offer(api, source, target)
    body = {**words, "head": source, "base": target}
    try:
        made = api.write(WirePull, "POST", "/pulls", body, needs=WRITES)
    except ForgeError as error:
        quicker = _update_open(api, source, target, words) if error.status == 409 else None
        if quicker is None:
            raise
        return quicker
    return pull(made, api.place.slug)


def _require_offer(api: GiteaApi, source: str, target: str) -> None:
    """UsageError unless both branches are there and differ: the forge itself would open an empty pull request."""
    # What stands at the end of a path keeps its slashes.
    between = f"{quote(target)}...{quote(source)}"
    try:
        offered = api.read(WireCompare, f"/compare/{between}", needs=READS).total_commits
    except ForgeError as error:
        if error.status != 404:
            raise
        for name in (source, target):
            _require_branch(api, name)
        return  # a release that compares nothing (before Gitea 1.22): it is offered as it is
    if not offered:
        raise UsageError(
            f"nothing to merge: {target} already has every commit of {source}",
            f"git commit on {source}, then git push {REMOTE} {source}",
        )


def _require_branch(api: GiteaApi, name: str) -> None:
    try:
        api.read(WireBranch, f"/branches/{quote(name)}", needs=READS)
    except ForgeError as error:
        if error.status != 404:
            raise
        raise UsageError(f"{api.place.slug} has no branch {name!r}", f"git push {REMOTE} {name}") from None
