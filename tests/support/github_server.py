"""A stand-in for GitHub on loopback: it remembers, it merges, and it fails as it is told to.

In a test: `with GithubServer(Hub(repo=bare)) as server:` and `GITHUB_API_URL=server.url`. As a process:
`python tests/support/github_server.py --repo PATH --port 0` prints its port on the first line; `POST /__pull`
takes the fields of `Hub.add_pull`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import github_operations  # noqa: F401  (fills ROUTES)
from forge_server import Fault, ForgeServer, Reply, Seen
from github_schema import Exchange, answer, problems
from github_state import BOT, ROUTES, Call, Data, Hub, Refused, find_route

GRAPHQL = "/graphql"


class Github:
    """What GitHub answers; `check` holds every exchange against its own description."""

    def __init__(self, hub: Hub, check: bool = True) -> None:
        self.hub = hub
        self.check = check

    def token(self, headers: dict[str, str]) -> str:
        return headers.get("authorization", "").partition(" ")[2]

    def perform(self, seen: Seen) -> Reply:
        template = (find_route(seen.method, seen.path) or (None,))[0]
        headers: dict[str, str] = {}
        try:
            status, data = self._do(seen)
            data, headers = _page(seen, data)
        except Refused as refused:
            status, data = refused.status, refused.body
        if template and data is not None:
            data = answer(template, seen.method, status, data)
        violations: list[str] = []
        if self.check and seen.path != GRAPHQL:
            body = b"" if data is None else json.dumps(data).encode()
            told = Exchange(seen.method, seen.path, template, seen.text, seen.sent, status, body, seen.headers)
            violations = list(problems(told))
        return Reply(status, data, headers, violations)

    def _do(self, seen: Seen) -> tuple[int, Any]:
        """Status and body of one request."""
        login = self._login(seen.token)
        if seen.path == GRAPHQL:
            return 200, {"data": {"viewer": {"login": login}}}
        found = find_route(seen.method, seen.path)
        if found is None:
            raise Refused(404, "Not Found")
        template, names = found
        names = {name: unquote(value) for name, value in names.items()}
        if "owner" in names and f"{names['owner']}/{names['repo']}".lower() != self.hub.slug.lower():
            raise Refused(404, "Not Found")
        if seen.method != "GET" and not login:
            raise Refused(401, "Requires authentication")
        return ROUTES[seen.method, template](Call(self.hub, login, names, seen.query, seen.body))

    def _login(self, token: str) -> str:
        known = self.hub.tokens.get(token, self.hub.anybody) if token else ""
        if known is None:
            raise Refused(401, "Bad credentials")
        return known

    def refused(self, fault: Fault) -> Any:
        return {"message": fault.message}

    def document(self) -> Data:
        return self.hub.document()

    def control(self, path: str, body: Data) -> Any:
        return self.hub.add_pull(**body) if path == "/__pull" else None


class GithubServer(ForgeServer):
    """The server, with the repository that it serves at hand."""

    application: Github

    def __init__(self, hub: Hub | None = None, *, port: int = 0, check: bool = True) -> None:
        super().__init__(Github(hub or Hub(), check), port=port)

    @property
    def hub(self) -> Hub:
        return self.application.hub

    @property
    def check(self) -> bool:
        return self.application.check

    @check.setter
    def check(self, check: bool) -> None:
        self.application.check = check

    def __enter__(self) -> GithubServer:
        super().__enter__()
        return self


def _page(seen: Seen, data: Any) -> tuple[Any, dict[str, str]]:
    whole = data["statuses"] if isinstance(data, dict) and "statuses" in data else data
    if not isinstance(whole, list):
        return data, {}
    size, page = min(100, int(seen.query.get("per_page", 30))), int(seen.query.get("page", 1))
    part = whole[(page - 1) * size : page * size]
    headers = {}
    if page * size < len(whole):
        query = urlencode({**seen.query, "page": page + 1})
        headers["Link"] = f'<http://{seen.headers["host"]}{seen.path}?{query}>; rel="next"'
    return (part if whole is data else {**data, "statuses": part}), headers


def main() -> None:
    """Serve until the process is ended."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--repo", type=Path, help="a bare repository behind it")
    words.add_argument("--port", type=int, default=0)
    words.add_argument("--slug", default="acme/churn")
    words.add_argument("--token", action="append", default=[], metavar="TOKEN=LOGIN")
    words.add_argument("--anybody", default=BOT, help="who any other token belongs to")
    words.add_argument("--check", action="store_true", help="hold every exchange against GitHub's description")
    given = words.parse_args()
    tokens = dict(item.split("=", 1) for item in given.token)
    hub = Hub(given.slug, given.repo.resolve() if given.repo else None, tokens, given.anybody)
    with GithubServer(hub, port=given.port, check=given.check) as server:
        print(server.port, flush=True)
        server.thread.join()


if __name__ == "__main__":
    sys.exit(main())
