"""DVC's command line without its start: each command is a fork of one process that has imported DVC.

Importing it costs half a second of CPU, several times what a small pipeline needs. The fork is a process of its
own and runs DVC's own `main` with the words, the folder, the environment and the streams of the command that it
stands for. Where a command of cdml is a process itself, as in the demo, DVC is started as ever.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

PROGRAM = Path(__file__).with_name("forked_dvc.py")
REAL = (sys.executable, "-m", "dvc")
LONGEST = 100  # characters of a socket's address, on any system


class _Command:
    """The words that stand before those for DVC, found when they are needed first: many tests never do."""

    def __iter__(self) -> Iterator[str]:
        return iter(command())


@contextlib.contextmanager
def warm() -> Iterator[None]:
    """Every command that cdml gives to DVC in this process is such a fork, on systems that have forks."""
    with patch("cdml.state.dvc._COMMAND", _Command()):
        yield


def command() -> tuple[str, ...]:
    """The words that stand before those for DVC."""
    return (_started() if sys.platform != "win32" else None) or REAL


@functools.cache
def _started() -> tuple[str, ...] | None:
    """The words that ask the process which forks; it is started here, once in a process."""
    address = str(Path(tempfile.mkdtemp(prefix="dvc-")) / "door")
    if len(os.fsencode(address)) > LONGEST:
        return None
    served = subprocess.Popen(
        [sys.executable, str(PROGRAM), "--serve", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert served.stdout
    assert served.stdout.readline() == b"open\n"
    atexit.register(_end, served)
    return (sys.executable, "-I", "-S", str(PROGRAM), address)


def _end(served: subprocess.Popen[bytes]) -> None:
    """It ends with its input, also where this process was killed."""
    assert served.stdin
    served.stdin.close()
    served.wait(10)
