"""What a scenario needs of a forge: our side of it, what other people do there, and what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest
from forge_server import ForgeServer

from cdml.forges.base import Forge

BOT, ADA, BOB, EVE = "bot", "ada", "bob", "eve"
TIMEOUTS = (2.0, 0.3)  # seconds, for what is slow on purpose


class Rig(Protocol):
    """One forge. People are `bot` (whose token CI has), `ada` and `bob`, who may write, and `eve`, who may not.

    A repository has a branch `main`; `git` of the forge is a clone whose remote's address is the forge's own.
    """

    server: ForgeServer
    token: str  # the bot's, as it is in the environment: it must show nowhere
    # The requests of an operation as (method, pattern of the whole path). Keys: list comments, create comment,
    # edit comment, read pull, set status, open pull, merge, open issue.
    operations: Mapping[str, tuple[str, str]]
    # What a refusal for want of a right must name, by operation: comment, status, merge, issue, open pull.
    rights: Mapping[str, str]
    rate_limit: Mapping[str, str]  # headers of a 429 that ask for two seconds
    unsupported: Mapping[str, str]  # the name of a test, and why this forge has no such thing

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Start nothing yet."""

    def forge(self, who: str = BOT, *, hurried: bool = False) -> Forge:
        """The adapter, with the token of a person; hurried, it waits TIMEOUTS and no longer."""

    def author(self, who: str) -> str:
        """How the forge names somebody as `Comment.author`."""

    def add_branch(self, name: str) -> str:
        """A branch with a commit of its own; returns the commit."""

    def push(self, branch: str) -> str:
        """Another commit on a branch, as somebody else pushes it; returns it."""

    def add_pull(self, source: str, target: str = "main", who: str = ADA) -> int:
        """A pull request that somebody else opened; its branch is there already."""

    def add_comment(self, number: int, body: str, who: str = ADA) -> int:
        """A comment that somebody wrote on the forge's page; returns its id."""

    def change_comment(self, number: int, identity: int, body: str) -> None:
        """Its author edits it a minute later."""

    def delete_comment(self, number: int, identity: int) -> None:
        """Somebody deletes a comment."""

    def comments(self, number: int) -> list[tuple[str, str]]:
        """What people see: author (bot, ada, ...) and body, oldest first, with nothing that the forge adds."""

    def reactions(self, number: int, identity: int) -> set[str]:
        """The signs on a comment, in the words of base.Reaction."""

    def deny(self) -> None:
        """From now on the bot's token may read and do nothing else."""

    def rename(self, login: str) -> None:
        """The bot has another name than CI's own, as that of an app or of a person has."""

    def uncheck(self) -> None:
        """Hold nothing against the description from now on: for what is many times the same."""


class RigKind(Protocol):
    def __call__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Rig: ...
