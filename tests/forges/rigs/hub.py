"""What the scenarios' people do on the forges whose stand-ins share GitHub's memory: GitHub itself, and Gitea."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from github_state import Hub
from people import git

from cdml.forges.base import Reaction
from rigs.base import ADA


class HubRig:
    """`hub` is the memory, `logins` the names that people have there, `signs` the forge's reactions by ours."""

    hub: Hub
    logins: dict[str, str]
    signs: Mapping[Reaction, str]

    def author(self, who: str) -> str:
        return self.logins[who]

    def add_branch(self, name: str) -> str:
        return self.push(name)

    def push(self, branch: str) -> str:
        self.hub.branches[branch] = commit(f"{branch}{self.hub.branches.get(branch)}")
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
        words = {sign: word for word, sign in self.signs.items()}
        return {words[sign] for sign in self.hub.comments[identity].get("reactions", ())}


def clone(folder: Path, url: str) -> Path:
    """A repository whose origin is at an address, with main as its main branch."""
    git(folder, "init", "--quiet", "--initial-branch=main", str(folder / "work"))
    git(folder / "work", "remote", "add", "origin", url)
    git(folder / "work", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    return folder / "work"


def commit(text: str) -> str:
    """An id that looks like a commit's."""
    return hashlib.sha1(text.encode()).hexdigest()
