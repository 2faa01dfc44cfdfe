"""Gitea for the scenarios: a run of its Actions, with the token of an account that administers the repository."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from gitea_server import GiteaServer
from gitea_state import HOST, Yard
from people import git

from cdml.forges.gitea import GiteaForge
from cdml.forges.gitea_comments import REACTIONS
from cdml.state.git import Git
from rigs.base import ADA, BOB, BOT, EVE, TIMEOUTS

TOKENS = {who: hashlib.sha1(who.encode()).hexdigest() for who in (BOT, ADA, BOB, EVE)}
REPOSITORY = "/api/v1/repos/acme/churn"
READING = frozenset({"read:repository", "read:issue", "read:user"})


class GiteaRig:
    token = TOKENS[BOT]
    operations: Mapping[str, tuple[str, str]] = {
        "list comments": ("GET", f"{REPOSITORY}/issues/[0-9]+/comments"),
        "create comment": ("POST", f"{REPOSITORY}/issues/[0-9]+/comments"),
        "edit comment": ("PATCH", f"{REPOSITORY}/issues/comments/[0-9]+"),
        "read pull": ("GET", f"{REPOSITORY}/pulls/[0-9]+"),
        "set status": ("POST", f"{REPOSITORY}/statuses/.*"),
        "open pull": ("POST", f"{REPOSITORY}/pulls"),
        "merge": ("POST", f"{REPOSITORY}/pulls/[0-9]+/merge"),
        "open issue": ("POST", f"{REPOSITORY}/issues"),
    }
    rights: Mapping[str, str] = {
        "comment": "write:issue",
        "status": "write:repository",
        "merge": "write:repository",
        "issue": "write:issue",
        "open pull": "write:repository",
    }
    rate_limit: Mapping[str, str] = {"Retry-After": "2"}  # of a proxy: Gitea itself counts no requests
    unsupported: Mapping[str, str] = {}

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.logins = {BOT: "cdml-bot", ADA: ADA, BOB: BOB, EVE: EVE}
        yard = Yard(tokens={TOKENS[who]: login for who, login in self.logins.items()}, anybody=None)
        yard.branches["main"] = _commit("main")
        yard.access = {self.logins[BOT]: "admin", ADA: "write", BOB: "write"}
        self.server = GiteaServer(yard)
        self.monkeypatch = monkeypatch
        self.folder = folder / "work"
        git(folder, "init", "--quiet", "--initial-branch=main", str(self.folder))
        git(self.folder, "remote", "add", "origin", f"{HOST}/acme/churn.git")
        git(self.folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    @property
    def yard(self) -> Yard:
        return self.server.yard

    def forge(self, who: str = BOT, *, hurried: bool = False) -> GiteaForge:
        run = {"GITEA_ACTIONS": "true", "GITHUB_SERVER_URL": HOST, "GITHUB_API_URL": self.server.api}
        for name, value in {**run, "GITEA_TOKEN": TOKENS[who]}.items():
            self.monkeypatch.setenv(name, value)
        made = GiteaForge(Git(self.folder))
        assert made.api.place.token == TOKENS[who]
        if hurried:
            made.api.rest = replace(made.api.rest, timeout=TIMEOUTS)
        return made

    def author(self, who: str) -> str:
        return self.logins[who]

    def add_branch(self, name: str) -> str:
        return self.push(name)

    def push(self, branch: str) -> str:
        self.yard.branches[branch] = _commit(f"{branch}{self.yard.branches.get(branch)}")
        return self.yard.branches[branch]

    def add_pull(self, source: str, target: str = "main", who: str = ADA) -> int:
        return int(self.yard.add_pull(source, target, self.logins[who])["number"])

    def add_comment(self, number: int, body: str, who: str = ADA) -> int:
        return int(self.yard.add_comment(number, body, self.logins[who])["id"])

    def change_comment(self, number: int, identity: int, body: str) -> None:
        self.yard.comments[identity] |= {"body": body, "updated_at": self.yard.now()}

    def delete_comment(self, number: int, identity: int) -> None:
        del self.yard.comments[identity]

    def comments(self, number: int) -> list[tuple[str, str]]:
        people = {login: who for who, login in self.logins.items()}
        kept = [c for c in self.yard.comments.values() if c["number"] == number]
        return [(people[c["login"]], c["body"]) for c in kept]

    def reactions(self, number: int, identity: int) -> set[str]:
        words = {sign: word for word, sign in REACTIONS.items()}
        return {words[sign] for sign in self.yard.comments[identity].get("reactions", ())}

    def deny(self) -> None:
        self.yard.scopes[self.token] = READING

    def rename(self, login: str) -> None:
        self.logins[BOT] = login
        self.yard.tokens[self.token] = login
        self.yard.access[login] = "admin"

    def uncheck(self) -> None:
        self.server.check = False


def _commit(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()
