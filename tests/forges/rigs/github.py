"""GitHub for the scenarios."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import github_state
import pytest
from github_server import GithubServer
from github_state import Hub
from people import git

from cdml.forges.github import GithubForge
from cdml.forges.github_comments import REACTIONS
from cdml.state.git import Git
from rigs.base import ADA, BOB, BOT, EVE, TIMEOUTS

TOKENS = {BOT: "ghs_bot", ADA: "ghp_ada", BOB: "ghp_bob", EVE: "ghp_eve"}
COMMENTS = "/repos/acme/churn/issues/[0-9]+/comments"


class GithubRig:
    token = TOKENS[BOT]
    operations: Mapping[str, tuple[str, str]] = {
        "list comments": ("GET", COMMENTS),
        "create comment": ("POST", COMMENTS),
        "edit comment": ("PATCH", "/repos/acme/churn/issues/comments/[0-9]+"),
        "read pull": ("GET", "/repos/acme/churn/pulls/[0-9]+"),
        "set status": ("POST", "/repos/acme/churn/statuses/.*"),
        "open pull": ("POST", "/repos/acme/churn/pulls"),
        "merge": ("PUT", "/repos/acme/churn/pulls/[0-9]+/merge"),
        "open issue": ("POST", "/repos/acme/churn/issues"),
    }
    rights: Mapping[str, str] = {
        "comment": "pull-requests: write",
        "status": "statuses: write",
        "merge": "contents: write",
        "issue": "issues: write",
        "open pull": "pull-requests: write",
    }
    rate_limit: Mapping[str, str] = {"Retry-After": "2"}
    unsupported: Mapping[str, str] = {}

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.logins = {BOT: github_state.BOT, ADA: ADA, BOB: BOB, EVE: EVE}
        hub = Hub(tokens={TOKENS[who]: login for who, login in self.logins.items()}, anybody=None)
        hub.branches["main"] = _commit("main")
        hub.outsiders = {EVE}
        self.server = GithubServer(hub)
        self.monkeypatch = monkeypatch
        self.folder = folder / "work"
        git(folder, "init", "--quiet", "--initial-branch=main", str(self.folder))
        git(self.folder, "remote", "add", "origin", "https://github.com/acme/churn.git")
        git(self.folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    @property
    def hub(self) -> Hub:
        return self.server.hub

    def forge(self, who: str = BOT, *, hurried: bool = False) -> GithubForge:
        self.monkeypatch.setenv("GITHUB_API_URL", self.server.url)
        self.monkeypatch.setenv("GITHUB_TOKEN", TOKENS[who])
        made = GithubForge(Git(self.folder))
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
        return int(self.hub.add_pull(source, target, self.logins[who])["number"])

    def add_comment(self, number: int, body: str, who: str = ADA) -> int:
        return int(self.hub.add_comment(number, body, self.logins[who])["id"])

    def change_comment(self, number: int, identity: int, body: str) -> None:
        self.hub.comments[identity] |= {"body": body, "updated_at": self.hub.now()}

    def delete_comment(self, number: int, identity: int) -> None:
        del self.hub.comments[identity]

    def comments(self, number: int) -> list[tuple[str, str]]:
        people = {login: who for who, login in self.logins.items()}
        kept = [c for c in self.hub.comments.values() if c["number"] == number]
        return [(people[c["login"]], c["body"]) for c in kept]

    def reactions(self, number: int, identity: int) -> set[str]:
        words = {sign: word for word, sign in REACTIONS.items()}
        return {words[sign] for sign in self.hub.comments[identity].get("reactions", ())}

    def deny(self) -> None:
        self.hub.denied = {"pull-requests", "statuses", "contents", "issues", "actions"}

    def rename(self, login: str) -> None:
        # An app's own token: it is known by another name, and its token looks like no workflow's.
        self.logins[BOT] = f"{login}[bot]"
        self.hub.tokens[TOKENS[BOT]] = f"{login}[bot]"

    def uncheck(self) -> None:
        self.server.check = False


def _commit(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()
