"""Target `local` with real servers: replaced under load, refused, interrupted, hung, and gone."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
import requests

from cdml.core.errors import ExternalError, RefusedError
from cdml.core.release import Bundle
from cdml.deploy import TARGETS, local
from cdml.deploy.local import LocalOptions, LocalTarget

Bundles = Callable[[str], Bundle]


@pytest.fixture
def target(state: Path, port: int) -> LocalTarget:
    return LocalTarget("staging", "churn", LocalOptions(port=port), state)


def processes(state: Path) -> list[psutil.Process]:
    everything = psutil.process_iter(["cmdline"])
    return [p for p in everything if any(str(state) in word for word in p.info["cmdline"] or [])]


def until(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Clients:
    """Threads that ask with hardly a pause, half of them over connections that they keep."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/predict"
        self.answered: list[str] = []
        self.failed: list[str] = []
        self.end = threading.Event()

    def ask(self, keep: bool) -> None:
        session = requests.Session()
        while not self.end.wait(0.01):
            try:
                answer = session.post(self.url, json={"records": [{"age": 1}]}, timeout=20)
                answer.raise_for_status()
                self.answered.append(answer.json()["version"])
            except requests.RequestException as error:
                self.failed.append(repr(error))
            if not keep:
                session.close()

    def seen(self, version: str) -> Callable[[], bool]:
        """Whether a version has answered from now on."""
        start = len(self.answered)
        return lambda: version in self.answered[start:]


@contextmanager
def load(url: str) -> Iterator[Clients]:
    clients = Clients(url)
    threads = [threading.Thread(target=clients.ask, args=(number % 2 == 0,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        clients.end.set()
        for thread in threads:
            thread.join()


def test_replace_and_roll_back_lose_no_request(
    target: LocalTarget, light: Bundles, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    first, second = light("v1.0.0"), light("v1.1.0")
    assert target.plan(first) == (f"start churn@v1.0.0 at {target.url}",)
    deployed = target.deploy(first)
    assert deployed == target.current()
    assert (deployed.version, deployed.sha256, deployed.commit) == ("v1.0.0", first.artifact.sha256, "c" * 40)
    (old,) = processes(state)
    assert "GITHUB_TOKEN" not in old.environ()
    assert target.plan(second) == (f"replace churn@v1.0.0 by churn@v1.1.0 at {target.url}",)
    with load(target.url) as clients:
        until(clients.seen("v1.0.0"))
        target.deploy(second)
        until(clients.seen("v1.1.0"))
        target.deploy(first)
        until(clients.seen("v1.0.0"))
        assert not clients.seen("v1.1.0")()
    assert clients.failed == []
    assert not old.is_running()
    (now,) = processes(state)
    recorded = json.loads((target.home / "server.json").read_text())
    assert (recorded["pid"], recorded["version"]) == (now.pid, "v1.0.0")
    folders = sorted(path.name for path in target.home.iterdir() if path.is_dir())
    assert folders == ["logs", f"v1.0.0-{first.artifact.sha256[:12]}"]
    assert target.plan(first) == (f"nothing: {target.url} serves churn@v1.0.0 already",)
    _same_again(target, first, state)


def _same_again(target: LocalTarget, bundle: Bundle, state: Path) -> None:
    """What runs already is left alone, but not when its model is gone; then everything ends."""
    (before,) = processes(state)
    target.deploy(bundle)
    assert processes(state) == [before]
    (worker,) = [child for child in before.children() if "worker.py" in " ".join(child.cmdline())]
    worker.kill()
    until(lambda: requests.get(f"{target.url}/health/ready", timeout=5).status_code == 503)
    assert requests.post(f"{target.url}/predict", json={"records": [{"age": 1}]}, timeout=5).status_code == 503
    target.deploy(bundle)
    (after,) = processes(state)
    assert after != before
    assert requests.get(f"{target.url}/health/ready", timeout=5).status_code == 200
    family = after.children(recursive=True)
    target.remove()
    assert target.current() is None
    assert processes(state) == []
    assert not any(member.is_running() for member in family)
    target.remove()


def test_a_server_that_does_not_start_changes_nothing(
    target: LocalTarget, light: Bundles, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = light("v1.0.0")
    target.deploy(good)
    before, record = processes(state), (target.home / "server.json").read_text()
    broken = state / "broken.pkl"
    broken.write_text("no model")
    found = local.digest(broken)
    artifact = replace(good.artifact, sha256=found.sha256, size=found.size)
    with pytest.raises(ExternalError, match=r"(?s)churn@v2\.0\.0 did not start:.*cannot be loaded"):
        target.deploy(replace(good, version="v2.0.0", file=broken, artifact=artifact))
    assert processes(state) == before
    assert (target.home / "server.json").read_text() == record
    current = target.current()
    assert current is not None
    assert current.version == "v1.0.0"

    # The same server, hung: nothing can be handed over, and a healthy one takes its place all the same.
    before[0].suspend()
    with monkeypatch.context() as patch:
        patch.setattr(local, "ASK_SECONDS", 0.5)
        patch.setattr(local.local_process, "STOP_SECONDS", 0.5)
        assert target.deploy(light("v1.1.0")).version == "v1.1.0"
    (now,) = processes(state)
    assert now != before[0]

    # A server that is killed takes its worker along, and nothing is left to remove.
    (worker,) = now.children()
    now.kill()
    now.wait(10)
    until(lambda: not worker.is_running())
    assert target.current() is None
    target.remove()


def test_a_kept_connection_is_told_to_leave_before_it_is_closed(target: LocalTarget, light: Bundles) -> None:
    target.deploy(light("v1.0.0"))
    kept = HTTPConnection("127.0.0.1", target.options.port, timeout=10)
    leaving = threading.Thread(target=target.remove)
    told: list[str | None] = []
    while "close" not in told:
        kept.request("GET", "/health/live")
        answer = kept.getresponse()
        answer.read()
        told.append(answer.headers["connection"])
        if len(told) == 3:
            leaving.start()
        time.sleep(0.01)  # the connection is idle when the server is told to end
    leaving.join()
    assert told[:3] == [None, None, None]


def test_other_bytes_than_reviewed_are_refused(target: LocalTarget, light: Bundles, state: Path) -> None:
    good = light("v1.0.0")
    other = light("v1.1.0")
    with pytest.raises(RefusedError, match=r"churn@v1\.0\.0 is not what was reviewed"):
        target.deploy(replace(good, file=other.file))
    assert processes(state) == []
    assert [path.name for path in target.home.iterdir()] == ["lock"]


def test_a_foreign_port_is_named_before_anything_changes(
    target: LocalTarget, light: Bundles, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "ASK_SECONDS", 0.2)  # whoever has it does not answer
    with (
        socket.create_server(("127.0.0.1", target.options.port)),
        pytest.raises(ExternalError) as taken,
    ):
        target.deploy(light("v1.0.0"))
    assert f"port {target.options.port} is taken by process {os.getpid()}" in taken.value.message
    assert processes(state) == []
    assert [path.name for path in target.home.iterdir()] == ["lock"]


def test_an_interrupted_deployment_leaves_no_process(light: Bundles, target: LocalTarget, state: Path) -> None:
    bundle = light("v1.0.0")
    told = json.dumps({**asdict(bundle), "file": str(bundle.file), "python": str(bundle.python)})
    code = (
        "import sys; from pathlib import Path; from cdml.core.release import Bundle;"
        "from cdml.core.serialize import load; from cdml.deploy.local import LocalOptions, LocalTarget;"
        f"LocalTarget('staging', 'churn', LocalOptions(port={target.options.port}), Path(sys.argv[2]))"
        ".deploy(load(Bundle, sys.argv[1], 'test'))"
    )
    deploying = subprocess.Popen([sys.executable, "-c", code, told, str(state)])
    until(lambda: [p for p in processes(state) if p.pid != deploying.pid])
    deploying.send_signal(signal.SIGKILL)
    deploying.wait(10)
    until(lambda: not processes(state))
    assert target.current() is None


def test_two_deployments_at_once(target: LocalTarget, light: Bundles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "LOCK_SECONDS", 0.2)
    target.home.mkdir(parents=True)
    with (target.home / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ExternalError, match="another deployment of churn to staging"):
            target.deploy(light("v1.0.0"))
        with pytest.raises(ExternalError, match="another deployment of churn to staging"):
            target.remove()


@pytest.mark.parametrize(
    "said",
    [
        b"hello",
        b"[]",
        b'{"model": "churn", "environment": "production", "version": "v1.0.0", "sha256": "0"}',
        b'{"model": "fraud", "environment": "staging", "version": "v1.0.0", "sha256": "0"}',
    ],
)
def test_another_server_at_the_port_is_not_ours(target: LocalTarget, said: bytes) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", target.options.port), Handler) as foreign:
        thread = threading.Thread(target=foreign.handle_request)
        thread.start()
        assert target.current() is None
        thread.join()


def test_the_proxy_of_the_environment_is_not_asked(target: LocalTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        assert target.current() is None
        proxy.settimeout(0)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_names_with_slashes_do_not_share_a_folder(state: Path) -> None:
    options = LocalOptions(port=1)
    assert LocalTarget("b/c", "a", options, state).home != LocalTarget("c", "a/b", options, state).home
    assert LocalTarget("c", "a/b", options, state).home.parent.parent == state


def test_the_target_is_opened_by_name(state: Path, port: int) -> None:
    plugin = TARGETS["local"]
    target = plugin.open("staging", "churn", plugin.options.model_validate({"port": port}), state)
    assert target.current() is None
    assert not state.exists()
