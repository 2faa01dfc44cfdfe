"""GitHub for the scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import github_state
import pytest
from github_server import GithubServer
from github_state import Hub

from cdml.forges.base import Reaction
from cdml.forges.github import GithubForge
from cdml.forges.github_comments import REACTIONS
from cdml.state.git import Git
from rigs.base import ADA, BOB, BOT, EVE, TIMEOUTS
from rigs.hub import HubRig, clone, commit

TOKENS = {BOT: "ghs_bot", ADA: "ghp_ada", BOB: "ghp_bob", EVE: "ghp_eve"}
COMMENTS = "/repos/acme/churn/issues/[0-9]+/comments"


class GithubRig(HubRig):
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
    signs: Mapping[Reaction, str] = REACTIONS

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.logins = {BOT: github_state.BOT, ADA: ADA, BOB: BOB, EVE: EVE}
        hub = Hub(tokens={TOKENS[who]: login for who, login in self.logins.items()}, anybody=None)
        hub.branches["main"] = commit("main")
        hub.outsiders = {EVE}
        self.server = GithubServer(hub)
        self.monkeypatch = monkeypatch
        self.folder = clone(folder, "https://github.com/acme/churn.git")

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

    def deny(self) -> None:
        self.hub.denied = {"pull-requests", "statuses", "contents", "issues", "actions"}

    def rename(self, login: str) -> None:
        # An app's own token: it is known by another name, and its token looks like no workflow's.
        self.logins[BOT] = f"{login}[bot]"
        self.hub.tokens[TOKENS[BOT]] = f"{login}[bot]"

    def uncheck(self) -> None:
        self.server.check = False
