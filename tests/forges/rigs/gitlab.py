"""GitLab for the scenarios."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import gitlab_state
import pytest
from gitlab_server import BASE, GitlabServer
from gitlab_state import DEVELOPER, MAINTAINER, Lab
from people import git

from cdml.forges.gitlab import GitlabForge
from cdml.forges.gitlab_comments import REACTIONS
from cdml.state.git import Git
from rigs.base import ADA, BOB, BOT, EVE, TIMEOUTS

TOKENS = {BOT: "glpat-bot", ADA: "glpat-ada", BOB: "glpat-bob", EVE: "glpat-eve"}
PROJECT = f"{BASE}/projects/acme%2Fchurn"
NOTES = f"{PROJECT}/merge_requests/[0-9]+/notes"


class GitlabRig:
    token = TOKENS[BOT]
    operations: Mapping[str, tuple[str, str]] = {
        "list comments": ("GET", NOTES),
        "create comment": ("POST", NOTES),
        "edit comment": ("PUT", f"{NOTES}/[0-9]+"),
        "read pull": ("GET", f"{PROJECT}/merge_requests/[0-9]+"),
        "set status": ("POST", f"{PROJECT}/statuses/.*"),
        "open pull": ("POST", f"{PROJECT}/merge_requests"),
        "merge": ("PUT", f"{PROJECT}/merge_requests/[0-9]+/merge"),
        "open issue": ("POST", f"{PROJECT}/issues"),
    }
    rights: Mapping[str, str] = dict.fromkeys(
        ("comment", "status", "merge", "issue", "open pull"), "the scope api"
    )
    rate_limit: Mapping[str, str] = {"Retry-After": "2", "RateLimit-Remaining": "0", "RateLimit-Limit": "60"}
    unsupported: Mapping[str, str] = {}

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.logins = {BOT: gitlab_state.BOT, ADA: ADA, BOB: BOB, EVE: EVE}
        self.lab = Lab(tokens={TOKENS[who]: login for who, login in self.logins.items()}, anybody=None)
        self.lab.levels = {gitlab_state.BOT: DEVELOPER, ADA: MAINTAINER, BOB: DEVELOPER}
        self.lab.branches["main"] = _commit("main")
        self.server = GitlabServer(self.lab)
        self.monkeypatch = monkeypatch
        self.folder = folder / "work"
        git(folder, "init", "--quiet", "--initial-branch=main", str(self.folder))
        git(self.folder, "remote", "add", "origin", "https://gitlab.com/acme/churn.git")
        git(self.folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    def forge(self, who: str = BOT, *, hurried: bool = False) -> GitlabForge:
        self.monkeypatch.setenv("CI_API_V4_URL", self.server.api)
        self.monkeypatch.setenv("GITLAB_TOKEN", TOKENS[who])
        made = GitlabForge(Git(self.folder))
        assert made.api.place.token == TOKENS[who]
        if hurried:
            made.api.rest = replace(made.api.rest, timeout=TIMEOUTS)
        return made

    def author(self, who: str) -> str:
        return self.logins[who]

    def add_branch(self, name: str) -> str:
        return self.push(name)

    def push(self, branch: str) -> str:
        self.lab.branches[branch] = _commit(f"{branch}{self.lab.branches.get(branch)}")
        return self.lab.branches[branch]

    def add_pull(self, source: str, target: str = "main", who: str = ADA) -> int:
        return int(self.lab.add_pull(source, target, self.logins[who])["number"])

    def add_comment(self, number: int, body: str, who: str = ADA) -> int:
        return int(self.lab.add_comment(number, body, self.logins[who])["id"])

    def change_comment(self, number: int, identity: int, body: str) -> None:
        self.lab.comments[identity] |= {"body": body, "updated_at": self.lab.now(later=60)}

    def delete_comment(self, number: int, identity: int) -> None:
        del self.lab.comments[identity]

    def comments(self, number: int) -> list[tuple[str, str]]:
        people = {login: who for who, login in self.logins.items()}
        kept = [c for c in self.lab.comments.values() if c["number"] == number and not c["system"]]
        return [(people[c["login"]], c["body"]) for c in kept]

    def reactions(self, number: int, identity: int) -> set[str]:
        words = {sign: word for word, sign in REACTIONS.items()}
        return {words[sign] for at, _, sign in self.lab.awards if at == identity}

    def deny(self) -> None:
        self.lab.scopes[self.token] = ["read_api"]

    def rename(self, login: str) -> None:
        self.logins[BOT] = login
        self.lab.tokens[self.token] = login
        self.lab.levels[login] = DEVELOPER

    def uncheck(self) -> None:
        self.server.check = False


def _commit(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()
