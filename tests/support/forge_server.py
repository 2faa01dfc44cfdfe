"""What every forge's stand-in is: a server on loopback that remembers what was asked and fails as it is told to.

What it answers is the `Application`'s, one for each forge. `GET /__state` is everything as JSON, `POST /__fault`
takes a Fault's fields, anything else below `/__` is the application's own.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

Data = dict[str, Any]


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
    """One request as it came; `sent` is its body's bytes, `text` its query's, `headers` are its own."""

    method: str
    path: str
    query: dict[str, str]
    body: Data
    token: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    sent: bytes = field(default=b"", repr=False)
    text: str = field(default="", repr=False)


@dataclass
class Reply:
    """What is answered; `data` None has no body. `violations` are what the forge's own description forbids."""

    status: int
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


class Application(Protocol):
    """One forge behind the server."""

    def token(self, headers: dict[str, str]) -> str:
        """The token of a request, empty where it carries none."""

    def perform(self, seen: Seen) -> Reply:
        """Answer a request; with `check` off nothing is held against the description."""

    def refused(self, fault: Fault) -> Any:
        """The body by which this forge says what went wrong."""

    def document(self) -> Data:
        """All that it remembers."""

    def control(self, path: str, body: Data) -> Any:
        """What a test or a flow in another process sets up by `POST /__…`."""


class ForgeServer:
    """The server; `with ForgeServer(application) as server:` and `server.url`."""

    def __init__(self, application: Application, *, port: int = 0) -> None:
        self.application = application
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

    def __enter__(self) -> ForgeServer:
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
        names = ("method", "path", "query", "body")
        seen = [
            {name: value for name, value in asdict(request).items() if name in names}
            | {"token": "***" if request.token else ""}
            for request in self.seen
        ]
        return self.application.document() | {"requests": seen, "violations": self.violations}


def _handler(server: ForgeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            where = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if where.path.startswith("/__"):
                self._control(where.path, sent)
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(where.query, keep_blank_values=True))
            token = server.application.token(headers)
            seen = Seen(self.command, where.path, query, _json(sent), token, headers, sent, where.query)
            with server.lock:
                server.seen.append(seen)
            fault = server.struck(seen.method, seen.path)
            if fault and fault.kind == "slow":
                server.ending.wait(20)
            if fault and fault.kind in ("cut", "slow"):
                self.close_connection = True
                return
            if fault and fault.kind == "status":
                said = server.application.refused(fault) if fault.body is None else fault.body
                self._answer(fault.status, said, fault.headers)
                return
            with server.lock:
                reply = server.application.perform(seen)
                server.violations += reply.violations
            if fault is not None:
                self.close_connection = True
                return
            self._answer(reply.status, reply.data, reply.headers)

        def _control(self, path: str, sent: bytes) -> None:
            with server.lock:
                if path == "/__fault":
                    server.faults.append(Fault(**json.loads(sent)))
                elif path != "/__state":
                    self._answer(201, server.application.control(path, _json(sent)), {})
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

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_OPTIONS = handle_any

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _json(sent: bytes) -> Data:
    try:
        found = json.loads(sent) if sent else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
