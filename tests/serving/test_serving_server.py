"""The server in the foreground: a real process, asked over real HTTP."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from cdml.core.errors import ConfigError, ExternalError
from cdml.core.release import Bundle
from cdml.serving import server
from cdml.serving.app import MAX_BODY
from cdml.serving.sockets import bound

START = """
import sys
from cdml.core.release import Bundle
from cdml.core.serialize import load
from cdml.serving.server import serve
serve(load(Bundle, sys.argv[1], "test"), "127.0.0.1", int(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def url(bundle: Bundle) -> Iterator[str]:
    with bound("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    told = json.dumps({**asdict(bundle), "file": str(bundle.file), "python": str(bundle.python)})
    process = subprocess.Popen([sys.executable, "-c", START, told, str(port)])
    try:
        _await(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert not any(member.is_running() for member in family)
    finally:
        process.kill()
        process.wait()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/health/ready", timeout=2).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def ask(url: str, body: Any) -> requests.Response:
    return requests.post(f"{url}/predict", json=body, timeout=10)


def test_a_prediction_says_which_model_made_it(url: str, bundle: Bundle) -> None:
    answer = ask(url, {"records": [{"bp": 2, "age": 1}, {"age": 6, "bp": 8}]})
    assert answer.status_code == 200
    said = answer.json()
    assert said["predictions"] == ["no", "yes"]
    # The positive class of this bundle is the first one.
    assert said["scores"][0] > 0.5 > said["scores"][1]
    assert (said["model"], said["version"], said["sha256"]) == ("churn", "v1.0.0", bundle.artifact.sha256)
    assert ask(url, {"columns": {"age": [1, 6], "bp": [2, 8]}}).json() == said


def test_it_says_what_it_is(url: str, bundle: Bundle) -> None:
    said = requests.get(f"{url}/version", timeout=5).json()
    assert psutil.Process(said.pop("pid")).is_running()
    assert said == {
        "model": "churn",
        "environment": "staging",
        "version": "v1.0.0",
        "sha256": bundle.artifact.sha256,
        "commit": "c" * 40,
    }
    assert requests.get(f"{url}/health/live", timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"records": [{"age": 1, "bp": "high"}]}, 'record 0: column "bp" must be number, not "high"'),
        ({"records": [{"age": 1}]}, 'record 0: column "bp" is missing'),
        ({"records": [{"age": 1, "bp": 1, "\ud800": 1}]}, 'record 0: column "?" is not an input of this model'),
        ({"records": [{"age": 1, "bp": None}]}, "the model refused this input: ValueError"),
    ],
)
def test_a_wrong_request_is_422_in_words(url: str, body: Any, detail: str) -> None:
    answer = ask(url, body)
    assert answer.status_code == 422
    assert detail in answer.json()["detail"][0]


def test_a_body_that_is_too_large_is_413(url: str) -> None:
    answer = requests.post(f"{url}/predict", data=b" " * (MAX_BODY + 1), timeout=20)
    assert answer.status_code == 413
    assert ask(url, {"records": [{"age": 1, "bp": 2}]}).status_code == 200


def test_a_taken_port_is_named_with_its_owner(bundle: Bundle) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ExternalError, match=rf"port {port} is taken by process {psutil.Process().pid}"):
            server.serve(bundle, "127.0.0.1", port)


def test_a_model_that_cannot_be_loaded_is_an_error_not_a_server(bundle: Bundle, tmp_path: Path) -> None:
    broken = tmp_path / "model.skops"
    broken.write_text("no")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        server.serve(replace(bundle, file=broken), "127.0.0.1", 0)
    assert not [p for p in psutil.Process().children() if "worker.py" in " ".join(p.cmdline())]


def test_an_address_of_nowhere(bundle: Bundle) -> None:
    with pytest.raises(ExternalError, match=r"no address of this machine|cannot be listened at"):
        server.serve(bundle, "198.51.100.7", 8080)


def test_without_the_extra_it_says_what_to_install(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as missing:
        server.serve(bundle, "127.0.0.1", 0)
    assert missing.value.hint == "pip install 'cdml[serve]'"
