"""Play python-gitlab against an address: `python gitlab_client.py URL TOKEN HEAD`.

It runs in the environment of the real tests, where python-gitlab is. Prints what it was answered, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import gitlab


def main(url: str, token: str, head: str) -> None:
    hub = gitlab.Gitlab(url, private_token=token, retry_transient_errors=False, per_page=100)
    hub.auth()
    assert hub.user is not None
    project = hub.projects.get("acme/churn")
    told: dict[str, Any] = {"login": hub.user.username, "method": project.merge_method}
    told |= _merge_request(project) | _notes(project) | _statuses(project, head) | _people(hub, project)
    told |= _issues(project) | _refusals(hub, project)
    merge_request = project.mergerequests.get(1)
    merge_request.merge()
    told["merged"] = [merge_request.state, bool(merge_request.merge_commit_sha)]
    print(json.dumps(told))


def _merge_request(project: Any) -> dict[str, Any]:
    words = {"source_branch": "feature", "target_branch": "main", "title": "A model", "description": "why"}
    made = project.mergerequests.create(words)
    made.title = "A better model"
    made.save()
    listed = project.mergerequests.list(state="opened", source_branch="feature", get_all=True)
    diffs = project.manager.gitlab.http_list(f"{made.manager.path}/{made.iid}/diffs", get_all=True)
    base = project.repository_merge_base(["a" * 40, "b" * 40])
    pipeline = made.pipelines.create({})
    return {
        "pull": [made.iid, made.author["username"], made.source_branch, made.detailed_merge_status, made.draft],
        "title": project.mergerequests.get(made.iid).title,
        "listed": [one.iid for one in listed],
        "files": sorted(one["new_path"] for one in diffs),
        "branch": project.branches.get("feature").commit["id"][:3],
        "base": len(base["id"]),
        "pipeline": pipeline.source,
    }


def _notes(project: Any) -> dict[str, Any]:
    notes = project.mergerequests.get(1, lazy=True).notes
    made = [notes.create({"body": f"note {number}"}) for number in range(130)]
    made[0].body = "edited"
    made[0].save()
    made[0].awardemojis.create({"name": "eyes"})
    made[1].delete()
    listed = notes.list(iterator=True, sort="asc", order_by="created_at", activity_filter="only_comments")
    return {
        "notes": [note.body for note in listed][:2],
        "counted": len(notes.list(get_all=True)),
        "kind": notes.get(made[0].id).noteable_type,
        "awards": [one.name for one in made[0].awardemojis.list(get_all=True)],
    }


def _statuses(project: Any, head: str) -> dict[str, Any]:
    statuses = project.commits.get(head, lazy=True).statuses
    for state in ("pending", "success"):
        words = {"description": "2 gates pass", "target_url": "https://ci.example/1"}
        statuses.create({"state": state, "name": "cdml", **words})
    (found,) = statuses.list(get_all=True)
    return {"status": [found.status, found.name, found.description, found.target_url]}


def _people(hub: Any, project: Any) -> dict[str, Any]:
    (ada,) = hub.users.list(username="ada", get_all=True)
    return {
        "level": project.members_all.get(ada.id).access_level,
        "scopes": hub.personal_access_tokens.get("self").scopes,
    }


def _issues(project: Any) -> dict[str, Any]:
    made = project.issues.create({"title": "Drift", "description": "of age"})
    made.state_event = "close"
    made.save()
    return {"issue": [made.iid, made.state, [one.iid for one in project.issues.list(state="all", get_all=True)]]}


def _refusals(hub: Any, project: Any) -> dict[str, Any]:
    again = {"source_branch": "feature", "target_branch": "main", "title": "again"}
    note = project.mergerequests.get(1, lazy=True).notes.get(201)
    return {
        "missing": _refused(lambda: project.mergerequests.get(9)),
        "again": _refused(lambda: project.mergerequests.create(again)),
        "taken": _refused(lambda: note.awardemojis.create({"name": "eyes"})),
        "nobody": _refused(lambda: gitlab.Gitlab(hub.url, private_token="wrong").auth()),
    }


def _refused(act: Callable[[], object]) -> list[Any]:
    try:
        act()
    except gitlab.GitlabError as error:
        return [error.response_code, error.error_message]
    return []


if __name__ == "__main__":
    main(*sys.argv[1:4])
