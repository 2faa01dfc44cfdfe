"""Completing a pull request on Azure Repos: it is asked for, done in the background, and refused in many ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import sleep

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.azure_api import AzureApi
from cdml.forges.azure_wire import HEADS, WireList, WirePull, WireRef, pull
from cdml.forges.azure_words import PULLS, READ
from cdml.forges.base import MergeMethod, PullRequest
from cdml.forges.rest import ForgeError

METHODS: Mapping[MergeMethod, str] = {"merge": "noFastForward", "squash": "squash", "rebase": "rebase"}
# A completion is answered before it is done, and a push is merged on trial in the background; seconds given to it.
PAUSES = (1.0, 2.0, 4.0, 8.0)
ENDED = {
    "conflicts": "conflicts",
    "rejectedByPolicy": "a policy of the branch forbids it",
    "failure": "merging failed",
}


def merge_pull(api: AzureApi, number: int, method: MergeMethod, head: str | None) -> PullRequest:
    """Merge what was read, or what the caller has reviewed; Azure itself refuses any other head."""
    found = read_pull(api, number)
    if found.state != "open":
        raise UsageError(f"pull request #{number} is {found.state} already", "cdml pr list")
    expected = head or found.head
    if found.head != expected:
        raise _moved(number, found.head, expected)
    wire = _complete(api, found, expected, METHODS[method])
    merged = wire.last_merge_commit.commit_id if wire.last_merge_commit else None
    return replace(found, state="merged", merged_as=merged)


def read_pull(api: AzureApi, number: int) -> PullRequest:
    """One pull request with what its branch holds now; UsageError where there is none."""
    try:
        return fresh(api, _read(api, number))
    except ForgeError as error:
        if error.status != 404:
            raise
        raise UsageError(f"there is no pull request #{number} at {api.place.slug}", error.hint) from None


def fresh(api: AzureApi, wire: WirePull) -> PullRequest:
    """A pull request whose head is asked of its branch: what is listed is the head of the last trial merge."""
    ours = wire.status == "active" and wire.fork_source is None
    return pull(wire, api.place, tip(api, wire.source_ref_name.removeprefix(HEADS)) if ours else None)


def tip(api: AzureApi, branch: str) -> str | None:
    """The commit that a branch holds; None where there is no such branch."""
    found = api.read(WireList[WireRef], f"{api.git}/refs", needs=READ, filter=f"heads/{branch}").value
    return next((ref.object_id for ref in found if ref.name == HEADS + branch), None)


def _read(api: AzureApi, number: int) -> WirePull:
    return api.read(WirePull, f"{api.git}/pullrequests/{number}", needs=READ)


def _complete(api: AzureApi, found: PullRequest, expected: str, strategy: str) -> WirePull:
    body = {
        "status": "completed",
        "lastMergeSourceCommit": {"commitId": expected},
        "completionOptions": {"mergeStrategy": strategy, "deleteSourceBranch": False},
    }
    path = f"{api.git}/pullrequests/{found.number}"
    behind = True  # until it was looked at
    for pause in (*PAUSES, None):
        try:
            return _await(api, found, expected, api.write(WirePull, "PATCH", path, body, needs=PULLS))
        except ForgeError as error:
            if error.status not in (400, 409):
                raise
            # The trial merge may have been too old, and be done by the time that it is looked at.
            before, behind = behind, _is_behind(api, found, expected)
            if pause is None or not (before or behind):
                raise _no(found, error.said) from None
            sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _await(api: AzureApi, found: PullRequest, expected: str, wire: WirePull) -> WirePull:
    for pause in (*PAUSES, None):
        if wire.status == "completed":
            return wire
        now = fresh(api, wire)
        if now.head != expected:
            raise _moved(found.number, now.head, expected)
        if wire.merge_status in ENDED or pause is None:
            break
        sleep(pause)
        wire = _read(api, found.number)
    raise _ended(found, wire)


def _is_behind(api: AzureApi, found: PullRequest, expected: str) -> bool:
    """Whether the trial merge is of an older head; ExternalError where merging is hopeless."""
    wire = _read(api, found.number)
    now = fresh(api, wire)
    if now.head != expected:
        raise _moved(found.number, now.head, expected)
    if wire.merge_status in ENDED:
        raise _ended(found, wire)
    tried = wire.last_merge_source_commit
    return tried is None or tried.commit_id != expected or wire.merge_status == "queued"


def _ended(found: PullRequest, wire: WirePull) -> ExternalError:
    if wire.merge_status == "conflicts":
        return ExternalError(
            f"#{found.number} conflicts with {found.target}; nothing has changed",
            f"git fetch, merge {found.target} into {found.source}, resolve, push, and merge again",
        )
    if wire.merge_status in ENDED:
        return _no(found, f"{ENDED[wire.merge_status]} {wire.merge_failure_message or ''}".strip())
    return ExternalError(
        f"Azure DevOps has not completed #{found.number} yet",
        f"look at it in a moment: cdml pr show {found.number}",
    )


def _no(found: PullRequest, said: str) -> ExternalError:
    return ExternalError(
        f"Azure DevOps does not complete #{found.number}: {said}",
        f"the policies of {found.target} may ask for a review, a green build or another way to merge",
    )


def _moved(number: int, now: str, expected: str) -> ExternalError:
    return ExternalError(
        f"#{number} now offers {now[:7]}, not {expected[:7]}; nothing has changed",
        f"look at it again: cdml pr show {number}",
    )
