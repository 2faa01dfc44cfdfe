"""The forge that is Azure Repos, on dev.azure.com or a server of one's own, over the REST API of Azure DevOps.

No library for it: Microsoft's own is a beta that asks a server for its routes first, and keeps them in files.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial

from cdml.core.dialect import Dialect
from cdml.core.errors import UsageError
from cdml.forges import sticky
from cdml.forges.azure_api import AzureApi
from cdml.forges.azure_comments import DIALECT, AzureBoard, find_comment, react, read_comments, write_comment
from cdml.forges.azure_issues import close_issue, open_issue, read_issues
from cdml.forges.azure_merge import fresh, merge_pull, read_pull, tip
from cdml.forges.azure_people import may_write
from cdml.forges.azure_place import find_place
from cdml.forges.azure_runs import start_run
from cdml.forges.azure_statuses import Offers, iterations, read_statuses, set_status
from cdml.forges.azure_wire import HEADS, WireChanges, WireDifference, WirePull, pull
from cdml.forges.azure_words import PULLS, READ
from cdml.forges.base import (
    Comment,
    EnvironmentRecord,
    Issue,
    MergeMethod,
    PullRequest,
    PullState,
    Reaction,
    Status,
)
from cdml.forges.rest import ForgeError
from cdml.forges.sticky import own
from cdml.forges.text import full_id, one_line
from cdml.state.git import REMOTE, Git

# "A description for a pull request must not be longer than 4000 characters", counted as .NET does.
fit = partial(sticky.fit, longest=3_900, forge="Azure DevOps")
LONGEST_TITLE = 400
CHANGES = 2000  # as many as one request answers
ASKED: dict[PullState | None, str] = {"open": "active", "closed": "abandoned", "merged": "completed", None: "all"}


class AzureForge:
    """Pull requests, comments, statuses and work items of the Azure DevOps repository that a remote names."""

    dialect: Dialect = DIALECT

    def __init__(self, git: Git, remote: str = REMOTE) -> None:
        self.git = git
        self.remote = remote
        self._offers: Offers = {}

    @cached_property
    def api(self) -> AzureApi:
        """The API of the repository; UsageError where the remote names none."""
        return AzureApi(find_place(self.git.remote_url(self.remote) or ""))

    @property
    def _pulls(self) -> str:
        return f"{self.api.git}/pullrequests"

    def open_pull(self, source: str, target: str, title: str, body: str) -> PullRequest:
        """Offer the remote branch `source` for `target`; an open one for both is updated.

        UsageError where a branch is not on the remote, or `source` holds nothing that `target` lacks.
        """
        if source == target:
            raise UsageError(f"{source} cannot be merged into itself", "name two branches")
        words = {"title": one_line(title, "a pull request")[:LONGEST_TITLE], "description": fit(body)}
        return self._update_open(source, target, words) or self._create(source, target, words)

    def _update_open(self, source: str, target: str, words: dict[str, str]) -> PullRequest | None:
        asked = {"sourceRefName": HEADS + source, "targetRefName": HEADS + target, "status": "active"}
        for found in self._listed(asked):
            if found.fork_source is None:
                return self._change(found.pull_request_id, words)
        return None

    def _create(self, source: str, target: str, words: dict[str, str]) -> PullRequest:
        self._require_offer(source, target)
        self._offers.clear()
        body = {**words, "sourceRefName": HEADS + source, "targetRefName": HEADS + target}
        try:
            return fresh(self.api, self.api.write(WirePull, "POST", self._pulls, body, needs=PULLS))
        except ForgeError as error:
            # Somebody else was quicker.
            quicker = self._update_open(source, target, words) if error.status == 409 else None
            if quicker is None:
                raise
            return quicker

    def _require_offer(self, source: str, target: str) -> None:
        """Azure itself takes a pull request that offers nothing."""
        asked: dict[str, str | int] = {"baseVersion": target, "targetVersion": source, "$top": 1}
        asked |= {"baseVersionType": "branch", "targetVersionType": "branch"}
        try:
            found = self.api.read(WireDifference, f"{self.api.git}/diffs/commits", needs=READ, **asked)
        except ForgeError as error:
            missing = [name for name in (source, target) if error.status == 404 and tip(self.api, name) is None]
            if not missing:
                raise
            raise UsageError(
                f"{self.api.place.slug} has no branch {missing[0]!r}", f"git push {self.remote} {missing[0]}"
            ) from None
        if found.ahead_count == 0:
            raise UsageError(
                f"nothing to merge: {target} already has every commit of {source}",
                f"git commit on {source}, then git push {self.remote} {source}",
            )

    def _change(self, number: int, body: dict[str, str]) -> PullRequest:
        path = f"{self._pulls}/{number}"
        return fresh(self.api, self.api.write(WirePull, "PATCH", path, body, needs=PULLS))

    def pulls(self, state: PullState | None = "open") -> tuple[PullRequest, ...]:
        """Pull requests, newest first; all of them when `state` is None.

        Of a long body Azure lists the first 400 characters alone.
        """
        return tuple(pull(wire, self.api.place) for wire in self._listed({"status": ASKED[state]}))

    def _listed(self, criteria: dict[str, str]) -> tuple[WirePull, ...]:
        asked: dict[str, str | int] = {f"searchCriteria.{name}": value for name, value in criteria.items()}
        found = self.api.listed(WirePull, self._pulls, needs=READ, **asked)
        return tuple(sorted(found, key=lambda wire: -wire.pull_request_id))

    def pull(self, number: int) -> PullRequest:
        """One pull request; UsageError where there is none."""
        return read_pull(self.api, number)

    def close_pull(self, number: int, reason: str) -> PullRequest:
        """Close without merging, with a comment that says why."""
        found = self.pull(number)
        if found.state != "open":
            raise UsageError(f"pull request #{number} is {found.state} already", "cdml pr list")
        self.comment(number, reason)
        return self._change(number, {"status": "abandoned"})

    def comments(self, number: int) -> tuple[Comment, ...]:
        """A pull request's comments, oldest first."""
        return read_comments(self.api, number)

    def comment(self, number: int, body: str, marker: str = "", known: int | None = None) -> Comment:
        """Write a comment; with `marker`, edit the author's own one that begins with it instead."""
        return write_comment(self.api, number, body, marker, known)

    def files(self, number: int) -> tuple[str, ...]:
        """The paths that a pull request changes, sorted; a renamed file counts with both its names."""
        last = max((one.id for one in iterations(self.api, number)), default=None)
        names: set[str | None] = set()
        skip: int | None = 0 if last is not None else None
        while skip is not None:
            asked: dict[str, str | int] = {"$top": CHANGES, "$skip": skip}
            path = f"{self.api.git}/pullRequests/{number}/iterations/{last}/changes"
            page = self.api.read(WireChanges, path, needs=READ, **asked)
            for one in page.change_entries:
                if one.item is None or not one.item.is_folder:
                    names |= {one.item.path if one.item else None, one.original_path, one.source_server_item}
            skip = page.next_skip if page.next_skip > skip else None
        return tuple(sorted(name.removeprefix("/") for name in names if name))

    def own_comments(self, number: int, marker: str) -> tuple[Comment, ...]:
        """Comments that begin with `marker` and that the token's owner wrote, oldest first."""
        return own(AzureBoard(self.api, number), marker)

    def find_comment(self, number: int, identity: int) -> Comment:
        """One comment of a pull request by its id; UsageError where there is none."""
        return find_comment(self.api, number, identity)

    def react(self, number: int, identity: int, reaction: Reaction) -> None:
        """Show on a comment how far its command is."""
        react(self.api, number, identity, reaction)

    def may_write(self, login: str) -> bool:
        """Whether somebody may push to the repository, as Azure DevOps says it now."""
        return may_write(self.api, login)

    def start_run(self, pull: PullRequest, inputs: Mapping[str, str]) -> str:
        """Queue the build that judges the pull request again; a policy's build takes no inputs."""
        return start_run(self.api, pull)

    def look_again(self, pull: PullRequest) -> bool:
        """A branch policy asks for the statuses themselves."""
        return False

    def set_status(self, sha: str, *statuses: Status) -> None:
        """Set statuses on a commit, given by its full id, and on what offers it."""
        for status in statuses:
            set_status(self.api, full_id(sha), status, self._offers)

    def statuses(self, sha: str) -> tuple[Status, ...]:
        """A commit's statuses by context, each context's newest."""
        return read_statuses(self.api, full_id(sha))

    def record_deployment(self, record: EnvironmentRecord) -> bool:
        """Azure DevOps records what its own pipelines deploy, and nothing else."""
        return False

    def image_url(self, commit: str, path: str) -> str:
        """Where pages of this forge show a picture of the repository, to whoever may see the repository."""
        return self.api.place.item(full_id(commit), path)

    def own_statuses(self, sha: str) -> tuple[Status, ...]:
        """All statuses of a commit: no check follows them here."""
        return self.statuses(sha)

    def merge(self, number: int, method: MergeMethod, head: str | None = None) -> PullRequest:
        """Merge; ExternalError on a conflict, a policy of the branch, or when it no longer offers `head`.

        Then nothing has changed.
        """
        return merge_pull(self.api, number, method, head)

    def open_issue(self, key: str, title: str, body: str) -> Issue:
        """The one open work item of this key, made or edited."""
        return open_issue(self.api, key, title, body)

    def close_issue(self, key: str) -> Issue | None:
        """Close the key's open work item, if there is one."""
        return close_issue(self.api, key)

    def issues(self) -> tuple[Issue, ...]:
        """All work items that cdml keeps, newest first."""
        return read_issues(self.api)
