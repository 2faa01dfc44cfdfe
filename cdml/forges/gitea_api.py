"""Requests to the REST API of Gitea or Forgejo for one repository, and whose token they carry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from itertools import count
from typing import TypeVar

from cdml.core.errors import UsageError
from cdml.core.http import PAGE, Rest
from cdml.forges.gitea_place import RUNNERS, TOKENS, Place
from cdml.forges.gitea_wire import WireUser
from cdml.forges.gitea_words import refusal
from cdml.forges.rest import Api, read

T = TypeVar("T")
HEADERS = {"Accept": "application/json", "User-Agent": "cdml"}


class GiteaApi(Api):
    """One repository's REST API; `needs` is the scope of a token, as `write:issue`, that a request takes."""

    def __init__(self, place: Place) -> None:
        rest = Rest(place.api, place.token, scheme="token", headers=HEADERS)
        super().__init__(rest, partial(refusal, place), self._require_token, f"/repos/{place.slug}", "limit")
        self.place = place

    def each(self, kind: type[T], path: str, *, needs: str, **query: str | int) -> Iterator[T]:
        """Every page of a listing, as it is asked for; the forge gives as many (50) at once as it likes.

        The next page's number is counted, and its address in the Link header is not followed: that is the
        instance's ROOT_URL, which often has another host or scheme than the one it is reached by.
        """
        full = self.root + path
        for page in count(1):
            answer = self.send("GET", full, needs, None, {self.size: PAGE, **query, "page": page})
            yield read(kind, answer.data, f"GET {full}")
            if answer.following is None or not answer.data:
                return

    @cached_property
    def login(self) -> str:
        """Whose token this is; the token of a run belongs to a user that nobody else can be."""
        return read(WireUser, self.send("GET", "/user", "read:user", None, {}).data, "GET /user").login

    def _require_token(self) -> None:
        if not self.place.token:
            raise UsageError(
                f"writing to {self.place.slug} on {self.place.host} needs a token",
                f"set {TOKENS[1]} (in a run, `env: {{{RUNNERS}: ${{{{ github.token }}}}}}`); "
                f"{TOKENS[0]} and {TOKENS[2]} are read too",
            )
