"""Pipelines of GitLab: one is started for a merge request, or the job that decides in it is run again."""

from __future__ import annotations

from cdml.core.errors import UsageError
from cdml.forges.base import PullRequest
from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_pulls import change, moved, read_pull
from cdml.forges.gitlab_wire import WireJob, WirePipeline
from cdml.forges.gitlab_words import READS, WRITES

ASKED = "cdml train"  # the label by which a pipeline knows that somebody asked for it
REPORT = "cdml-pull-request:report"  # the trusted job, as cdml generate names it: its exit code is the verdict
OF_PULL = "merge_request_event"


def start_run(api: GitlabApi, offered: PullRequest, head: str) -> str:
    """Start a pipeline of the merge request and return its page. It takes no variables: a label says it was asked.

    UsageError for a fork: its own .gitlab-ci.yml would run here, with this project's variables in reach.
    """
    if offered.fork:
        raise UsageError(
            f"merge request !{offered.number} comes from a fork, whose .gitlab-ci.yml could read this project's "
            "variables",
            "look at that file and press Run pipeline on its page, or push the branch to this project",
        )
    now = read_pull(api, offered.number).head
    if now != head:
        raise moved(offered.number, now, head)
    change(api, offered.number, {"add_labels": ASKED})
    return api.write(WirePipeline, "POST", _path(offered), {}, needs=WRITES).web_url


def look_again(api: GitlabApi, offered: PullRequest) -> bool:
    """Run the job again whose exit code is the verdict, where the newest pipeline of the head ended with it red.

    A pipeline of the merged result has a commit of its own, so none is found where a project has those.
    """
    pages = api.each(tuple[WirePipeline, ...], _path(offered), needs=READS)
    found = [one for page in pages for one in page if (one.source, one.sha) == (OF_PULL, offered.head)]
    newest = max(found, key=lambda one: one.id, default=None)
    if newest is None or newest.status != "failed":  # not yet, or green already
        return False
    failed = api.each(tuple[WireJob, ...], f"/pipelines/{newest.id}/jobs", needs=READS, **{"scope[]": "failed"})
    jobs = [job for page in failed for job in page if job.name == REPORT]
    for job in jobs:
        api.act("POST", f"/jobs/{job.id}/retry", {}, needs=WRITES)
    return bool(jobs)


def _path(offered: PullRequest) -> str:
    return f"/merge_requests/{offered.number}/pipelines"
