"""Runs of GitHub Actions: one is started for a pull request, or its required check is run again."""

from __future__ import annotations

from collections.abc import Mapping

from cdml.core.names import ASKED_BRANCH
from cdml.forges.base import PullRequest
from cdml.forges.github_api import GithubApi
from cdml.forges.rest import Wire

NEEDS = "actions: write"
READS = "actions: read"
JUDGING = "cdml-pull-request.yml"  # as cdml generate names it,
CHECK = "What was stated since"  # and the job that the required one follows


class WireRun(Wire):
    id: int


class WireRuns(Wire):
    workflow_runs: tuple[WireRun, ...]


class WireJob(Wire):
    id: int
    name: str
    conclusion: str | None = None


class WireJobs(Wire):
    jobs: tuple[WireJob, ...]


def start_run(api: GithubApi, pull: PullRequest, inputs: Mapping[str, str]) -> str:
    """Start the workflow on the branch for such runs, which must be there; returns where its runs are seen."""
    body = {"ref": ASKED_BRANCH, "inputs": dict(inputs)}
    api.act("POST", f"/actions/workflows/{JUDGING}/dispatches", body, needs=NEEDS)
    return f"{pull.url.partition('/pull/')[0]}/actions/workflows/{JUDGING}" if pull.url else ""


def look_again(api: GithubApi, head: str) -> bool:
    """Run the job that the required check follows again, where the newest run of a commit ended with it red."""
    query: dict[str, str | int] = {"head_sha": head, "event": "pull_request", "per_page": 1}
    runs = api.read(WireRuns, f"/actions/workflows/{JUDGING}/runs", needs=READS, **query).workflow_runs
    if not runs:
        return False
    pages = api.each(WireJobs, f"/actions/runs/{runs[0].id}/jobs", needs=READS, filter="latest")
    jobs = [job for page in pages for job in page.jobs if job.name == CHECK]
    if not jobs or jobs[0].conclusion != "failure":  # not yet, or green already
        return False
    api.act("POST", f"/actions/jobs/{jobs[0].id}/rerun", {}, needs=NEEDS)
    return True
