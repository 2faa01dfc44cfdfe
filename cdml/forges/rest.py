"""Requests to the REST API of any hosted forge: typed answers, or an error that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from cdml.core.errors import ExternalError
from cdml.core.http import Answer, Rest

T = TypeVar("T")
MOST_SAID = 300  # characters of what a server says


class Wire(BaseModel):
    """What a forge answers, as far as it is read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ForgeError(ExternalError):
    """A forge refused; `status` is HTTP's, `said` its own words."""

    def __init__(self, message: str, hint: str, status: int, said: str) -> None:
        super().__init__(message, hint)
        self.status = status
        self.said = said


# What an answer that is no success means: method, path, the right that the request takes, the answer.
Refuse = Callable[[str, str, str, Answer], ForgeError]


class Api:
    """A forge's REST API, below `root`; `needs` is the name of the right that a request takes.

    `require_token` raises UsageError where there is no token to write with; `size` is the parameter of a page's
    length.
    """

    def __init__(
        self, rest: Rest, refuse: Refuse, require_token: Callable[[], None], root: str = "", size: str = "per_page"
    ) -> None:
        self.rest = rest
        self.refuse = refuse
        self.require_token = require_token
        self.root = root
        self.size = size

    def read(self, kind: type[T], path: str, *, needs: str, **query: str | int) -> T:
        """One thing; `path` is below the root."""
        full = self.root + path
        return read(kind, self.send("GET", full, needs, None, query).data, f"GET {full}")

    def each(self, kind: type[T], path: str, *, needs: str, **query: str | int) -> Iterator[T]:
        """Every page of a listing, as it is asked for."""
        full = self.root + path
        for answer in self.rest.pages(full, query, self.size):
            if answer.status != 200:
                raise self.refuse("GET", full, needs, answer)
            yield read(kind, answer.data, f"GET {full}")

    def write(self, kind: type[T], method: str, path: str, body: Mapping[str, Any], *, needs: str) -> T:
        """Change something and return what it is then."""
        full = self.root + path
        return read(kind, self.send(method, full, needs, body, {}).data, f"{method} {full}")

    def act(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, needs: str) -> None:
        """Change something whose answer tells nothing; DELETE takes something away."""
        self.send(method, self.root + path, needs, body, {})

    def send(self, method: str, path: str, needs: str, body: Any, query: Mapping[str, str | int]) -> Answer:
        """A successful answer; `path` is whole. ForgeError for any other one."""
        if method != "GET":
            self.require_token()
        answer = self.rest.send(method, path, body=body, query=query)
        if not 200 <= answer.status < 300:
            raise self.refuse(method, path, needs, answer)
        return answer


def read(kind: type[T], data: Any, where: str) -> T:
    """An answer as `kind`; ExternalError names the request whose answer does not fit, and its first field."""
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ExternalError(
            f"the answer to {where} is not what this forge's API says{f': {place}' if place else ''}",
            "is a proxy between here and the forge, or another server at its address?",
        ) from None


def told(data: Any, token: str, *, keys: tuple[str, ...] = ("message", "error", "error_description")) -> str:
    """A server's own words on one line, without the token and what could move a cursor."""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    found = [data.get(key) for key in keys]
    parts = [*found, *map(_detail, errors if isinstance(errors, list) else [])]
    text = "; ".join(" ".join(str(part).split()) for part in parts if part)
    if token:
        text = text.replace(token, "***")
    return "".join(letter for letter in text if letter.isprintable())[:MOST_SAID]


def _detail(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    names = [str(error[key]) for key in ("resource", "field", "code") if key in error]
    return str(error.get("message") or " ".join(names))
