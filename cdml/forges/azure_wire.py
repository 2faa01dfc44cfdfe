"""Azure DevOps' answers, checked where they come in, and what they mean in our own words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from cdml.forges.azure_place import Place
from cdml.forges.base import Comment, PullRequest, PullState, Status, StatusState
from cdml.forges.rest import Wire

T = TypeVar("T")
HEADS = "refs/heads/"
# Comments are numbered within their thread, by a number of 16 bits.
PER_THREAD = 100_000
STATES: dict[StatusState, str] = {
    "pending": "pending",
    "success": "succeeded",
    "failure": "failed",
    "error": "error",
}
KNOWN: dict[str, StatusState] = {
    **{word: state for state, word in STATES.items()},
    "notSet": "pending",
    "notApplicable": "success",
    "partiallySucceeded": "success",
}


class AzureWire(Wire):
    """Names are written as JSON has them: lastMergeCommit is `last_merge_commit`."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class WireList(AzureWire, Generic[T]):
    """What every listing comes in."""

    value: tuple[T, ...]


class WireIdentity(AzureWire):
    id: str
    unique_name: str = ""
    display_name: str = ""


class WireCommit(AzureWire):
    commit_id: str


class WirePull(AzureWire):
    pull_request_id: int
    title: str = ""
    description: str | None = None
    created_by: WireIdentity
    status: Literal["active", "abandoned", "completed"]
    source_ref_name: str
    target_ref_name: str
    merge_status: str = "notSet"
    merge_failure_message: str | None = None
    is_draft: bool = False
    fork_source: Any = None
    last_merge_source_commit: WireCommit | None = None
    last_merge_commit: WireCommit | None = None


class WireRef(AzureWire):
    name: str
    object_id: str


class WireDifference(AzureWire):
    ahead_count: int


class WireComment(AzureWire):
    id: int
    parent_comment_id: int = 0
    author: WireIdentity
    content: str | None = None
    published_date: datetime
    last_content_updated_date: datetime | None = None
    comment_type: str = "text"
    is_deleted: bool = False


class WireThread(AzureWire):
    id: int
    comments: tuple[WireComment, ...] = ()
    status: str = "unknown"
    thread_context: Any = None
    is_deleted: bool = False


class WireIteration(AzureWire):
    id: int
    source_ref_commit: WireCommit | None = None


class WireItem(AzureWire):
    path: str | None = None
    is_folder: bool = False


class WireChange(AzureWire):
    item: WireItem | None = None
    original_path: str | None = None
    source_server_item: str | None = None


class WireChanges(AzureWire):
    change_entries: tuple[WireChange, ...] = ()
    next_skip: int = 0


class WireContext(AzureWire):
    name: str
    genre: str | None = None


class WireStatus(AzureWire):
    id: int = 0
    state: str
    description: str | None = None
    target_url: str | None = None
    context: WireContext


def login(user: WireIdentity) -> str:
    """Who wrote something: an e-mail address for people, `Build\\<id>` for a pipeline's own identity."""
    return user.unique_name or user.id


def pull(wire: WirePull, place: Place, tip: str | None = None) -> PullRequest:
    """A pull request; `tip` is what its branch holds now, where that was asked.

    A fork's branch must not pass for a branch of that name in the repository itself.
    """
    states: dict[str, PullState] = {"active": "open", "abandoned": "closed", "completed": "merged"}
    state, branch = states[wire.status], wire.source_ref_name.removeprefix(HEADS)
    known = wire.last_merge_source_commit.commit_id if wire.last_merge_source_commit else ""
    merged = wire.last_merge_commit.commit_id if wire.last_merge_commit and state == "merged" else None
    fork = wire.fork_source is not None
    return PullRequest(
        number=wire.pull_request_id,
        title=wire.title,
        body=wire.description or "",
        author=login(wire.created_by),
        source=f"{login(wire.created_by)}:{branch}" if fork else branch,
        target=wire.target_ref_name.removeprefix(HEADS),
        head=tip or known,
        state=state,
        merged_as=merged,
        url=f"{place.web}/pullrequest/{wire.pull_request_id}",
        fork=fork,
        draft=wire.is_draft,
        mergeable={"succeeded": True, "conflicts": False}.get(wire.merge_status) if state == "open" else None,
    )


def comment(wire: WireComment, thread: int, page: str) -> Comment:
    """A comment of a thread; `page` is the address of its pull request."""
    written = int(wire.published_date.timestamp())
    changed = wire.last_content_updated_date
    return Comment(
        thread * PER_THREAD + wire.id,
        login(wire.author),
        wire.content or "",
        written,
        int(changed.timestamp()) if changed else written,
        f"{page}?discussionId={thread}",
    )


def context(text: str) -> dict[str, str]:
    """A context as Azure DevOps keeps it, in two parts that its pages show with a slash between them."""
    genre, slash, name = text.partition("/")
    return {"genre": genre, "name": name} if genre and slash and name else {"name": text}


def status(wire: WireStatus) -> Status:
    """A status."""
    name = f"{wire.context.genre}/{wire.context.name}" if wire.context.genre else wire.context.name
    return Status(name, KNOWN.get(wire.state, "error"), wire.description or "", wire.target_url or "")
