"""Merging on Gitea and Forgejo, and its refusals in words: a conflict, a rule of the branch, a head that moved."""

from __future__ import annotations

from dataclasses import replace
from time import sleep

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import MergeMethod, PullRequest
from cdml.forges.gitea_api import GiteaApi
from cdml.forges.gitea_pulls import WRITES, read_pull
from cdml.forges.rest import ForgeError

# The forge finds out in the background whether a pull request can be merged, and says the same of a conflict
# ("Please try again later"): the seconds given to it.
PAUSES = (1.0, 2.0, 4.0)
LATER = ("try again later", "push out of date")
# Refusals in the forge's own words (routers/api/v1/repo/pull.go), and what somebody can do.
HINTS = {
    "not allowed to merge": "may the token's owner push to {target}? A protected branch names who may merge",
    "work in progress": "its title says that it is not ready: take WIP: or Draft: away",
    "allowed merge style": "Settings, Repository, Pull Requests: the ways to merge that are allowed",
}


def merge_pull(api: GiteaApi, number: int, method: MergeMethod, head: str | None) -> PullRequest:
    """Merge what was read, or what the caller has reviewed; the forge itself refuses any other head."""
    found = read_pull(api, number)
    if found.state != "open":
        raise UsageError(f"pull request #{number} is {found.state} already", "cdml pr list")
    expected = head or found.head
    if found.head != expected:
        raise _moved(number, found.head, expected)
    _merge(api, found, {"Do": method, "head_commit_id": expected})
    try:
        merged_as = read_pull(api, number).merged_as  # the answer to a merge holds nothing
    except ExternalError as error:
        raise ExternalError(f"#{number} is merged, but {error.message}", f"cdml pr show {number}") from None
    return replace(found, state="merged", merged_as=merged_as, mergeable=None)


def _merge(api: GiteaApi, found: PullRequest, body: dict[str, str]) -> None:
    for pause in (*PAUSES, None):
        try:
            return api.act("POST", f"/pulls/{found.number}/merge", body, needs=WRITES)
        except ForgeError as error:
            if error.status not in (405, 409):
                raise
            reason = _why_not(api, found, body["head_commit_id"], error, last=pause is None)
            if pause is None or reason is not None:
                raise reason or error from None
            sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _why_not(
    api: GiteaApi, found: PullRequest, expected: str, error: ForgeError, *, last: bool
) -> ExternalError | None:
    """Why a merge was refused; None where the same request may succeed in a moment."""
    now = read_pull(api, found.number)
    if now.head != expected:
        return _moved(found.number, now.head, expected)
    said = error.said.lower()
    # What git printed on a conflict comes without a message.
    if (error.status == 409 and not said) or (last and now.mergeable is False and any(w in said for w in LATER)):
        return ExternalError(
            f"#{found.number} conflicts with {found.target}; nothing has changed",
            f"git fetch, merge {found.target} into {found.source}, resolve, push, and merge again",
        )
    if any(words in said for words in LATER):
        return None
    rules = f"the rules of {found.target} may ask for a review, a green check or another way to merge"
    hint = next((hint for words, hint in HINTS.items() if words in said), rules)
    return ExternalError(
        f"{api.place.host} does not merge #{found.number}: {error.said or 'no reason given'} "
        f"(it takes {WRITES} and the right to merge)",
        hint.format(target=found.target),
    )


def _moved(number: int, now: str, expected: str) -> ExternalError:
    return ExternalError(
        f"#{number} now offers {now[:7]}, not {expected[:7]}; nothing has changed",
        f"look at it again: cdml pr show {number}",
    )
