"""A tiny model in several versions, a free port, and the certainty that no server outlives its test."""

from __future__ import annotations

import contextlib
import pickle
import sys
from collections.abc import Callable, Iterator
from operator import methodcaller
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from cdml.core.files import digest
from cdml.core.release import Artifact, Bundle
from cdml.serving.sockets import bound

Bundles = Callable[[str], Bundle]


@pytest.fixture(scope="session")
def light(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    """A reviewed bundle by version; its model needs no library and loads at once (the demo serves real ones)."""
    folder = tmp_path_factory.mktemp("light")

    def bundle(version: str) -> Bundle:
        file = folder / f"{version}.pkl"
        file.write_bytes(pickle.dumps(SimpleNamespace(predict=methodcaller("ravel"), version=version)))
        found = digest(file)
        artifact = Artifact("model/model.pkl", found.sha256, found.size)
        return Bundle(
            "churn", "staging", version, "c" * 40, artifact, file, Path(sys.executable), ("pickle",), None
        )

    return bundle


@pytest.fixture
def port() -> int:
    """A port where nobody listens."""
    with bound("127.0.0.1", 0) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A folder of state; whatever runs for it is ended after the test."""
    folder = tmp_path / "state"
    yield folder
    # The server first: its worker cannot be gone for good before who started it is.
    family = [m for process in processes(folder) for m in (process, *process.children(recursive=True))]
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not [m for m in alive if m.is_running() and m.status() != psutil.STATUS_ZOMBIE]


def processes(state: Path) -> list[psutil.Process]:
    """Every server that was started for a folder of state, found without the code under test."""
    everything = psutil.process_iter(["cmdline"])
    return [p for p in everything if any(str(state) in word for word in p.info["cmdline"] or [])]
