"""Statuses on Azure Repos: of the commit, and of the pull requests that offer it, which policies can ask for."""

from __future__ import annotations

from cdml.forges.azure_api import AzureApi
from cdml.forges.azure_wire import (
    STATES,
    WireIteration,
    WireList,
    WirePull,
    WireStatus,
    context,
    status,
)
from cdml.forges.azure_words import CONTRIBUTE, PULLS, READ
from cdml.forges.base import Status
from cdml.forges.text import clean

MOST = 140  # characters of a description: no limit is documented, and its pages show no more than a line
NEWEST = 1000

# By commit: the pull requests that offer it, each with the number of the push that brought it.
Offers = dict[str, tuple[tuple[int, int | None], ...]]


def set_status(api: AzureApi, sha: str, told: Status, offers: Offers) -> None:
    """Set one context's status on a commit and on its open pull requests.

    A policy that resets a status with each push takes one of a certain iteration alone.
    """
    said = clean(told.description)
    body = {
        "state": STATES[told.state],
        "description": said if len(said) <= MOST else f"{said[: MOST - 1]}…",
        "context": context(clean(told.context)),
        **({"targetUrl": told.url} if told.url else {}),
    }
    api.write(WireStatus, "POST", f"{api.git}/commits/{sha}/statuses", body, needs=CONTRIBUTE)
    # Statuses come by the dozen. That nothing offers the commit is not remembered: a pull request may follow.
    offers[sha] = offers.get(sha) or _offers(api, sha)
    for number, iteration in offers[sha]:
        more = {} if iteration is None else {"iterationId": iteration}
        path = f"{api.git}/pullRequests/{number}/statuses"
        api.write(WireStatus, "POST", path, {**body, **more}, needs=PULLS)


def read_statuses(api: AzureApi, sha: str) -> tuple[Status, ...]:
    """A commit's statuses by context, each context's newest."""
    path = f"{api.git}/commits/{sha}/statuses"
    asked: dict[str, str | int] = {"top": NEWEST, "latestOnly": "true"}
    found = api.read(WireList[WireStatus], path, needs=READ, **asked).value
    newest = {one.context: one for one in map(status, sorted(found, key=lambda wire: wire.id))}
    return tuple(newest[name] for name in sorted(newest))


def _offers(api: AzureApi, sha: str) -> tuple[tuple[int, int | None], ...]:
    asked: dict[str, str | int] = {"searchCriteria.status": "active"}
    pulls = api.listed(WirePull, f"{api.git}/pullrequests", needs=READ, **asked)
    numbers = [
        wire.pull_request_id
        for wire in pulls
        if wire.last_merge_source_commit and wire.last_merge_source_commit.commit_id == sha
    ]
    return tuple((number, _iteration(api, number, sha)) for number in numbers)


def _iteration(api: AzureApi, number: int, sha: str) -> int | None:
    """The last push that left the branch at this commit."""
    heads = {one.id: one.source_ref_commit.commit_id for one in iterations(api, number) if one.source_ref_commit}
    return max((number for number, head in heads.items() if head == sha), default=None)


def iterations(api: AzureApi, number: int) -> tuple[WireIteration, ...]:
    """The pushes to a pull request."""
    path = f"{api.git}/pullRequests/{number}/iterations"
    return api.read(WireList[WireIteration], path, needs=READ).value
