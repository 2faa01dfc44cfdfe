"""Gitea for the scenarios: a run of its Actions, with the token of an account that administers the repository."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from gitea_server import GiteaServer
from gitea_state import HOST, Yard

from cdml.forges.base import Reaction
from cdml.forges.gitea import GiteaForge
from cdml.forges.gitea_comments import REACTIONS
from cdml.state.git import Git
from rigs.base import ADA, BOB, BOT, EVE, TIMEOUTS
from rigs.hub import HubRig, clone, commit

TOKENS = {who: hashlib.sha1(who.encode()).hexdigest() for who in (BOT, ADA, BOB, EVE)}
REPOSITORY = "/api/v1/repos/acme/churn"
READING = frozenset({"read:repository", "read:issue", "read:user"})


class GiteaRig(HubRig):
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
    signs: Mapping[Reaction, str] = REACTIONS

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.logins = {BOT: "cdml-bot", ADA: ADA, BOB: BOB, EVE: EVE}
        yard = Yard(tokens={TOKENS[who]: login for who, login in self.logins.items()}, anybody=None)
        yard.branches["main"] = commit("main")
        yard.access = {self.logins[BOT]: "admin", ADA: "write", BOB: "write"}
        self.server = GiteaServer(yard)
        self.monkeypatch = monkeypatch
        self.folder = clone(folder, f"{HOST}/acme/churn.git")

    @property
    def hub(self) -> Yard:
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

    def deny(self) -> None:
        self.hub.scopes[self.token] = READING

    def rename(self, login: str) -> None:
        self.logins[BOT] = login
        self.hub.tokens[self.token] = login
        self.hub.access[login] = "admin"

    def uncheck(self) -> None:
        self.server.check = False
