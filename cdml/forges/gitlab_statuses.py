"""A commit's statuses on GitLab, which are jobs of an external kind in the commit's pipeline."""

from __future__ import annotations

from cdml.core.errors import UsageError
from cdml.forges.base import Status, StatusState
from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_text import is_address, short
from cdml.forges.gitlab_wire import WireStatus, status
from cdml.forges.gitlab_words import READS, WRITES
from cdml.forges.rest import ForgeError
from cdml.forges.text import clean, full_id

SENT: dict[StatusState, str] = {
    "pending": "pending",
    "success": "success",
    "failure": "failed",
    "error": "failed",  # GitLab has no other word for it
}
# What GitLab says to a status that is pending or running already; it keeps the first one's words then.
AGAIN = ("from :pending", "from :running")


def set_status(api: GitlabApi, sha: str, status: Status) -> None:
    """Set one context's status on a commit, given by its full id."""
    body = {
        "state": SENT[status.state],
        "name": short(clean(status.context)),
        "description": short(clean(status.description)),
        **({"target_url": status.url} if is_address(status.url) else {}),
    }
    try:
        api.write(WireStatus, "POST", f"/statuses/{full_id(sha)}", body, needs=WRITES)
    except ForgeError as error:
        if error.status != 400:
            raise
        _settle(status, error)


def _settle(status: Status, error: ForgeError) -> None:
    """Take back a refusal that changes nothing, and say what two others mean."""
    again = "Cannot transition status" in error.said and any(words in error.said for words in AGAIN)
    if status.state == "pending" and again:
        return
    if "name: has already been taken" in error.said:
        raise UsageError(
            f"the pipeline has a job that is called {status.context!r}, as the status is",
            "GitLab takes no status by the name of a job of the same pipeline: rename the job",
        ) from None
    raise error


def read_statuses(api: GitlabApi, sha: str) -> tuple[Status, ...]:
    """A commit's statuses by context, each context's newest; jobs of its pipelines are among them."""
    newest: dict[str, WireStatus] = {}
    path = f"/repository/commits/{full_id(sha)}/statuses"
    for page in api.each(tuple[WireStatus, ...], path, needs=READS):
        for wire in page:
            if wire.name not in newest or newest[wire.name].id < wire.id:
                newest[wire.name] = wire
    return tuple(status(newest[name]) for name in sorted(newest))
