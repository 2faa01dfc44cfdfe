"""Requests to GitHub's REST API for one repository: typed answers, or an error that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from cdml.core.errors import UsageError
from cdml.core.http import Answer, Rest
from cdml.core.retries import is_limited
from cdml.forges.github_place import TOKENS, Place
from cdml.forges.github_wire import WireUser, read
from cdml.forges.github_words import refusal

T = TypeVar("T")
HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "cdml",
}
ACTIONS = "github-actions[bot]"
INSTALLATION = "ghs_"  # how the tokens of workflows and apps begin


class GithubApi:
    """One repository's REST API."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.rest = Rest(place.api, place.token, HEADERS)

    def read(self, kind: type[T], path: str, *, needs: str, **query: str | int) -> T:
        """One thing; `path` is below the repository, `needs` the entry under `permissions:` that this takes."""
        full = self._full(path)
        return read(kind, self._call("GET", full, needs, None, query).data, f"GET {full}")

    def each(self, kind: type[T], path: str, *, needs: str, **query: str | int) -> Iterator[T]:
        """Every page of a listing, as it is asked for."""
        full = self._full(path)
        for answer in self.rest.pages(full, query):
            if answer.status != 200:
                raise refusal(self.place, "GET", full, needs, answer)
            yield read(kind, answer.data, f"GET {full}")

    def write(self, kind: type[T], method: str, path: str, body: dict[str, Any], *, needs: str) -> T:
        """Change something and return what it is then."""
        full = self._full(path)
        return read(kind, self._call(method, full, needs, body, {}).data, f"{method} {full}")

    def delete(self, path: str, *, needs: str) -> None:
        """Take something away."""
        self._call("DELETE", self._full(path), needs, None, {})

    @cached_property
    def login(self) -> str:
        """Whose token this is. A workflow's token may not ask the REST API; the other API tells it too."""
        if not self.place.token.startswith(INSTALLATION):
            answer = self.rest.send("GET", "/user")
            if answer.status == 200:
                return read(WireUser, answer.data, "GET /user").login
            if answer.status != 403 or is_limited(answer.status, answer.headers):
                raise refusal(self.place, "GET", "/user", "", answer)
        return self._viewer() or ACTIONS

    def _viewer(self) -> str:
        body = {"query": "query { viewer { login } }"}
        # GitHub Enterprise has /api/v3 and /api/graphql.
        answer = replace(self.rest, base=self.place.api.removesuffix("/v3")).send("POST", "/graphql", body=body)
        try:
            name = str(answer.data["data"]["viewer"]["login"])
        except (TypeError, KeyError):
            return ""
        return name if name.endswith("[bot]") else f"{name}[bot]"

    def _full(self, path: str) -> str:
        return f"/repos/{self.place.slug}{path}"

    def _call(self, method: str, path: str, needs: str, body: dict[str, Any] | None, query: Any) -> Answer:
        if method != "GET" and not self.place.token:
            raise UsageError(
                f"writing to {self.place.slug} on GitHub needs a token",
                f"set {TOKENS[1]} (in a workflow, `env: {{{TOKENS[1]}: ${{{{ github.token }}}}}}`); "
                f"{TOKENS[0]} and {TOKENS[2]} are read too",
            )
        answer = self.rest.send(method, path, body=body, query=query)
        if not 200 <= answer.status < 300:
            raise refusal(self.place, method, path, needs, answer)
        return answer
