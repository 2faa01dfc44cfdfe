"""Merging on GitLab, and its many refusals in words: a conflict, a rule of the project, a head that moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import sleep
from typing import Any

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import MergeMethod, PullRequest
from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_pulls import branch, moved, read_wire, with_head
from cdml.forges.gitlab_wire import WireMerge, pull
from cdml.forges.gitlab_words import WRITES, reason
from cdml.forges.rest import ForgeError, Wire

NEEDS = f"{WRITES} and leave to merge into the target branch"
# GitLab finds out in the background that a branch was pushed to and whether it can be merged; the seconds for it.
PAUSES = (1.0, 2.0, 4.0)
REFUSED = (405, 406, 409, 422)
WHY = {
    "ci_must_pass": "a pipeline of its head must succeed first",
    "ci_still_running": "its pipeline is still running",
    "discussions_not_resolved": "every thread must be resolved first",
    "draft_status": "it is a draft: mark it as ready",
    "external_status_checks": "every external status check must pass first",
    "status_checks_must_pass": "every external status check must pass first",
    "jira_association_missing": "its title or description must name an issue of Jira",
    "title_regex": "its title does not have the form that the project asks for",
    "merge_time": "it may not be merged before its time",
    "locked_paths": "somebody has locked a file that it changes",
    "locked_lfs_files": "somebody has locked a file that it changes",
    "not_approved": "it must be approved first",
    "requested_changes": "a reviewer asks for changes",
    "need_rebase": "its branch must be rebased onto the target branch and pushed first",
    "blocked_status": "another merge request must be merged first",
    "merge_request_blocked": "another merge request must be merged first",
    "policies_denied": "a policy of the group forbids it",
    "security_policy_violations": "a policy of the group forbids it",
}


class WireProject(Wire):
    merge_method: str = "merge"


def merge_pull(api: GitlabApi, number: int, method: MergeMethod, head: str | None) -> PullRequest:
    """Merge what was read, or what the caller has reviewed; GitLab itself refuses any other head."""
    found = with_head(api, pull(read_wire(api, number)))
    if found.state != "open":
        raise UsageError(f"merge request !{number} is {found.state} already", "cdml pr list")
    expected = head or found.head
    if found.head != expected:
        raise moved(number, found.head, expected)
    if method == "rebase":
        _require_fast_forward(api)
    wire = _merge(api, found, {"sha": expected, "squash": method == "squash"})
    return replace(pull(wire), head=expected)


def _require_fast_forward(api: GitlabApi) -> None:
    """GitLab rebases by pushing other commits to the branch, which nobody reviewed: it is left to people."""
    if api.read(WireProject, "", needs=WRITES).merge_method != "ff":
        raise UsageError(
            f"{api.place.slug} does not merge by fast-forward, and GitLab knows no other merge that rebases",
            "merge or squash; or Settings, Merge requests, Fast-forward merge",
        )


def _merge(api: GitlabApi, found: PullRequest, body: Mapping[str, Any]) -> WireMerge:
    for pause in (*PAUSES, None):
        try:
            wire = api.write(WireMerge, "PUT", f"/merge_requests/{found.number}/merge", body, needs=NEEDS)
            return wire if wire.state == "merged" else _awaited(api, found.number)
        except ForgeError as error:
            if error.status not in REFUSED:
                raise
            refused = _why_not(api, found, body["sha"], error)
            if pause is None or refused is not None:
                raise refused or error from None
            sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _awaited(api: GitlabApi, number: int) -> WireMerge:
    """A merge request that GitLab is still busy merging."""
    for pause in PAUSES:
        sleep(pause)
        wire = read_wire(api, number)
        if wire.state == "merged":
            return wire
    raise ExternalError(f"GitLab has not merged !{number} yet", f"cdml pr show {number}")


def _why_not(api: GitlabApi, found: PullRequest, expected: str, error: ForgeError) -> ExternalError | None:
    """Why a merge was refused; None where the same request may succeed in a moment."""
    wire = read_wire(api, found.number)
    if wire.sha != expected:
        now = wire.sha or "" if found.fork else branch(api, found.source) or ""
        return None if now == expected else moved(found.number, now, expected)
    if wire.checking:
        return None
    if wire.conflicts:
        return ExternalError(
            f"!{found.number} conflicts with {found.target}; nothing has changed",
            f"git fetch, merge {found.target} into {found.source}, resolve, push, and merge again",
        )
    state, tried = wire.detailed_merge_status, reason({"message": wire.merge_error}, api.place.token)
    if state == "mergeable" and not tried:
        return None  # it was still finding that out
    return ExternalError(
        f"GitLab does not merge !{found.number} ({state or 'no reason given'}): {tried or error.said}",
        WHY.get(state, f"Settings, Merge requests say what {api.place.slug} asks for"),
    )
