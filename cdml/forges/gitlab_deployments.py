"""Deployments that GitLab keeps of a project's environments, where no job of its own made them."""

from __future__ import annotations

from cdml.forges.base import EnvironmentRecord
from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_text import is_address
from cdml.forges.gitlab_wire import WireDeployment
from cdml.forges.gitlab_words import WRITES
from cdml.forges.text import clean, full_id

NEEDS = f"{WRITES} and, where the environment is protected, leave to deploy to it"


def record_deployment(api: GitlabApi, record: EnvironmentRecord) -> bool:
    """Keep a deployment, and the address of its environment; GitLab makes an environment that it does not know.

    A deployment of GitLab's has no words of its own: the description is not kept.
    """
    body = {
        "environment": clean(record.environment),
        "sha": full_id(record.sha),
        "ref": record.branch,
        "tag": False,
        "status": "success" if record.state == "success" else "failed",
    }
    made = api.write(WireDeployment, "POST", "/deployments", body, needs=NEEDS).environment
    if is_address(record.url) and made.external_url != record.url:
        api.act("PUT", f"/environments/{made.id}", {"external_url": record.url}, needs=NEEDS)
    return True
