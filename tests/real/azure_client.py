"""Microsoft's own client for Azure DevOps does what cdml does: COLLECTION TOKEN HEAD.

It runs in the environment of the real tests, where azure-devops is. Prints what it was answered, as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from azure.devops.connection import Connection
from azure.devops.exceptions import AzureDevOpsServiceError
from azure.devops.v7_1.git import models
from azure.devops.v7_1.work_item_tracking.models import JsonPatchOperation, TeamContext, Wiql
from msrest.authentication import BasicAuthentication

OWN = {"repository_id": "churn", "project": "churn"}
NAMESPACE = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87"


def main() -> None:
    collection, token, head = sys.argv[1:]
    connection = Connection(base_url=collection, creds=BasicAuthentication("", token))
    clients, git = connection.clients_v7_1, connection.clients_v7_1.get_git_client()
    told: dict[str, Any] = {}
    told |= pulls(git) | comments(git) | statuses(git, head) | people(clients, git)
    told |= boards(clients.get_work_item_tracking_client()) | refusals(git) | policies(clients, git)
    told["merged"] = merge(git, head)
    print(json.dumps(told, default=str))


def pulls(git: Any) -> dict[str, Any]:
    offer = models.GitPullRequest(
        source_ref_name="refs/heads/feature", target_ref_name="refs/heads/main", title="t", description="b"
    )
    made = git.create_pull_request(offer, **OWN)
    number = made.pull_request_id
    edited = git.update_pull_request(models.GitPullRequest(title="A better model"), pull_request_id=number, **OWN)
    wanted = models.GitPullRequestSearchCriteria(status="active", source_ref_name="refs/heads/feature")
    listed = git.get_pull_requests(search_criteria=wanted, top=100, skip=0, **OWN)
    last = git.get_pull_request_iterations(pull_request_id=number, **OWN)[-1]
    changed = git.get_pull_request_iteration_changes(pull_request_id=number, iteration_id=last.id, top=2000, **OWN)
    base = models.GitBaseVersionDescriptor(base_version="main", base_version_type="branch")
    target = models.GitTargetVersionDescriptor(target_version="feature", target_version_type="branch")
    ahead = git.get_commit_diffs(base_version_descriptor=base, target_version_descriptor=target, **OWN).ahead_count
    refs = git.get_refs(filter="heads/feature", **OWN)
    return {
        "pull": [number, made.created_by.unique_name, made.status, made.merge_status, made.source_ref_name],
        "title": edited.title,
        "listed": [pull.pull_request_id for pull in listed],
        "head": [last.source_ref_commit.commit_id, made.last_merge_source_commit.commit_id],
        "changes": len(changed.change_entries),
        "ahead": ahead,
        "refs": [ref.name for ref in refs],
    }


def comments(git: Any) -> dict[str, Any]:
    first = models.Comment(parent_comment_id=0, content="first", comment_type="text")
    thread = models.GitPullRequestCommentThread(comments=[first], status="active")
    made = git.create_thread(thread, pull_request_id=1, **OWN)
    where = {"pull_request_id": 1, "thread_id": made.id, **OWN}
    edited = git.update_comment(models.Comment(content="second"), comment_id=1, **where)
    git.create_like(comment_id=1, **where)
    closed = git.update_thread(models.GitPullRequestCommentThread(status="closed"), **where)
    listed = git.get_threads(pull_request_id=1, **OWN)
    found = git.get_pull_request_thread(**where).comments[0]
    git.delete_comment(comment_id=1, **where)
    left = git.get_pull_request_thread(**where).comments[0]
    return {
        "comment": [made.status, edited.content, closed.status, len(listed), found.author.unique_name],
        "edited": found.last_content_updated_date > found.published_date,
        "liked": [one.unique_name for one in found.users_liked],
        "deleted": [left.is_deleted, left.content],
    }


def statuses(git: Any, head: str) -> dict[str, Any]:
    words = {"description": "2 gates pass", "target_url": "https://ci.example/1"}
    context = models.GitStatusContext(name="churn", genre="cdml")
    for state in ("pending", "succeeded"):
        told = models.GitStatus(state=state, context=context, **words)
        git.create_commit_status(told, commit_id=head, **OWN)
    (newest,) = git.get_statuses(commit_id=head, latest_only=True, **OWN)
    of_pull = models.GitPullRequestStatus(state="succeeded", context=context, iteration_id=1, **words)
    kept = git.create_pull_request_status(of_pull, pull_request_id=1, **OWN)
    return {
        "status": [newest.state, newest.context.genre, newest.context.name, newest.description, newest.target_url],
        "of pull": [kept.state, kept.id],
    }


def people(clients: Any, git: Any) -> dict[str, Any]:
    mine = clients.get_location_client().get_connection_data().authenticated_user
    (ada,) = clients.get_identity_client().read_identities(
        search_filter="General", filter_value="ada@example.com", query_membership="None"
    )
    repository = git.get_repository(**OWN)
    token = f"repoV2/{repository.project.id}/{repository.id}"
    security = clients.get_security_client()
    (rights,) = security.query_access_control_lists(
        NAMESPACE, token=token, descriptors=ada.descriptor, include_extended_info=True
    )
    allowed = rights.aces_dictionary[ada.descriptor].extended_info.effective_allow
    held = security.has_permissions(NAMESPACE, permissions=4, tokens=token, always_allow_administrators=False)
    return {"me": mine.provider_display_name, "may": bool(allowed & 4), "held": held}


def boards(items: Any) -> dict[str, Any]:
    document = [
        JsonPatchOperation(op="add", path=f"/fields/System.{name}", value=value)
        for name, value in (("Title", "Drift"), ("Tags", "cdml; cdml:churn:drift"))
    ]
    made = items.create_work_item(document, project="churn", type="Task")
    states = items.get_work_item_type_states(project="churn", type="Task")
    done = next(state.name for state in states if state.category == "Completed")
    change = JsonPatchOperation(op="add", path="/fields/System.State", value=done)
    closed = items.update_work_item([change], id=made.id, project="churn")
    query = (
        "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project "
        "AND [System.Tags] CONTAINS 'cdml' ORDER BY [System.Id] DESC"
    )
    found = items.query_by_wiql(Wiql(query=query), team_context=TeamContext(project="churn"))
    ids = [one.id for one in found.work_items]
    (read,) = items.get_work_items(ids=ids, project="churn", fields=["System.Id", "System.Tags"])
    return {"item": [closed.fields["System.State"], read.fields["System.Tags"], ids == [made.id]]}


def policies(clients: Any, git: Any) -> dict[str, Any]:
    project = git.get_repository(**OWN).project.id
    policy = clients.get_policy_client()
    found = policy.get_policy_evaluations("churn", f"vstfs:///CodeReview/CodeReviewId/{project}/1")
    ours = next(one for one in found if one.configuration.settings["displayName"] == "cdml gate")
    again = policy.requeue_policy_evaluation("churn", ours.evaluation_id)
    return {"queued": [again.status, again.context["buildId"]]}


def merge(git: Any, head: str) -> list[Any]:
    options = models.GitPullRequestCompletionOptions(merge_strategy="squash", delete_source_branch=False)
    asked = models.GitPullRequest(
        status="completed",
        last_merge_source_commit=models.GitCommitRef(commit_id=head),
        completion_options=options,
    )
    git.update_pull_request(asked, pull_request_id=1, **OWN)
    done = git.get_pull_request(pull_request_id=1, **OWN)
    return [done.status, bool(done.last_merge_commit.commit_id)]


def refusals(git: Any) -> dict[str, Any]:
    again = models.GitPullRequest(
        source_ref_name="refs/heads/feature", target_ref_name="refs/heads/main", title="t"
    )
    acts = {
        "missing": lambda: git.get_pull_request(pull_request_id=99, **OWN),
        "again": lambda: git.create_pull_request(again, **OWN),
    }
    return {name: refused(act) for name, act in acts.items()}


def refused(act: Any) -> str:
    try:
        act()
    except AzureDevOpsServiceError as error:
        return str(error.type_key)
    return ""


if __name__ == "__main__":
    main()
