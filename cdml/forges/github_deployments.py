"""Deployments that GitHub keeps of a repository's environments, where no job of its own made them."""

from __future__ import annotations

from cdml.forges.base import EnvironmentRecord
from cdml.forges.github_api import GithubApi
from cdml.forges.rest import Wire
from cdml.forges.text import clean, full_id

NEEDS = "deployments: write"
MOST = 140  # characters of a description


class WireDeployment(Wire):
    id: int


def record_deployment(api: GithubApi, record: EnvironmentRecord) -> bool:
    """Keep a deployment and how it ended; GitHub makes an environment that it does not know."""
    said = clean(record.description)
    said = said if len(said) <= MOST else f"{said[: MOST - 1]}…"
    # It has happened already: GitHub must neither merge main into the branch for it, nor ask for statuses first.
    body = {
        "ref": full_id(record.sha),
        "environment": clean(record.environment),
        "task": "deploy",
        "auto_merge": False,
        "required_contexts": [],
        "description": said,
    }
    made = api.write(WireDeployment, "POST", "/deployments", body, needs=NEEDS)
    ended = {
        "state": record.state,
        "description": said,
        "auto_inactive": True,
        **({"environment_url": record.url} if record.url else {}),
    }
    api.act("POST", f"/deployments/{made.id}/statuses", ended, needs=NEEDS)
    return True
