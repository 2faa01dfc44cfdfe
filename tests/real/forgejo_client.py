"""Somebody else's client, generated from Forgejo's own description, does what cdml does: URL TOKEN HEAD.

It runs in the environment of the real tests, where pyforgejo is. Prints what it was answered, as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pyforgejo import PyforgejoApi
from pyforgejo.core.api_error import ApiError

OWN = ("acme", "churn")


def main() -> None:
    url, token, head = sys.argv[1:]
    api = PyforgejoApi(base_url=url, api_key=token)
    told: dict[str, Any] = {"login": api.user.get_current().login}
    told |= pulls(api) | comments(api) | statuses(api, head) | issues(api) | refusals(api)
    api.repository.repo_merge_pull_request(*OWN, 1, do="merge", head_commit_id=head)
    merged = api.repository.repo_get_pull_request(*OWN, 1)
    told["merged"] = [merged.merged, merged.state, bool(merged.merge_commit_sha)]
    print(json.dumps(told, default=str))


def pulls(api: PyforgejoApi) -> dict[str, Any]:
    made = api.repository.repo_create_pull_request(*OWN, head="feature", base="main", title="t", body="b")
    edited = api.repository.repo_edit_pull_request(*OWN, 1, title="A better model")
    listed = api.repository.repo_list_pull_requests(*OWN, state="open", page=1, limit=50)
    files = api.repository.repo_get_pull_request_files(*OWN, 1)
    compared = api.repository.repo_compare_diff(*OWN, "main...feature")
    return {
        "pull": [made.number, made.user.login, made.head.ref, made.base.ref, made.mergeable, made.merged],
        "title": edited.title,
        "listed": [pull.number for pull in listed],
        "files": [file.filename for file in files],
        "commits": compared.total_commits,
    }


def comments(api: PyforgejoApi) -> dict[str, Any]:
    made = api.issue.create_comment(*OWN, 1, body="first")
    edited = api.issue.edit_comment(*OWN, made.id, body="second")
    api.issue.post_comment_reaction(*OWN, made.id, content="eyes")
    found = api.issue.get_comment(*OWN, made.id)
    listed = api.issue.get_comments(*OWN, 1)
    page = found.pull_request_url.rpartition("/")[2]
    answer = [made.body, edited.body, edited.updated_at > made.created_at, found.user.login, page, len(listed)]
    api.issue.delete_comment(*OWN, made.id)
    return {"comment": answer, "left": len(api.issue.get_comments(*OWN, 1))}


def statuses(api: PyforgejoApi, head: str) -> dict[str, Any]:
    words = {"context": "cdml", "description": "2 gates pass", "target_url": "https://ci.example/1"}
    for state in ("pending", "success"):
        api.repository.repo_create_status(*OWN, head, state=state, **words)
    newest = api.repository.repo_list_statuses(*OWN, head, sort="highestindex")[0]
    level = api.repository.repo_get_repo_permissions(*OWN, "ada").permission
    return {"status": [newest.status, newest.context, newest.description, newest.target_url], "level": level}


def issues(api: PyforgejoApi) -> dict[str, Any]:
    made = api.issue.create_issue(*OWN, title="Drift", body="of age")
    closed = api.issue.edit_issue(*OWN, made.number, state="closed")
    listed = api.issue.list_issues(*OWN, state="all", type="issues")
    return {"issue": [made.number, closed.state, [issue.number for issue in listed]]}


def refusals(api: PyforgejoApi) -> dict[str, Any]:
    acts = {
        "missing": lambda: api.repository.repo_get_pull_request(*OWN, 99),
        "again": lambda: api.repository.repo_create_pull_request(*OWN, head="feature", base="main", title="t"),
        "empty": lambda: api.issue.create_comment(*OWN, 1, body=""),
    }
    return {name: status(act) for name, act in acts.items()}


def status(act: Any) -> int | None:
    try:
        act()
    except ApiError as error:
        return error.status_code
    return None


if __name__ == "__main__":
    main()
