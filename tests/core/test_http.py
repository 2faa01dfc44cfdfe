"""The door for HTTP, against a real server on loopback."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cdml.core.errors import ExternalError
from cdml.core.http import Rest, request_json
from cdml.core.retries import asked_again, asked_wait

ELSEWHERE = "http://api.example.test/x"  # as a proxy is asked


class Handler(BaseHTTPRequestHandler):
    release = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(201, json.dumps({"got": json.loads(body)}).encode())

    def do_GET(self) -> None:
        if self.path == "/hang":
            self.release.wait(20)
        answers = {
            "/text": (200, b"plain"),
            "/bad": (503, b'{"why": "busy"}'),
            "/deep": (200, b"[" * 100_000 + b"]" * 100_000),
            ELSEWHERE: (200, json.dumps({"signed": self.headers["Authorization"]}).encode()),
        }
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


def test_an_answer_that_is_nested_without_end_is_no_json(server: str) -> None:
    assert Rest(server).send("GET", "/deep").data is None


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


def test_the_proxy_of_the_environment_is_asked_for_other_hosts(
    server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", server)
    assert request_json("GET", ELSEWHERE) == (200, {"signed": None})
    (tmp_path / "netrc").write_text("machine api.example.test login me password other")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setattr(Rest, "_require_private", lambda *_: None)
    # A token is not replaced by what else is known for the host.
    assert Rest("http://api.example.test", "t").send("GET", "/x").data == {"signed": "Bearer t"}


def test_what_goes_wrong_at_a_proxy_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:secret@127.0.0.1:9")
    with pytest.raises(ExternalError, match=r"GET .*: no answer \(ProxyError\)") as caught:
        Rest("http://api.example.test", pauses=()).send("GET", "/x")
    assert "NO_PROXY" in caught.value.hint
    assert "secret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("method", "status", "headers", "wait"),
    [
        ("GET", 200, {}, None),
        ("GET", 404, {"retry-after": "1"}, None),
        ("GET", 403, {}, None),
        ("GET", 501, {}, None),
        ("GET", 503, {}, 2.0),
        ("GET", 503, {"retry-after": "7"}, 7.0),
        ("GET", 503, {"retry-after": "61"}, None),
        ("GET", 503, {"retry-after": "soon"}, 2.0),
        ("POST", 503, {"retry-after": "1"}, None),
        ("PUT", 500, {}, None),
        ("POST", 429, {}, 2.0),
        ("POST", 429, {"retry-after": "0"}, 0.0),
        ("PATCH", 403, {"retry-after": "60"}, 60.0),
        ("PATCH", 403, {"x-ratelimit-remaining": "12", "x-ratelimit-reset": "1"}, None),
        ("PATCH", 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 1.0),
        ("GET", 429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}, None),
    ],
)
def test_only_what_is_safe_is_asked_again_and_nobody_waits_long(
    method: str, status: int, headers: dict[str, str], wait: float | None
) -> None:
    assert asked_again(method, status, headers, 2.0) == wait


def test_a_date_to_wait_for_is_understood() -> None:
    wait = asked_wait({"retry-after": formatdate(time.time() + 30, usegmt=True)})
    assert wait is not None
    assert 27 < wait <= 30
    assert asked_wait({"retry-after": formatdate(0, usegmt=True)}) == 0.0
