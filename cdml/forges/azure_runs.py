"""Letting Azure Pipelines judge a pull request again: the build that its branch's policy asks for is queued anew.

A run of its own for refs/pull/N/merge would not know that it is a pull request's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from cdml.core.errors import UsageError
from cdml.forges.azure_api import AzureApi
from cdml.forges.azure_wire import AzureWire, WireList
from cdml.forges.azure_words import BUILDS, READ
from cdml.forges.base import PullRequest
from cdml.forges.rest import read

GATE = "cdml gate"  # the display name that `cdml doctor` gives the policy


class WirePolicy(AzureWire):
    settings: Mapping[str, Any] = Field(default_factory=dict)


class WireEvaluation(AzureWire):
    evaluation_id: str
    configuration: WirePolicy
    context: Mapping[str, Any] | None = None


def start_run(api: AzureApi, pull: PullRequest) -> str:
    """Queue the build again and return its page; UsageError where no policy asks for one."""
    artifact = f"vstfs:///CodeReview/CodeReviewId/{api.repository.project.id}/{pull.number}"
    path = f"{api.project}/policy/evaluations"
    found = api.preview.read(WireList[WireEvaluation], path, needs=READ, artifactId=artifact).value
    ours = next((one for one in found if one.configuration.settings.get("displayName") == GATE), None)
    if ours is None:
        raise UsageError(
            f"no build validation {GATE!r} judges pull requests against {pull.target}",
            "cdml doctor prints the command that makes the policy",
        )
    again = f"{path}/{ours.evaluation_id}"
    answer = api.preview.send("PATCH", again, BUILDS, None, {})
    build = read(WireEvaluation, answer.data, f"PATCH {again}").context or {}
    number = build.get("buildId")
    known = isinstance(number, int) and number > 0
    return f"{api.place.pages}/_build/results?buildId={number}" if known else pull.url
