"""A stand-in for GitHub on loopback: it remembers, it merges, and it fails as it is told to.

In a test: `with GithubServer(Hub(repo=bare)) as server:` and `GITHUB_API_URL=server.url`. As a process:
`python tests/support/github_server.py --repo PATH --port 0` prints its port on the first line. `GET /__state` is
everything as JSON, `POST /__fault` takes a Fault's fields, `POST /__pull` those of `Hub.add_pull`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import github_operations  # noqa: F401  (fills ROUTES)
from github_schema import Exchange, answer, problems
from github_state import BOT, ROUTES, Call, Data, Hub, Refused, find_route

GRAPHQL = "/graphql"


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose method and path match.

    `kind`: `status` answers so without doing anything; `cut` closes the connection before it is done, `cut-after`
    when it is done; `slow` lets the client wait until the server ends.
    """

    path: str = ".*"
    method: str = ".*"
    kind: str = "status"
    status: int = 500
    message: str = "Server Error"
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1

    def strikes(self, method: str, path: str) -> bool:
        if self.times < 1 or not (re.fullmatch(self.method, method) and re.fullmatch(self.path, path)):
            return False
        self.times -= 1
        return True


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: Data
    token: str


class GithubServer:
    """The server; `check` holds every exchange against GitHub's own description."""

    def __init__(self, hub: Hub | None = None, *, port: int = 0, check: bool = True) -> None:
        self.hub = hub or Hub()
        self.check = check
        self.faults: list[Fault] = []
        self.before: list[tuple[str, str, Callable[[], object]]] = []
        self.seen: list[Seen] = []
        self.violations: list[str] = []
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def port(self) -> int:
        return self.http.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> GithubServer:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def fail(self, **fault: Any) -> None:
        """Make something go wrong: the fields of a Fault."""
        self.faults.append(Fault(**fault))

    def once_before(self, method: str, path: str, happens: Callable[[], object]) -> None:
        """What somebody else does just before the first such request."""
        self.before.append((method, path, happens))

    def asked(self, method: str = "") -> list[str]:
        """The requests so far, as `METHOD path`."""
        return [f"{s.method} {s.path}" for s in self.seen if method in ("", s.method)]

    def struck(self, method: str, path: str) -> Fault | None:
        with self.lock:
            fault = next((fault for fault in self.faults if fault.strikes(method, path)), None)
            due = [item for item in self.before if item[0] == method and re.fullmatch(item[1], path)][:1]
            for item in due:
                self.before.remove(item)
        for _, _, happens in due:
            happens()
        return fault

    def document(self) -> Data:
        seen = [asdict(request) | {"token": "***" if request.token else ""} for request in self.seen]
        return self.hub.document() | {"requests": seen, "violations": self.violations}

    def perform(self, seen: Seen) -> tuple[int, Any, str | None]:
        """Status, body and the described path of one request."""
        login = self._login(seen.token)
        if seen.path == GRAPHQL:
            return 200, {"data": {"viewer": {"login": login}}}, None
        found = find_route(seen.method, seen.path)
        if found is None:
            raise Refused(404, "Not Found")
        template, names = found
        names = {name: unquote(value) for name, value in names.items()}
        if "owner" in names and f"{names['owner']}/{names['repo']}".lower() != self.hub.slug.lower():
            raise Refused(404, "Not Found")
        if seen.method != "GET" and not login:
            raise Refused(401, "Requires authentication")
        status, data = ROUTES[seen.method, template](Call(self.hub, login, names, seen.query, seen.body))
        return status, data, template

    def _login(self, token: str) -> str:
        known = self.hub.tokens.get(token, self.hub.anybody) if token else ""
        if known is None:
            raise Refused(401, "Bad credentials")
        return known


def _handler(server: GithubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            where = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if where.path.startswith("/__"):
                self._control(where.path, sent)
                return
            token = self.headers.get("Authorization", "").partition(" ")[2]
            seen = Seen(self.command, where.path, dict(parse_qsl(where.query)), _json(sent), token)
            with server.lock:
                server.seen.append(seen)
            fault = server.struck(seen.method, seen.path)
            if fault and fault.kind == "slow":
                server.ending.wait(20)
            if fault and fault.kind in ("cut", "slow"):
                self.close_connection = True
                return
            if fault and fault.kind == "status":
                said = {"message": fault.message} if fault.body is None else fault.body
                self._answer(fault.status, said, fault.headers)
                return
            self._perform(seen, sent, where.query, silent=fault is not None)

        def _perform(self, seen: Seen, sent: bytes, query: str, silent: bool) -> None:
            headers: dict[str, str] = {}
            with server.lock:
                template = (find_route(seen.method, seen.path) or (None,))[0]
                try:
                    status, data, _ = server.perform(seen)
                    data, headers = self._page(seen, data)
                except Refused as refused:
                    status, data = refused.status, refused.body
                if template and data is not None:
                    data = answer(template, seen.method, status, data)
                body = b"" if data is None else json.dumps(data).encode()
                if server.check and seen.path != GRAPHQL:
                    passed = dict(self.headers.items())
                    told = Exchange(seen.method, seen.path, template, query, sent, status, body, passed)
                    server.violations += problems(told)
            if silent:
                self.close_connection = True
                return
            self._answer(status, data, headers)

        def _page(self, seen: Seen, data: Any) -> tuple[Any, dict[str, str]]:
            whole = data["statuses"] if isinstance(data, dict) and "statuses" in data else data
            if not isinstance(whole, list):
                return data, {}
            size, page = min(100, int(seen.query.get("per_page", 30))), int(seen.query.get("page", 1))
            part = whole[(page - 1) * size : page * size]
            headers = {}
            if page * size < len(whole):
                query = urlencode({**seen.query, "page": page + 1})
                headers["Link"] = f'<http://{self.headers["Host"]}{seen.path}?{query}>; rel="next"'
            return (part if whole is data else {**data, "statuses": part}), headers

        def _control(self, path: str, sent: bytes) -> None:
            with server.lock:
                if path == "/__fault":
                    server.faults.append(Fault(**json.loads(sent)))
                elif path == "/__pull":
                    self._answer(201, server.hub.add_pull(**json.loads(sent)), {})
                    return
                self._answer(200, server.document(), {})

        def _answer(self, status: int, data: Any, headers: dict[str, str]) -> None:
            body = b"" if data is None else json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _json(sent: bytes) -> Data:
    try:
        found = json.loads(sent) if sent else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


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
