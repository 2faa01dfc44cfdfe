"""What a GitHub repository holds, and what its API does with it: the stand-in's memory, without any HTTP.

Behind it may stand a bare git repository: then pull requests follow its branches, and merging really merges.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cdml.core.errors import ExternalError
from cdml.forges.base import PullRequest
from cdml.forges.local_merge import contains, merge_commit
from cdml.state.git import Git

Data = dict[str, Any]
BOT = "github-actions[bot]"
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
REPOSITORY = "/repos/{owner}/{repo}"


class Refused(Exception):
    """What GitHub answers instead."""

    def __init__(self, status: int, message: str, *errors: Data) -> None:
        super().__init__(message)
        self.status = status
        self.body: Data = {"message": message, "documentation_url": "https://docs.github.com/rest"}
        if status == 422 or errors:
            self.body["errors"] = list(errors)


@dataclass
class Hub:
    """One repository, and the knobs that make it behave like the many there are."""

    slug: str = "acme/churn"
    repo: Path | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    anybody: str | None = BOT  # who an unknown token belongs to; None refuses it
    denied: set[str] = field(default_factory=set)  # permissions that the token lacks
    methods: set[str] = field(default_factory=lambda: {"merge", "squash", "rebase"})
    blocked: str = ""  # why a rule of the branch forbids merging
    unknown: int = 0  # how often GitHub does not know yet whether a pull request can be merged
    outsiders: set[str] = field(default_factory=set)
    branches: dict[str, str] = field(default_factory=dict)
    conflicts: set[int] = field(default_factory=set)
    pulls: dict[int, Data] = field(default_factory=dict)
    issues: dict[int, Data] = field(default_factory=dict)
    comments: dict[int, Data] = field(default_factory=dict)
    statuses: list[Data] = field(default_factory=list)
    dispatches: list[Data] = field(default_factory=list)
    runs: list[Data] = field(default_factory=list)
    deployments: list[Data] = field(default_factory=list)
    ticks: int = 0

    def now(self) -> str:
        self.ticks += 1
        return (BEGINNING + timedelta(seconds=self.ticks)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def refs(self) -> dict[str, str]:
        if self.repo is None:
            return {f"refs/heads/{name}": sha for name, sha in self.branches.items()}
        lines = self._git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return {ref: sha for ref, _, sha in (line.partition(" ") for line in lines)}

    def document(self) -> Data:
        """Everything, as plain data."""
        self.follow()
        return {
            "slug": self.slug,
            "refs": self.refs(),
            "pulls": list(self.pulls.values()),
            "issues": list(self.issues.values()),
            "comments": list(self.comments.values()),
            "statuses": self.statuses,
            "dispatches": self.dispatches,
            "runs": self.runs,
            "deployments": self.deployments,
        }

    def _git(self, *words: str) -> str:
        command = ["git", "-C", str(self.repo), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def follow(self) -> None:
        """Open pull requests offer what their branches hold now."""
        refs = self.refs()
        for pull in self.pulls.values():
            if pull["state"] == "open" and not pull["fork"]:
                pull["sha"] = refs.get(f"refs/heads/{pull['source']}", pull["sha"])
                self._offer(pull)

    def _offer(self, pull: Data) -> None:
        ref = f"refs/pull/{pull['number']}/head"
        if self.repo is not None and self.refs().get(ref) != pull["sha"]:
            self._git("update-ref", ref, pull["sha"])

    def files(self, pull: Data) -> list[str]:
        """What a pull request changes; without a repository behind it, two files."""
        if self.repo is None:
            return ["train.py", "params.yaml"]
        base = f"refs/heads/{pull['target']}"
        return self._git("diff", "--name-only", f"{base}...{pull['sha']}").splitlines()

    def next_number(self) -> int:
        return max([0, *self.pulls, *self.issues]) + 1

    def add_pull(self, source: str, target: str = "main", login: str = "ada", **more: Any) -> Data:
        """A pull request, as if opened by hand; `fork` and `sha` for one from another repository."""
        number, when = self.next_number(), self.now()
        known = self.refs().get(f"refs/heads/{source}", "0" * 40)
        pull: Data = {"number": number, "title": source, "body": None, "login": login, "state": "open"}
        pull |= {"source": source, "target": target, "sha": known, "fork": "", "created_at": when}
        self.pulls[number] = pull | {"merged_at": None, "merged_as": None} | more
        self._offer(self.pulls[number])
        return self.pulls[number]

    def add_comment(self, number: int, body: str, login: str = "ada") -> Data:
        identity, when = len(self.comments) + 101, self.now()
        while identity in self.comments:
            identity += 1
        made = {"id": identity, "number": number, "body": body, "login": login, "created_at": when}
        self.comments[identity] = made | {"updated_at": when}
        return self.comments[identity]

    def add_run(self, head: str, workflow: str, event: str = "pull_request", **jobs: str | None) -> Data:
        """A run of Actions with the conclusions of its jobs by name (`_` stands for a space)."""
        number = 7_000 + len(self.runs)
        made: Data = {"id": number, "workflow": workflow, "event": event, "head_sha": head, "jobs": []}
        for place, (name, conclusion) in enumerate(jobs.items()):
            status = "completed" if conclusion else "in_progress"
            job = {"id": number * 10 + place, "run_id": number, "name": name.replace("_", " "), "status": status}
            made["jobs"].append(job | {"conclusion": conclusion})
        self.runs.append(made)
        return made

    def add_issue(self, title: str, body: str, login: str = "ada") -> Data:
        number = self.next_number()
        issue: Data = {"number": number, "title": title, "body": body, "login": login, "state": "open"}
        self.issues[number] = issue | {"created_at": self.now()}
        return self.issues[number]

    def merged_commit(self, pull: Data, method: Any) -> str | None:
        """What merging would leave on the target branch; None on a conflict."""
        if pull["number"] in self.conflicts:
            return None
        tip = self.refs()[f"refs/heads/{pull['target']}"]
        if self.repo is None:
            return hashlib.sha1(f"{tip}{pull['sha']}{method}".encode()).hexdigest()
        told = PullRequest(
            pull["number"],
            pull["title"],
            pull["body"] or "",
            pull["login"],
            pull["source"],
            pull["target"],
            pull["sha"],
            "open",
        )
        try:
            return merge_commit(Git(self.repo), told, tip, method)
        except ExternalError:
            return None

    def move(self, branch: str, new: str) -> None:
        if self.repo is None:
            self.branches[branch] = new
        else:
            self._git("update-ref", f"refs/heads/{branch}", new)

    def holds(self, branch: str, sha: str) -> bool:
        tip = self.refs()[f"refs/heads/{branch}"]
        return tip == sha if self.repo is None else contains(Git(self.repo), tip, sha)


@dataclass(frozen=True)
class Call:
    """One request, as the API's own code sees it."""

    hub: Hub
    login: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Data

    @property
    def number(self) -> int:
        return int(self.names.get("issue_number") or self.names["pull_number"])

    def user(self, login: str) -> Data:
        return {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}

    def need(self, *permissions: str) -> None:
        """One of these permissions is enough; a bot's token is refused in a bot's words."""
        if self.login and set(permissions) <= self.hub.denied:
            kind = "integration" if self.login.endswith("[bot]") else "personal access token"
            raise Refused(403, f"Resource not accessible by {kind}")


Handler = Callable[[Call], tuple[int, Any]]
ROUTES: dict[tuple[str, str], Handler] = {}


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    def keep(handler: Handler) -> Handler:
        ROUTES[method, path if path == "/user" else REPOSITORY + path] = handler
        return handler

    return keep


def find_route(method: str, path: str) -> tuple[str, Mapping[str, str]] | None:
    for known, template in ROUTES:
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template)
        found = re.fullmatch(pattern, path)
        if found and known == method:
            return template, found.groupdict()
    return None
