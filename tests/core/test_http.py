"""The door for HTTP, against a real server on loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cdml.core.errors import ExternalError
from cdml.core.http import request_json


class Handler(BaseHTTPRequestHandler):
    release = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(201, json.dumps({"got": json.loads(body)}).encode())

    def do_GET(self) -> None:
        if self.path == "/hang":
            self.release.wait(20)
        answers = {"/text": (200, b"plain"), "/bad": (503, b'{"why": "busy"}')}
        self.answer(*answers.get(self.path, (404, b"")))

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        Handler.release.set()
        running.shutdown()
        thread.join()


def test_status_and_json_come_back_whatever_the_status(server: str) -> None:
    assert request_json("POST", server, body={"a": [1]}) == (201, {"got": {"a": [1]}})
    assert request_json("GET", f"{server}/bad") == (503, {"why": "busy"})
    assert request_json("GET", f"{server}/text") == (200, None)
    assert request_json("GET", f"{server}/nope") == (404, None)


def test_no_answer_is_an_error_that_names_the_address(server: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/x"
        with pytest.raises(ExternalError, match=rf"GET {closed}: no answer \(ConnectionError\)"):
            request_json("GET", closed)
    with pytest.raises(ExternalError, match=r"no answer \(ReadTimeout\)"):
        request_json("GET", f"{server}/hang", timeout=0.2)
    with pytest.raises(ExternalError, match="no answer"):
        request_json("GET", "http://")


def test_a_proxy_is_never_asked_for_this_machine(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert request_json("GET", f"{server}/text") == (200, None)
