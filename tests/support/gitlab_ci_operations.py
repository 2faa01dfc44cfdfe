"""Pipelines, their jobs, and deployments in GitLab's API, over the stand-in's memory."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from gitlab_operations import one
from gitlab_state import DEVELOPER, PROJECT, Call, Data, Refused, route


def show_pipeline(call: Call, pipeline: Data) -> Data:
    shown = {key: pipeline[key] for key in ("id", "sha", "status", "source", "web_url")}
    return shown | {"project_id": PROJECT, "ref": f"refs/merge-requests/{pipeline['number']}/head"}


@route("POST", "/merge_requests/{number}/pipelines")
def start_pipeline(call: Call) -> tuple[int, Any]:
    call.need(DEVELOPER)
    call.lab.follow()
    pull = one(call.lab.pulls, call.number)
    made = call.lab.add_pipeline(call.number, pull["sha"], "created")
    made["labels"] = list(pull["labels"])
    return 200, show_pipeline(call, made)


@route("GET", "/merge_requests/{number}/pipelines")
def list_pipelines(call: Call) -> tuple[int, Any]:
    one(call.lab.pulls, call.number)
    kept = [pipeline for pipeline in call.lab.pipelines if pipeline["number"] == call.number]
    # Those of merge requests come first, whatever is newer.
    kept.sort(key=lambda pipeline: (pipeline["source"] != "merge_request_event", -pipeline["id"]))
    return 200, [show_pipeline(call, pipeline) for pipeline in kept]


def show_job(call: Call, pipeline: Data, job: Data) -> Data:
    reason = {"failure_reason": "script_failure"} if job["status"] == "failed" else {}
    page = f"https://gitlab.com/{call.lab.slug}/-/jobs/{job['id']}"
    shown = {"pipeline": show_pipeline(call, pipeline), "user": call.lab.user("ada"), "web_url": page}
    return job | reason | shown


@route("GET", "/pipelines/{pipeline}/jobs")
def list_jobs(call: Call) -> tuple[int, Any]:
    known = {pipeline["id"]: pipeline for pipeline in call.lab.pipelines}
    pipeline = one(known, int(call.names["pipeline"]))
    scope = [value for name, value in parse_qsl(call.query["__text"]) if name == "scope[]"]
    kept = [job for job in pipeline["jobs"] if not scope or job["status"] in scope]
    return 200, [show_job(call, pipeline, job) for job in sorted(kept, key=lambda job: -int(job["id"]))]


@route("POST", "/jobs/{job}/retry")
def retry_job(call: Call) -> tuple[int, Any]:
    call.need(DEVELOPER)
    every = {job["id"]: (pipeline, job) for pipeline in call.lab.pipelines for job in pipeline["jobs"]}
    if int(call.names["job"]) not in every:
        raise Refused(404, "404 Not Found")
    pipeline, job = every[int(call.names["job"])]
    if job["status"] not in ("failed", "success", "canceled"):
        raise Refused(403, "403 Forbidden - Job is not retryable")
    # The old job is listed no more: a new one of its name has taken its place.
    pipeline["jobs"].remove(job)
    new = {**job, "id": max(every) + 1, "status": "pending"}
    pipeline["jobs"].append(new)
    pipeline["status"] = "running"
    return 201, show_job(call, pipeline, new)


def show_environment(call: Call, name: str) -> Data:
    known = call.lab.environments[name]
    return {"id": known["id"], "name": name, "slug": name.replace("/", "-"), "external_url": known["url"]}


@route("POST", "/deployments")
def create_deployment(call: Call) -> tuple[int, Any]:
    call.need(DEVELOPER)
    lab, sent = call.lab, call.body
    if sent["environment"] in lab.protected:
        raise Refused(403, "403 Forbidden")
    lab.environments.setdefault(sent["environment"], {"id": 60 + len(lab.environments), "url": None})
    lab.deployments.append({**sent, "login": call.login})
    environment = show_environment(call, sent["environment"])
    shown = {key: sent[key] for key in ("ref", "sha", "status")}
    who = {"user": lab.user(call.login), "environment": environment, "deployable": None}
    return 201, {"id": 80 + len(lab.deployments), "iid": len(lab.deployments)} | shown | who


@route("PUT", "/environments/{environment}")
def edit_environment(call: Call) -> tuple[int, Any]:
    call.need(DEVELOPER)
    names = {known["id"]: name for name, known in call.lab.environments.items()}
    if int(call.names["environment"]) not in names:
        raise Refused(404, "404 Not found")
    name = names[int(call.names["environment"])]
    call.lab.environments[name]["url"] = call.body["external_url"]
    return 200, show_environment(call, name) | {"state": "available", "tier": "other"}
