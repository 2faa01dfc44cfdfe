"""A stand-in for GitLab on loopback: it remembers, it merges, and it fails as it is told to.

In a test: `with GitlabServer(Lab(repo=bare)) as server:` and `CI_API_V4_URL=server.api`. As a process:
`python tests/support/gitlab_server.py --repo PATH --port 0` prints its port on the first line; `POST /__pull`
takes the fields of `Lab.add_pull`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import gitlab_ci_operations  # noqa: F401  (fills ROUTES, as does what it imports)
from forge_server import Fault, ForgeServer, Reply, Seen
from gitlab_schema import answer, find, problems
from gitlab_state import BOT, PROJECT, ROUTES, Call, Data, Lab, Refused

BASE = "/api/v4"


class Gitlab:
    """What GitLab answers; `check` holds every exchange against what is known of its API."""

    def __init__(self, lab: Lab, check: bool = True) -> None:
        self.lab = lab
        self.check = check

    def token(self, headers: dict[str, str]) -> str:
        bearer = headers.get("authorization", "").partition(" ")[2]
        return bearer or headers.get("private-token", "")

    def perform(self, seen: Seen) -> Reply:
        path, headers = seen.path.removeprefix(BASE), {}
        found = find(seen.method, path) if seen.path.startswith(BASE) else None
        try:
            status, data = self._do(seen, found)
            data, headers = _page(seen, data)
        except Refused as refused:
            status, data = refused.status, refused.body
        if found:
            data = answer(seen.method, found[0], status, data)
        violations: list[str] = []
        if self.check:
            violations = list(problems(seen.method, path, seen.text, seen.body, status, data))
        return Reply(status, data, headers, violations)

    def _do(self, seen: Seen, found: Any) -> tuple[int, Any]:
        """Status and body of one request."""
        login = self._login(seen.token)
        if found is None:
            raise Refused(404, "404 Not Found")
        template, names = found
        if names.get("id", self.lab.slug).lower() not in (self.lab.slug.lower(), str(PROJECT)):
            raise Refused(404, "404 Project Not Found")
        if seen.method != "GET" and not login:
            raise Refused(401, "401 Unauthorized")
        if seen.method != "GET" and "api" not in self.lab.scopes.get(seen.token, ["api"]):
            said = "The request requires higher privileges than provided by the access token."
            raise Refused(403, "", error="insufficient_scope", error_description=said, scope="api")
        query = {**seen.query, "__text": seen.text}
        return ROUTES[seen.method, template](Call(self.lab, login, seen.token, names, query, seen.body))

    def _login(self, token: str) -> str:
        known = self.lab.tokens.get(token, self.lab.anybody) if token else ""
        if known is None:
            raise Refused(401, "401 Unauthorized")
        return known

    def refused(self, fault: Fault) -> Any:
        return {"message": f"{fault.status} {fault.message}"}

    def document(self) -> Data:
        return self.lab.document()

    def control(self, path: str, body: Data) -> Any:
        return self.lab.add_pull(**body) if path == "/__pull" else None


class GitlabServer(ForgeServer):
    """The server, with the project that it serves at hand."""

    application: Gitlab

    def __init__(self, lab: Lab | None = None, *, port: int = 0, check: bool = True) -> None:
        super().__init__(Gitlab(lab or Lab(), check), port=port)

    @property
    def api(self) -> str:
        return f"{self.url}{BASE}"

    @property
    def lab(self) -> Lab:
        return self.application.lab

    @property
    def check(self) -> bool:
        return self.application.check

    @check.setter
    def check(self, check: bool) -> None:
        self.application.check = check

    def project(self, path: str) -> str:
        """A whole path below the project, as a request has it."""
        return f"{BASE}/projects/{quote(self.lab.slug, safe='')}{path}"

    def __enter__(self) -> GitlabServer:
        super().__enter__()
        return self


def _page(seen: Seen, data: Any) -> tuple[Any, dict[str, str]]:
    if not isinstance(data, list):
        return data, {}
    size, page = min(100, int(seen.query.get("per_page", 20))), int(seen.query.get("page", 1))
    last = max(1, -(-len(data) // size))
    links = {"first": 1, "last": last} | ({"next": page + 1} if page < last else {})
    where = f"http://{seen.headers['host']}{seen.path}"
    told = [f'<{where}?{urlencode({**seen.query, "page": at})}>; rel="{name}"' for name, at in links.items()]
    headers = {"Link": ", ".join(told), "X-Page": str(page), "X-Per-Page": str(size), "X-Total": str(len(data))}
    headers |= {"X-Total-Pages": str(last), "X-Next-Page": str(page + 1) if page < last else ""}
    return data[(page - 1) * size : page * size], headers


def main() -> None:
    """Serve until the process is ended."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--repo", type=Path, help="a bare repository behind it")
    given.add_argument("--port", type=int, default=0)
    given.add_argument("--slug", default="acme/churn")
    given.add_argument("--token", action="append", default=[], metavar="TOKEN=LOGIN")
    given.add_argument("--anybody", default=BOT, help="who any other token belongs to")
    given.add_argument("--check", action="store_true", help="hold every exchange against the description")
    words = given.parse_args()
    tokens = dict(item.split("=", 1) for item in words.token)
    lab = Lab(words.slug, words.repo.resolve() if words.repo else None, tokens, words.anybody)
    with GitlabServer(lab, port=words.port, check=words.check) as server:
        print(server.port, flush=True)
        server.thread.join()


if __name__ == "__main__":
    sys.exit(main())
