"""A stand-in for Gitea on loopback: it remembers, it merges, and it fails as it is told to.

In a test: `with GiteaServer(Yard(repo=bare)) as server:` and `GITHUB_API_URL=server.api`. As a process:
`python tests/support/gitea_server.py --repo PATH --port 0` prints its port on the first line; `POST /__pull` takes
the fields of `Hub.add_pull`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import gitea_operations
import gitea_talk  # noqa: F401  (fills ROUTES)
from forge_server import Fault, ForgeServer, Reply, Seen
from gitea_schema import ROOT, is_paged, problems, template_of
from gitea_state import ACTIONS, ALL, HOST, ROUTES, Call, Data, Refused, Yard, not_found, require_scope

assert gitea_operations.RIGHTS


class Gitea:
    """What Gitea answers; `check` holds every exchange against its own description."""

    def __init__(self, yard: Yard, check: bool = True) -> None:
        self.yard = yard
        self.check = check

    def token(self, headers: dict[str, str]) -> str:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return token if scheme.lower() in ("token", "bearer") else ""

    def perform(self, seen: Seen) -> Reply:
        found = template_of(seen.method, seen.path)
        try:
            reply = Reply(*self._do(seen, found))
        except Refused as refused:
            reply = Reply(refused.status, refused.body)
        if found and isinstance(reply.data, list) and is_paged(seen.method, found[0]):
            reply = self._page(seen, reply.data)
        if self.check:
            reply.violations = list(problems(seen.method, found and found[0], seen.query, seen.sent, reply))
        return reply

    def _do(self, seen: Seen, found: tuple[str, Mapping[str, str]] | None) -> tuple[int, Any]:
        login = self._login(seen.token)
        if found is None:
            raise not_found()
        template, quoted = found
        names = {name: unquote(value) for name, value in quoted.items()}
        if "owner" in names and f"{names['owner']}/{names['repo']}".lower() != self.yard.slug.lower():
            raise not_found()
        if seen.method != "GET" and not login:
            raise Refused(401, "token is required")
        if login:
            require_scope(self.yard.scopes.get(seen.token, ALL), seen.method, template)
        return ROUTES[seen.method, template](Call(self.yard, login, names, seen.query, seen.body))

    def _login(self, token: str) -> str:
        known = self.yard.tokens.get(token, self.yard.anybody) if token else ""
        if known is None:
            raise Refused(401, "invalid username, password or token")
        return known

    def _page(self, seen: Seen, whole: list[Any]) -> Reply:
        asked = int(seen.query.get("limit", 0)) or 30
        size, page = min(self.yard.longest_page, asked), int(seen.query.get("page", 1))
        headers = {"X-Total-Count": str(len(whole))}
        if page * size < len(whole):
            links = [(page + 1, "next"), (-(-len(whole) // size), "last")]
            where = (self.yard.root or f"http://{seen.headers['host']}") + seen.path
            parts = [f'<{where}?{urlencode({**seen.query, "page": n})}>; rel="{rel}"' for n, rel in links]
            headers["Link"] = ",".join(parts)
        return Reply(200, whole[(page - 1) * size : page * size], headers)

    def refused(self, fault: Fault) -> Any:
        return {"message": fault.message, "url": f"{HOST}/api/swagger"}

    def document(self) -> Data:
        return self.yard.document()

    def control(self, path: str, body: Data) -> Any:
        return self.yard.add_pull(**body) if path == "/__pull" else None


class GiteaServer(ForgeServer):
    """The server, with the repository that it serves at hand."""

    application: Gitea

    def __init__(self, yard: Yard | None = None, *, port: int = 0, check: bool = True) -> None:
        super().__init__(Gitea(yard or Yard(), check), port=port)

    @property
    def api(self) -> str:
        return self.url + ROOT

    @property
    def yard(self) -> Yard:
        return self.application.yard

    @property
    def check(self) -> bool:
        return self.application.check

    @check.setter
    def check(self, check: bool) -> None:
        self.application.check = check

    def __enter__(self) -> GiteaServer:
        super().__enter__()
        return self


def main() -> None:
    """Serve until the process is ended."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--repo", type=Path, help="a bare repository behind it")
    words.add_argument("--port", type=int, default=0)
    words.add_argument("--slug", default="acme/churn")
    words.add_argument("--token", action="append", default=[], metavar="TOKEN=LOGIN=LEVEL")
    words.add_argument("--check", action="store_true", help="hold every exchange against Gitea's description")
    given = words.parse_args()
    people = [item.split("=") for item in given.token]
    yard = Yard(given.slug, given.repo.resolve() if given.repo else None, anybody=ACTIONS)
    yard.tokens = {token: login for token, login, _ in people}
    yard.access = {ACTIONS: "write", **{login: level for _, login, level in people}}
    with GiteaServer(yard, port=given.port, check=given.check) as server:
        print(server.port, flush=True)
        server.thread.join()


if __name__ == "__main__":
    sys.exit(main())
