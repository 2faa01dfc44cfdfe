"""What an Azure DevOps repository holds, and what its API does with it: the stand-in's memory, without any HTTP.

Behind it may stand a bare git repository: then pull requests follow its branches, and completing really merges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from azure_schema import described
from github_state import Data, Hub

PER_THREAD = 100_000
PROJECT_ID = "a7573007-bbb3-4341-b726-0c4148a07853"
REPOSITORY_ID = "3411ebc1-d5aa-464f-9615-0b527bc66719"
GATE_ID = "0f5e2f3c-6f0d-4c55-9f0e-0c1c0f2a9b11"
GIT_NAMESPACE = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87"
BITS = {
    "GenericRead": 2,
    "GenericContribute": 4,
    "CreateBranch": 16,
    "CreateTag": 32,
    "PullRequestContribute": 16384,
}
BOT = f"Build\\{'5' * 8}-5555-4555-8555-{'5' * 12}"
TASK = {"To Do": "Proposed", "Doing": "InProgress", "Done": "Completed", "Cut": "Removed"}


class Refused(Exception):
    """What Azure DevOps answers instead."""

    def __init__(self, status: int, message: str, kind: str = "VssServiceException") -> None:
        super().__init__(message)
        self.status = status
        self.body = wrapped(message, kind)


def wrapped(message: str, kind: str = "VssServiceException") -> Data:
    """A refusal in the form that the service has for all of them."""
    names = {"typeName": f"Microsoft.TeamFoundation.{kind}, Microsoft.TeamFoundation", "typeKey": kind}
    return {"$id": "1", "innerException": None, "message": message, **names, "errorCode": 0, "eventId": 3000}


@dataclass
class Organization(Hub):
    """One project with one repository, and the knobs that make it behave like the many there are.

    People are known by their unique name. `denied` holds rights that only the pipeline's identity lacks, as
    refusals name them, and `boards`.
    """

    organization: str = "acme"
    project: str = "churn"
    repository: str = "churn"
    anybody: str | None = None
    people: dict[str, Data] = field(default_factory=dict)
    writers: set[str] = field(default_factory=set)
    threads: dict[int, Data] = field(default_factory=dict)
    items: dict[int, Data] = field(default_factory=dict)
    changed: list[tuple[str, str, str]] = field(
        default_factory=lambda: [("edit", "/train.py", ""), ("edit", "/params.yaml", "")]
    )
    lagging: int = 0  # how many completions find the last trial merge too old
    markdown: bool = True  # a description may be Markdown
    policy: bool = True  # a build validation judges pull requests
    identities_at: str = ""  # where people are known; empty: here

    def person(self, login: str) -> Data:
        """Somebody, made known when first named."""
        if login not in self.people:
            number = len(self.people) + 1
            identity = f"{number:08x}-0000-4000-8000-000000000000"
            kind = "ServiceIdentity" if login.startswith("Build\\") else "Claims.ClaimsIdentity"
            descriptor = f"Microsoft.IdentityModel.{kind};tenant\\{login}"
            self.people[login] = {"id": identity, "login": login, "descriptor": descriptor, "active": True}
        return self.people[login]

    def follow(self) -> None:
        """Open pull requests offer what their branches hold now, and each push is kept."""
        super().follow()
        for pull in self.pulls.values():
            pushes = pull.setdefault("pushes", [])
            if not pushes or pushes[-1] != pull["sha"]:
                pushes.append(pull["sha"])

    def add_thread(self, number: int, body: str, login: str = "ada", **more: Any) -> Data:
        """A thread with its first comment; `kind` is the comment's."""
        identity, when = max(self.threads, default=140) + 1, self.now()
        thread: Data = {"id": identity, "number": number, "status": "active", "context": None, "when": when}
        self.threads[identity] = thread | {"comments": [], **more}
        self.add_reply(identity, body, login, str(more.get("kind", "text")))
        return self.threads[identity]

    def add_reply(self, thread: int, body: str, login: str = "ada", kind: str = "text") -> Data:
        comments, when = self.threads[thread]["comments"], self.now()
        made: Data = {"id": len(comments) + 1, "login": login, "body": body, "kind": kind, "published": when}
        made |= {"parent": min(len(comments), 1), "updated": when, "deleted": False, "likes": set()}
        comments.append(made)
        return made

    def add_item(self, title: str, tags: str, state: str = "To Do", **fields: str) -> Data:
        identity = max(self.items, default=100) + 1
        known = {"System.Title": title, "System.Tags": tags, "System.State": state, "System.WorkItemType": "Task"}
        self.items[identity] = {"id": identity, "fields": known | fields}
        return self.items[identity]

    def document(self) -> Data:
        """Everything, as plain data."""
        threads = [
            {**thread, "comments": [{**one, "likes": sorted(one["likes"])} for one in thread["comments"]]}
            for thread in self.threads.values()
        ]
        return super().document() | {"threads": threads, "items": list(self.items.values())}


@dataclass(frozen=True)
class Call:
    """One request, as the API's own code sees it."""

    hub: Organization
    login: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    url: str

    @property
    def pull(self) -> Data:
        number = int(self.names["pullRequestId"])
        if number not in self.hub.pulls:
            raise Refused(
                404,
                f"TF401180: The requested pull request was not found. {number}",
                "GitPullRequestNotFoundException",
            )
        return self.hub.pulls[number]

    @property
    def thread(self) -> Data:
        found = self.hub.threads.get(int(self.names["threadId"]))
        if found is None or found["number"] != self.pull["number"]:
            raise Refused(
                404, f"The thread {self.names['threadId']} does not exist.", "CommentThreadNotFoundException"
            )
        return found

    @property
    def comment(self) -> Data:
        for one in self.thread["comments"]:
            if one["id"] == int(self.names["commentId"]) and not one["deleted"]:
                return cast(Data, one)
        raise Refused(404, f"The comment {self.names['commentId']} does not exist.", "CommentNotFoundException")

    def may(self, right: str) -> bool:
        """Whether who asks has a right."""
        return self.login != BOT or right not in self.hub.denied

    def need(self, right: str) -> None:
        if not self.may(right):
            raise Refused(
                403,
                f"TF401027: You need the Git '{right}' permission to perform this action. Details: identity "
                f"'{self.login}', scope 'repository'.",
                "GitNeedsPermissionException",
            )


Handler = Callable[[Call], tuple[int, Any]]
HANDLERS: dict[str, Handler] = {}


def handles(name: str) -> Callable[[Handler], Handler]:
    """Who answers an operation, by the name of the client's method for it."""
    assert name in described()["operations"], name

    def keep(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return keep
