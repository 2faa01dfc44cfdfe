"""What a repository on Gitea holds beside what one on GitHub does: scopes of tokens, and what people may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from github_state import Data, Hub

ACTIONS = "gitea-actions"  # the user of every run's own token; nobody can register the name
HOST = "https://git.example.com"
ALL = frozenset({"write:repository", "write:issue", "read:user"})
LEVELS = ("none", "read", "write", "admin", "owner")


class Refused(Exception):
    """What Gitea answers instead; `message` None has no body."""

    def __init__(self, status: int, message: str | None = "", body: Any = None) -> None:
        super().__init__(message)
        self.status = status
        said = None if message is None else {"message": message, "url": f"{HOST}/api/swagger"}
        self.body = said if body is None else body


def not_found(message: str = "The target couldn't be found.") -> Refused:
    return Refused(404, None, {"errors": [], "message": message, "url": f"{HOST}/api/swagger"})


@dataclass
class Yard(Hub):
    """One repository on a Gitea."""

    scopes: dict[str, frozenset[str]] = field(default_factory=dict)  # by token; ALL where it has none here
    access: dict[str, str] = field(default_factory=dict)  # by login; "read" where it has none here
    people: set[str] = field(default_factory=lambda: {"ada", "bob", "eve"})
    signs: set[str] = field(default_factory=lambda: {"+1", "-1", "laugh", "hooray", "confused", "heart", "eyes"})
    workflows: set[str] = field(default_factory=lambda: {"cdml-pull-request.yml"})
    longest_page: int = 50
    root: str = ""  # what its pages' links begin with: the instance's ROOT_URL; empty for where it is asked

    def may(self, login: str, level: str) -> bool:
        return LEVELS.index(self.access.get(login, "read")) >= LEVELS.index(level)

    def user(self, login: str) -> Data:
        known = sorted({*self.people, *self.access, login})
        identity = -2 if login == ACTIONS else known.index(login) + 1
        shown: Data = {"id": identity, "login": login, "full_name": "", "is_admin": False, "visibility": "public"}
        return shown | {"email": f"{login}@noreply.example.com", "html_url": f"{HOST}/{login}"}


@dataclass(frozen=True)
class Call:
    """One request, as the API's own code sees it."""

    yard: Yard
    login: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Data

    @property
    def number(self) -> int:
        return int(self.names["index"])

    def need(self, level: str, message: str | None = "user should have a permission to write to a repo") -> None:
        if not self.yard.may(self.login, level):
            raise Refused(403, message)

    def page(self, path: str) -> str:
        return f"{HOST}/{self.yard.slug}/{path}"


def require_scope(scopes: frozenset[str], method: str, template: str) -> None:
    """Every part of the API belongs to a category, and each takes a scope of its own to read and to write."""
    category = "user" if template == "/user" else "issue" if "/issues" in template else "repository"
    needed = f"{'read' if method == 'GET' else 'write'}:{category}"
    if not {needed, f"write:{category}"} & scopes:
        held = ",".join(sorted(scopes))
        said = f"token does not have at least one of required scope(s), required=[{needed}], token scope={held}"
        raise Refused(403, said)


Handler = Callable[[Call], tuple[int, Any]]
ROUTES: dict[tuple[str, str], Handler] = {}


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    def keep(handler: Handler) -> Handler:
        ROUTES[method, path if path == "/user" else "/repos/{owner}/{repo}" + path] = handler
        return handler

    return keep
