"""Merging on GitHub, and its many refusals in words: a conflict, a rule of the branch, a head that moved."""

from __future__ import annotations

from dataclasses import replace
from time import sleep

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import MergeMethod, PullRequest
from cdml.forges.github_api import GithubApi
from cdml.forges.github_wire import WireMerge, WirePull, pull
from cdml.forges.rest import ForgeError

NEEDS = "contents: write"
READS = "pull-requests: read"
# GitHub finds out in the background whether a pull request can be merged; the seconds given to it.
PAUSES = (1.0, 2.0, 4.0)


def merge_pull(api: GithubApi, number: int, method: MergeMethod, head: str | None) -> PullRequest:
    """Merge what was read, or what the caller has reviewed; GitHub itself refuses any other head."""
    wire = read_pull(api, number)
    found = pull(wire, api.place.slug)
    if found.state != "open":
        raise UsageError(f"pull request #{number} is {found.state} already", "cdml pr list")
    expected = head or found.head
    if found.head != expected:
        raise _moved(number, found.head, expected)
    merged = _merge(api, found, {"merge_method": method, "sha": expected})
    return replace(found, state="merged", merged_as=merged)


def read_pull(api: GithubApi, number: int) -> WirePull:
    """One pull request as GitHub says it; UsageError where there is none."""
    try:
        return api.read(WirePull, f"/pulls/{number}", needs=READS)
    except ForgeError as error:
        if error.status != 404:
            raise
        raise UsageError(f"there is no pull request #{number} at {api.place.slug}", error.hint) from None


def _merge(api: GithubApi, found: PullRequest, body: dict[str, str]) -> str:
    for pause in (*PAUSES, None):
        try:
            return api.write(WireMerge, "PUT", f"/pulls/{found.number}/merge", body, needs=NEEDS).sha
        except ForgeError as error:
            if error.status not in (405, 409):
                raise
            reason = _why_not(api, found, body["sha"], error)
            if pause is None or reason is not None:
                raise reason or error from None
            sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _why_not(api: GithubApi, found: PullRequest, expected: str, error: ForgeError) -> ExternalError | None:
    """Why a merge was refused; None where the same request may succeed in a moment."""
    wire = read_pull(api, found.number)
    if wire.head.sha != expected:
        return _moved(found.number, wire.head.sha, expected)
    if "base branch was modified" in error.said.lower() or wire.mergeable is None:
        return None
    if wire.mergeable is False:
        return ExternalError(
            f"#{found.number} conflicts with {found.target}; nothing has changed",
            f"git fetch, merge {found.target} into {found.source}, resolve, push, and merge again",
        )
    return ExternalError(
        f"GitHub does not merge #{found.number} ({wire.mergeable_state or 'no reason given'}): {error.said}",
        f"the rules of {found.target} may ask for a review, a green check or another way to merge",
    )


def _moved(number: int, now: str, expected: str) -> ExternalError:
    return ExternalError(
        f"#{number} now offers {now[:7]}, not {expected[:7]}; nothing has changed",
        f"look at it again: cdml pr show {number}",
    )
