"""Requests to GitLab's REST API for one project, and whose token they carry."""

from __future__ import annotations

from functools import cached_property, partial

from cdml.core.errors import UsageError
from cdml.core.http import Rest
from cdml.forges.gitlab_place import Place
from cdml.forges.gitlab_wire import WireUser
from cdml.forges.gitlab_words import READS, no_token, refusal
from cdml.forges.rest import Api, read

HEADERS = {"Accept": "application/json", "User-Agent": "cdml"}


class GitlabApi(Api):
    """One project's REST API; `needs` is the role that a request takes.

    The token is sent as a bearer: every kind of token can be, and that header never follows to another host.
    """

    def __init__(self, place: Place) -> None:
        rest = Rest(place.api, place.token, headers=HEADERS)
        super().__init__(rest, partial(refusal, place), self._require_token, place.root)
        self.place = place

    @cached_property
    def login(self) -> str:
        """Whose token this is: a person, or the bot that GitLab makes for a token of a project or a group."""
        return read(WireUser, self.send("GET", "/user", READS, None, {}).data, "GET /user").username

    def find_user(self, login: str) -> WireUser | None:
        """Somebody by name, None where nobody is called so."""
        answer = self.send("GET", "/users", READS, None, {"username": login})
        found = read(tuple[WireUser, ...], answer.data, "GET /users")
        return next((user for user in found if user.username.lower() == login.lower()), None)

    def _require_token(self) -> None:
        if not self.place.token:
            raise UsageError(*no_token(self.place))
