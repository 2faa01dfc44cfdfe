"""Requests to GitHub's REST API for one repository, and whose token they carry."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial

from cdml.core.errors import UsageError
from cdml.core.http import Rest
from cdml.core.retries import is_limited
from cdml.forges.github_place import TOKENS, Place
from cdml.forges.github_wire import WireUser
from cdml.forges.github_words import refusal
from cdml.forges.rest import Api, read

HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "cdml",
}
ACTIONS = "github-actions[bot]"
INSTALLATION = "ghs_"  # how the tokens of workflows and apps begin


class GithubApi(Api):
    """One repository's REST API; `needs` is the entry under `permissions:` that a request takes."""

    def __init__(self, place: Place) -> None:
        rest = Rest(place.api, place.token, headers=HEADERS)
        super().__init__(rest, partial(refusal, place), self._require_token, f"/repos/{place.slug}")
        self.place = place

    @cached_property
    def login(self) -> str:
        """Whose token this is. A workflow's token may not ask the REST API; the other API tells it too."""
        if not self.place.token.startswith(INSTALLATION):
            answer = self.rest.send("GET", "/user")
            if answer.status == 200:
                return read(WireUser, answer.data, "GET /user").login
            if answer.status != 403 or is_limited(answer.status, answer.headers):
                raise self.refuse("GET", "/user", "", answer)
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

    def _require_token(self) -> None:
        if not self.place.token:
            raise UsageError(
                f"writing to {self.place.slug} on GitHub needs a token",
                f"set {TOKENS[1]} (in a workflow, `env: {{{TOKENS[1]}: ${{{{ github.token }}}}}}`); "
                f"{TOKENS[0]} and {TOKENS[2]} are read too",
            )
