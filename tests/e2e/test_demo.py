"""`cdml demo` as a person runs it: from anywhere, without identity, home or network settings of their own."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What it said, and the folder that it kept: played once, whichever of several workers comes first."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    told, folder = shared / "demo.txt", shared / "demo"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            folder.mkdir()
            told.write_text(_play(folder))
    assert told.exists(), "the demo failed in another test"
    return told.read_text(), folder / "kept"


def _play(folder: Path) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "TMPDIR": str(folder),
        "CDML_PYTHON": sys.executable,
    }
    done = subprocess.run(
        [sys.executable, "-m", "cdml", "demo", "--keep", str(folder / "kept")],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_it_tells_the_whole_story(played):
    told, _ = played
    served = re.findall(r'"version": "(v[0-9.]+)"', told)
    assert served == ["v1.0.0", "v2.0.0", "v1.0.0"]
    assert told.count("(exit code 10)") == 2
    assert "better" in told
    assert "taken from its judged run" in told
    assert "may not be merged" in told


def test_the_rolled_back_server_had_the_first_digest(played):
    told, _ = played
    first, second, third = re.findall(r'"sha256": "([0-9a-f]{64})"', told)
    assert first == third != second


def test_it_leaves_no_process(played):
    _, kept = played
    words = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    assert [line for line in words if str(kept) in line and "pytest" not in line.split()] == []


def test_it_leaves_nothing_beside_its_folder(played):
    _, kept = played
    assert {path.name for path in kept.parent.iterdir()} == {"kept"}
    assert {path.name for path in kept.iterdir()} == {"work", "origin.git", "dvc-store"}


def test_gto_reads_the_registry_it_leaves(played):
    from gto.api import show

    _, kept = played
    rows = show(str(kept / "work"), name="progression", table=False)
    assert {row["version"] for row in rows} == {"v1.0.0", "v2.0.0"}


def test_a_folder_that_exists_is_refused(tmp_path):
    words = [sys.executable, "-m", "cdml", "demo", "--keep", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "exists already" in done.stderr
