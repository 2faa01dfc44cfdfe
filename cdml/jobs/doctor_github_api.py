"""Reading what GitHub has set up for a repository: data where it can be seen, and else the reason in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from cdml.core.errors import CdmlError, UsageError
from cdml.core.http import Answer
from cdml.forges.github_api import GithubApi
from cdml.forges.github_place import Place, find_place, is_github
from cdml.forges.github_words import PERMISSION, refusal
from cdml.jobs.doctor_base import Ask, Scene

ADMINISTRATION = "administration: read"
# GitHub names in this header what a token would need.
NEEDED = "X-Accepted-GitHub-Permissions"


@dataclass(frozen=True)
class Seen:
    """What was read; `data` is None where nothing could be, or where nothing is there (`absent`)."""

    data: Any = None
    absent: bool = False


class Reader:
    """One repository's settings; `reasons` are why some of them could not be read, with what to do, each once.

    After the first request without an answer no other is sent.
    """

    def __init__(self, place: Place, ask: Ask | None = None) -> None:
        self.place = place
        self.ask = ask or (_asking(place) if place.token else None)
        self.silent = False
        self.reasons: dict[str, str] = {}

    @property
    def slug(self) -> str:
        """`owner/name`."""
        return self.place.slug

    def read(self, path: str, needs: str = ADMINISTRATION, absent: tuple[str, ...] = ()) -> Seen:
        """What is at a path below the repository. A 404 that says one of `absent` means that nothing is there."""
        if self.ask is None or self.silent:
            return Seen()
        try:
            answer = self.ask(path)
        except CdmlError as error:
            self.silent = True
            self.reasons[error.message] = error.hint
            return Seen()
        if answer.status == 200:
            return Seen(answer.data)
        if answer.status == 404 and any(words in _message(answer) for words in absent):
            return Seen(absent=True)
        needed = next((value for key, value in answer.headers.items() if key.lower() == NEEDED.lower()), "")
        refused = refusal(self.place, "GET", path, needed or needs, answer)
        told = refused.message.partition(" (GET ")[0]
        known = not refused.said or PERMISSION in refused.said
        self.reasons[told if known else f"{told} ({refused.said})"] = refused.hint
        return Seen()


def reader(scene: Scene) -> Reader | None:
    """A reader of the scene's repository; None where its remote is not on GitHub or names no repository."""
    if not (scene.url and is_github(scene.url, scene.environ)):
        return None
    try:
        return Reader(find_place(scene.url, scene.environ), scene.ask)
    except UsageError:
        return None


def part(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def dicts(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list that came from outside; nothing where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """A mapping that came from outside; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def _asking(place: Place) -> Ask:
    # A person waits: what does not answer at once is told as not seen.
    rest = replace(GithubApi(place).rest, pauses=(), timeout=(5.0, 10.0))
    return lambda path: rest.send("GET", f"/repos/{place.slug}{path}")


def _message(answer: Answer) -> str:
    return str(mapping(answer.data).get("message", ""))
