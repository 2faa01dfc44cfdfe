"""The forge that is GitHub, github.com or a company's own, over its REST API.

No library for it: a few requests are needed, every forge goes through the same HTTP door, and its retries, limits
and words are the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from urllib.parse import quote

from cdml.core.dialect import GITHUB_FLAVOURED, Dialect
from cdml.core.errors import UsageError
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
from cdml.forges.github_actions import look_again, start_run
from cdml.forges.github_api import GithubApi
from cdml.forges.github_comments import GithubBoard, find_comment, fit, react, read_comments, write_comment
from cdml.forges.github_deployments import record_deployment
from cdml.forges.github_issues import close_issue, open_issue, read_issues
from cdml.forges.github_merge import merge_pull, read_pull
from cdml.forges.github_place import find_place
from cdml.forges.github_wire import (
    WireCombined,
    WireFile,
    WirePermission,
    WirePull,
    WireStatus,
    pull,
    status,
)
from cdml.forges.rest import ForgeError
from cdml.forges.sticky import own
from cdml.forges.text import clean, full_id, one_line
from cdml.state.git import REMOTE, Git

PULLS = "pull-requests: write"
READS = "pull-requests: read"
STATUSES = "statuses: write"
SEES = "statuses: read"
MOST = 140  # characters of a status' description


class GithubForge:
    """Pull requests, comments, statuses and issues of the GitHub repository that a remote names."""

    dialect: Dialect = GITHUB_FLAVOURED

    def __init__(self, git: Git, remote: str = REMOTE) -> None:
        self.git = git
        self.remote = remote

    @cached_property
    def api(self) -> GithubApi:
        """The repository's API; UsageError where the remote names no repository."""
        return GithubApi(find_place(self.git.remote_url(self.remote) or ""))

    def open_pull(self, source: str, target: str, title: str, body: str) -> PullRequest:
        """Offer the remote branch `source` for `target`; an open one for both is updated.

        UsageError where a branch is not on the remote, or `source` holds nothing that `target` lacks.
        """
        if source == target:
            raise UsageError(f"{source} cannot be merged into itself", "name two branches")
        words = {"title": one_line(title, "a pull request"), "body": fit(body)}
        return self._update_open(source, target, words) or self._create(source, target, words)

    def _update_open(self, source: str, target: str, words: dict[str, str]) -> PullRequest | None:
        offered = f"{self.api.place.owner}:{source}"
        for found in self._listed("open", head=offered, base=target):
            if (found.source, found.target) == (source, target):
                return self._change(found.number, words)
        return None

    def _create(self, source: str, target: str, words: dict[str, str]) -> PullRequest:
        body = {**words, "head": source, "base": target}
        try:
            made = self.api.write(WirePull, "POST", "/pulls", body, needs=PULLS)
        except ForgeError as error:
            if error.status != 422:
                raise
            quicker = self._update_open(source, target, words) if "already exists" in error.said else None
            if quicker is None:
                raise self._no_offer(source, target, error) from None
            return quicker
        return pull(made, self.api.place.slug)

    def _no_offer(self, source: str, target: str, error: ForgeError) -> Exception:
        if "No commits between" in error.said:
            return UsageError(
                f"nothing to merge: {target} already has every commit of {source}",
                f"git commit on {source}, then git push {self.remote} {source}",
            )
        for name, field in ((source, "head"), (target, "base")):
            if f"{field} invalid" in error.said:
                return UsageError(
                    f"{self.api.place.slug} has no branch {name!r}", f"git push {self.remote} {name}"
                )
        return error

    def _change(self, number: int, body: dict[str, str]) -> PullRequest:
        changed = self.api.write(WirePull, "PATCH", f"/pulls/{number}", body, needs=PULLS)
        return pull(changed, self.api.place.slug)

    def pulls(self, state: PullState | None = "open") -> tuple[PullRequest, ...]:
        """Pull requests, newest first; all of them when `state` is None."""
        asked = "all" if state is None else "open" if state == "open" else "closed"
        return tuple(found for found in self._listed(asked) if state in (None, found.state))

    def _listed(self, state: str, **query: str) -> tuple[PullRequest, ...]:
        order = {"sort": "created", "direction": "desc"}
        pages = self.api.each(tuple[WirePull, ...], "/pulls", needs=READS, state=state, **order, **query)
        return tuple(pull(wire, self.api.place.slug) for page in pages for wire in page)

    def pull(self, number: int) -> PullRequest:
        """One pull request; UsageError where there is none."""
        return pull(read_pull(self.api, number), self.api.place.slug)

    def close_pull(self, number: int, reason: str) -> PullRequest:
        """Close without merging, with a comment that says why."""
        found = self.pull(number)
        if found.state != "open":
            raise UsageError(f"pull request #{number} is {found.state} already", "cdml pr list")
        self.comment(number, reason)
        return self._change(number, {"state": "closed"})

    def comments(self, number: int) -> tuple[Comment, ...]:
        """A pull request's comments, oldest first."""
        return read_comments(self.api, number)

    def comment(self, number: int, body: str, marker: str = "", known: int | None = None) -> Comment:
        """Write a comment; with `marker`, edit the author's own one that begins with it instead."""
        return write_comment(self.api, number, body, marker, known)

    def files(self, number: int) -> tuple[str, ...]:
        """The paths that a pull request changes, sorted; a renamed file counts with both its names."""
        pages = self.api.each(tuple[WireFile, ...], f"/pulls/{number}/files", needs=READS)
        names = {name for page in pages for wire in page for name in (wire.filename, wire.previous_filename)}
        return tuple(sorted(name for name in names if name))

    def own_comments(self, number: int, marker: str) -> tuple[Comment, ...]:
        """Comments that begin with `marker` and that the token's owner wrote, oldest first."""
        return own(GithubBoard(self.api, number), marker)

    def find_comment(self, number: int, identity: int) -> Comment:
        """One comment of a pull request by its id; UsageError where there is none."""
        return find_comment(self.api, number, identity)

    def react(self, number: int, identity: int, reaction: Reaction) -> None:
        """Show on a comment how far its command is."""
        react(self.api, identity, reaction)

    def may_write(self, login: str) -> bool:
        """Whether somebody may push to the repository, as GitHub says it now."""
        path = f"/collaborators/{quote(login, safe='')}/permission"
        try:
            return self.api.read(WirePermission, path, needs="metadata: read").permission in ("write", "admin")
        except ForgeError as error:
            if error.status != 404:  # somebody without an account
                raise
            return False

    def start_run(self, pull: PullRequest, inputs: Mapping[str, str]) -> str:
        """Start the workflow that judges pull requests, as main has it; what it is to judge stands in `inputs`.

        The branch for such runs must be there.
        """
        return start_run(self.api, pull, inputs)

    def look_again(self, pull: PullRequest) -> bool:
        """Run the job of the required check again, of the newest run that judged the pull request's head."""
        return look_again(self.api, pull.head)

    def set_status(self, sha: str, *statuses: Status) -> None:
        """Set statuses on a commit, given by its full id."""
        for told in statuses:
            said = clean(told.description)
            body = {
                "state": told.state,
                "context": clean(told.context),
                "description": said if len(said) <= MOST else f"{said[: MOST - 1]}…",
                **({"target_url": told.url} if told.url else {}),
            }
            self.api.write(WireStatus, "POST", f"/statuses/{full_id(sha)}", body, needs=STATUSES)

    def statuses(self, sha: str) -> tuple[Status, ...]:
        """A commit's statuses by context, each context's newest."""
        pages = self.api.each(WireCombined, f"/commits/{full_id(sha)}/status", needs=SEES)
        found = (status(wire) for page in pages for wire in page.statuses)
        return tuple(sorted(found, key=lambda s: s.context))

    def record_deployment(self, record: EnvironmentRecord) -> bool:
        """Keep a deployment that no job of GitHub's made, how it ended, and the address that it is served at."""
        return record_deployment(self.api, record)

    def image_url(self, commit: str, path: str) -> str:
        """Where pages of this forge show a picture of the repository, to whoever may see the repository."""
        return f"{self.api.place.page}/blob/{full_id(commit)}/{path}?raw=true"

    def own_statuses(self, sha: str) -> tuple[Status, ...]:
        """The statuses of a commit whose newest word is the token's owner's or another app's, by context.

        The jobs that state a verdict may have the token of an app of your own. No person has such an account.
        """
        newest: dict[str, WireStatus] = {}
        for page in self.api.each(tuple[WireStatus, ...], f"/commits/{full_id(sha)}/statuses", needs=SEES):
            for wire in page:  # the newest first
                newest.setdefault(wire.context, wire)
        ours = (
            status(wire)
            for wire in newest.values()
            if wire.creator is not None and (wire.creator.type == "Bot" or wire.creator.login == self.api.login)
        )
        return tuple(sorted(ours, key=lambda s: s.context))

    def merge(self, number: int, method: MergeMethod, head: str | None = None) -> PullRequest:
        """Merge; ExternalError on a conflict, a rule of the branch, or when it no longer offers `head`.

        Then nothing has changed.
        """
        return merge_pull(self.api, number, method, head)

    def open_issue(self, key: str, title: str, body: str) -> Issue:
        """The one open issue of this key, made or edited."""
        return open_issue(self.api, key, title, body)

    def close_issue(self, key: str) -> Issue | None:
        """Close the key's open issue, if there is one."""
        return close_issue(self.api, key)

    def issues(self) -> tuple[Issue, ...]:
        """All issues that cdml keeps, newest first."""
        return read_issues(self.api)
