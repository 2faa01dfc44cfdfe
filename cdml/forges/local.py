"""The forge for people without one, and the test bed of every flow: a plain bare git repository.

Whoever may push to it may do everything here; the forge keeps order, not rights. Numbers of pull requests and of
issues are separate. Comments and changes are signed with git's identity of who runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cdml.core.dialect import Dialect
from cdml.core.errors import ExternalError, UsageError
from cdml.forges import local_issues, local_pulls
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
from cdml.forges.local_merge import contains, merge_commit
from cdml.forges.local_pulls import HEADS, Stored
from cdml.forges.local_store import Store
from cdml.forges.text import clean, one_line
from cdml.state.git import REMOTE, Git
from cdml.state.plumbing import Update

# Comments are read on a terminal.
DIALECT = Dialect(longest=1_000_000, mermaid=False)


class LocalForge:
    """Pull requests, comments, statuses and issues as references on a remote, through a clone of it."""

    def __init__(self, git: Git, remote: str = REMOTE) -> None:
        self.git = git
        self.store = Store(git, remote)

    @property
    def dialect(self) -> Dialect:
        """What its comments show, and how long they may be."""
        return DIALECT

    def open_pull(self, source: str, target: str, title: str, body: str) -> PullRequest:
        """Offer the remote branch `source` for `target`; an open one for both is updated to the new head.

        UsageError where a branch is not on the remote, or `source` holds nothing that `target` lacks.
        """
        if source == target:
            raise UsageError(f"{source} cannot be merged into itself", "name two branches")
        words = (one_line(title, "a pull request"), clean(body))
        self._require_history()
        return self.store.settle(lambda: self._open_once(source, target, *words))

    def _open_once(self, source: str, target: str, title: str, body: str) -> PullRequest | None:
        refs = local_pulls.read_refs(self.store)
        head = self._require_offer(refs, source, target)
        for stored in local_pulls.read_all(self.store, refs):
            pull = stored.pull
            if pull.state == "open" and (pull.source, pull.target) == (source, target):
                return self._change(stored, replace(pull, title=title, body=body), f"Edit #{pull.number}: {title}")
        number = local_pulls.next_number(refs)
        author = clean(self.git.author())
        pull = PullRequest(number, title, body, author, source, target, head, "open")
        return pull if local_pulls.create(self.store, pull) else None

    def _require_offer(self, refs: dict[str, str], source: str, target: str) -> str:
        for branch in (source, target):
            if HEADS + branch not in refs:
                raise UsageError(
                    f"the remote {self.store.remote} has no branch {branch!r}",
                    f"git push {self.store.remote} {branch}",
                )
        head, tip = refs[HEADS + source], refs[HEADS + target]
        self.store.bring(head, tip)
        if contains(self.git, tip, head):
            raise UsageError(
                f"nothing to merge: {target} already has every commit of {source}",
                f"git commit on {source}, then git push {self.store.remote} {source}",
            )
        return head

    def pulls(self, state: PullState | None = "open") -> tuple[PullRequest, ...]:
        """Pull requests, newest first; all of them when `state` is None."""
        found = local_pulls.read_all(self.store, local_pulls.read_refs(self.store))
        return tuple(stored.pull for stored in found if state in (None, stored.pull.state))

    def pull(self, number: int) -> PullRequest:
        """One pull request; UsageError where there is none."""
        return self._read(number).pull

    def files(self, number: int) -> tuple[str, ...]:
        """The paths that a pull request changes, sorted; a renamed file counts with both its names."""
        self._require_history()
        return local_pulls.changed_files(self.store, local_pulls.read_refs(self.store), number)

    def close_pull(self, number: int, reason: str) -> PullRequest:
        """Close without merging, with a comment that says why."""
        return self.store.settle(lambda: self._close_once(number, reason))

    def _close_once(self, number: int, reason: str) -> PullRequest | None:
        stored = self._read_open(number)
        comment = local_pulls.next_comment(self.store, stored, reason)
        pull = replace(stored.pull, state="closed")
        return self._change(stored, pull, f"Close #{number}", files=local_pulls.comment_file(comment))

    def comments(self, number: int) -> tuple[Comment, ...]:
        """A pull request's comments, oldest first."""
        return local_pulls.read_comments(self.store, self._read(number))

    def comment(self, number: int, body: str, marker: str = "", known: int | None = None) -> Comment:
        """Write a comment; with `marker`, edit the author's own one that begins with it instead.

        The one that is `known` is edited whoever wrote it: the runs of several people speak as one here.
        """
        return self.store.settle(lambda: self._comment_once(number, body, marker, known))

    def _comment_once(self, number: int, body: str, marker: str, known: int | None) -> Comment | None:
        stored = self._read(number)
        comment = local_pulls.next_comment(self.store, stored, body, marker, known)
        files = local_pulls.comment_file(comment)
        return comment if self._change(stored, stored.pull, f"Comment on #{number}", files=files) else None

    def own_comments(self, number: int, marker: str) -> tuple[Comment, ...]:
        """Comments that begin with `marker`, oldest first: here everybody who may push is one of us."""
        return tuple(comment for comment in self.comments(number) if comment.body.startswith(marker))

    def find_comment(self, number: int, identity: int) -> Comment:
        """One comment of a pull request by its id; UsageError where there is none."""
        for comment in self.comments(number):
            if comment.id == identity:
                return comment
        raise UsageError(f"pull request #{number} has no comment {identity}", f"cdml pr show {number}")

    def react(self, number: int, identity: int, reaction: Reaction) -> None:
        """Nothing: whoever writes a command here sees on the same terminal how far it is."""

    def may_write(self, login: str) -> bool:
        """Whether somebody may push to the repository: whoever could comment has done so by a push."""
        return True

    def start_run(self, pull: PullRequest, inputs: Mapping[str, str]) -> str:
        """UsageError: there is no CI to ask; who acts runs the jobs."""
        raise UsageError("the local forge runs no CI", "cdml pr open")

    def look_again(self, pull: PullRequest) -> bool:
        """Nothing is required here but the statuses themselves."""
        return False

    def set_status(self, sha: str, *statuses: Status) -> None:
        """Set statuses on a commit, given by its full id, all of them or none."""
        self.store.settle(lambda: local_issues.set_statuses(self.store, sha, statuses) or None)

    def statuses(self, sha: str) -> tuple[Status, ...]:
        """A commit's statuses by context."""
        return local_issues.statuses(self.store, sha)

    def record_deployment(self, record: EnvironmentRecord) -> bool:
        """No deployments are kept here: the assignment tags say what was deployed."""
        return False

    def image_url(self, commit: str, path: str) -> str:
        """Nothing: it has no pages."""
        return ""

    def own_statuses(self, sha: str) -> tuple[Status, ...]:
        """All statuses of a commit: no check follows them here."""
        return self.statuses(sha)

    def merge(self, number: int, method: MergeMethod, head: str | None = None) -> PullRequest:
        """Merge; ExternalError on a conflict, and then nothing has changed.

        The target branch and the pull request's new state are one atomic push. Only `head` is merged (its present
        head, where none is given): ExternalError when the source branch has moved on. When the target moves
        meanwhile it is merged again on the new tip.
        """
        self._require_history()
        expected = head or self._read_open(number).pull.head
        return self.store.settle(lambda: self._merge_once(number, method, expected))

    def _merge_once(self, number: int, method: MergeMethod, expected: str) -> PullRequest | None:
        refs = local_pulls.read_refs(self.store)
        stored = self._read_open(number, refs)
        pull = stored.pull
        target, source = HEADS + pull.target, HEADS + pull.source
        if pull.head != expected:
            raise ExternalError(
                f"#{number} now offers {pull.head[:7]}, not {expected[:7]}; nothing has changed",
                f"look at it again: cdml pr show {number}",
            )
        if target not in refs:
            raise UsageError(f"#{number} is for {pull.target}, which the remote {self.store.remote} no longer has")
        tip = refs[target]
        self.store.bring(tip, pull.head)
        merged = merge_commit(self.git, pull, tip, method)
        leases = [Update(target, merged, tip), *([Update(source, pull.head, pull.head)] if source in refs else [])]
        done = replace(pull, state="merged", merged_as=merged)
        return self._change(stored, done, f"Merge #{number} ({method})", *leases)

    def open_issue(self, key: str, title: str, body: str) -> Issue:
        """The one open issue of this key, made or edited."""
        return self.store.settle(lambda: local_issues.write_issue(self.store, key, title, body))

    def close_issue(self, key: str) -> Issue | None:
        """Close the key's open issue, if there is one."""
        closed = self.store.settle(lambda: local_issues.close_issue(self.store, key))
        return closed[0] if closed else None

    def issues(self) -> tuple[Issue, ...]:
        """All issues, newest first."""
        return local_issues.read_issues(self.store, self.store.refs(f"{local_issues.SPACE}*"))

    def _read(self, number: int) -> Stored:
        return local_pulls.read_one(self.store, number, local_pulls.read_refs(self.store))

    def _read_open(self, number: int, refs: Mapping[str, str] | None = None) -> Stored:
        stored = local_pulls.read_one(self.store, number, refs or local_pulls.read_refs(self.store))
        if stored.pull.state != "open":
            raise UsageError(f"pull request #{number} is {stored.pull.state} already", "cdml pr list")
        return stored

    def _change(
        self, old: Stored, pull: PullRequest, message: str, *more: Update, files: Mapping[str, str] | None = None
    ) -> PullRequest | None:
        return pull if local_pulls.save(self.store, old, pull, f"{message}\n", *more, files=files) else None

    def _require_history(self) -> None:
        if self.git.is_shallow():
            raise UsageError(
                "this clone is shallow: what is already merged cannot be told",
                f"git fetch --unshallow {self.store.remote}",
            )
