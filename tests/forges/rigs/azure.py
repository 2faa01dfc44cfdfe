"""Azure Repos for the scenarios."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import azure_state
import pytest
from azure_server import AzureServer
from azure_state import PER_THREAD, Organization
from github_state import Data
from people import git

from cdml.forges.azure import AzureForge
from cdml.state.git import Git
from rigs.base import ADA, BOB, BOT, EVE, TIMEOUTS

TOKENS = {BOT: "eyJh.job.token", ADA: "ada-token", BOB: "bob-token", EVE: "eve-token"}
GIT = "/acme/churn/_apis/git/repositories/churn"
THREADS = f"{GIT}/pullRequests/[0-9]+/threads"


class AzureRig:
    token = TOKENS[BOT]
    operations: Mapping[str, tuple[str, str]] = {
        "list comments": ("GET", THREADS),
        "create comment": ("POST", THREADS),
        "edit comment": ("PATCH", f"{THREADS}/[0-9]+/comments/[0-9]+"),
        "read pull": ("GET", f"{GIT}/pullrequests/[0-9]+"),
        "set status": ("POST", f"{GIT}/commits/.*/statuses"),
        "open pull": ("POST", f"{GIT}/pullrequests"),
        "merge": ("PATCH", f"{GIT}/pullrequests/[0-9]+"),
        "open issue": ("POST", "/acme/churn/_apis/wit/workitems/.*"),
    }
    rights: Mapping[str, str] = {
        "comment": "'Contribute to pull requests'",
        "status": "'Contribute'",
        "merge": "'Contribute to pull requests'",
        "issue": "'Edit work items in this node'",
        "open pull": "'Contribute to pull requests'",
    }
    rate_limit: Mapping[str, str] = {"Retry-After": "2"}
    unsupported: Mapping[str, str] = {}

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.logins = {BOT: azure_state.BOT, **{who: f"{who}@example.com" for who in (ADA, BOB, EVE)}}
        hub = Organization(tokens={TOKENS[who]: login for who, login in self.logins.items()})
        hub.branches["main"] = _commit("main")
        hub.writers = {self.logins[who] for who in (BOT, ADA, BOB)}
        for login in self.logins.values():
            hub.person(login)
        self.server = AzureServer(hub)
        self.monkeypatch = monkeypatch
        self.folder = folder / "work"
        git(folder, "init", "--quiet", "--initial-branch=main", str(self.folder))
        git(self.folder, "remote", "add", "origin", f"{self.server.collection}/churn/_git/churn")
        git(self.folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    @property
    def hub(self) -> Organization:
        return self.server.hub

    def forge(self, who: str = BOT, *, hurried: bool = False) -> AzureForge:
        self.monkeypatch.delenv("AZURE_DEVOPS_EXT_PAT", raising=False)
        self.monkeypatch.delenv("SYSTEM_ACCESSTOKEN", raising=False)
        self.monkeypatch.setenv("SYSTEM_ACCESSTOKEN" if who == BOT else "AZURE_DEVOPS_EXT_PAT", TOKENS[who])
        made = AzureForge(Git(self.folder))
        assert made.api.place.token == TOKENS[who]
        if hurried:
            made.api.rest = replace(made.api.rest, timeout=TIMEOUTS)
        return made

    def author(self, who: str) -> str:
        return self.logins[who]

    def add_branch(self, name: str) -> str:
        return self.push(name)

    def push(self, branch: str) -> str:
        self.hub.branches[branch] = _commit(f"{branch}{self.hub.branches.get(branch)}")
        return self.hub.branches[branch]

    def add_pull(self, source: str, target: str = "main", who: str = ADA) -> int:
        number = int(self.hub.add_pull(source, target, self.logins[who])["number"])
        # What the service notes by itself stands among the comments.
        self.hub.add_thread(
            number, f"{self.logins[who]} published the pull request", self.logins[who], kind="system"
        )
        return number

    def add_comment(self, number: int, body: str, who: str = ADA) -> int:
        return int(self.hub.add_thread(number, body, self.logins[who])["id"]) * PER_THREAD + 1

    def _comment(self, identity: int) -> Data:
        thread, number = divmod(identity, PER_THREAD)
        found: Data = self.hub.threads[thread]["comments"][number - 1]
        return found

    def change_comment(self, number: int, identity: int, body: str) -> None:
        comment = self._comment(identity)
        later = datetime.fromisoformat(comment["published"]) + timedelta(minutes=1)
        comment |= {"body": body, "updated": later.isoformat()}

    def delete_comment(self, number: int, identity: int) -> None:
        self._comment(identity)["deleted"] = True

    def comments(self, number: int) -> list[tuple[str, str]]:
        people = {login: who for who, login in self.logins.items()}
        kept = [t for t in self.hub.threads.values() if t["number"] == number]
        said = [c for t in kept for c in t["comments"] if c["kind"] == "text" and not c["deleted"]]
        return [(people[c["login"]], c["body"]) for c in said]

    def reactions(self, number: int, identity: int) -> set[str]:
        liked = {"seen"} if self.logins[BOT] in self._comment(identity)["likes"] else set()
        thread = self.hub.threads[identity // PER_THREAD]
        return liked | ({"done"} if thread["status"] == "fixed" else set())

    def deny(self) -> None:
        self.hub.denied = {"PullRequestContribute", "GenericContribute", "boards", "QueueBuilds"}

    def rename(self, login: str) -> None:
        # A service principal, or a person whose token CI has been given.
        self.logins[BOT] = f"{login}@example.com"
        self.hub.tokens[TOKENS[BOT]] = self.logins[BOT]

    def uncheck(self) -> None:
        self.server.check = False


def _commit(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()
