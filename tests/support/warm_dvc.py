"""DVC's command line without its start: each command is a fork of one process that has imported DVC.

Importing it costs half a second of CPU, several times what a small pipeline needs. The fork is a process of its
own and runs DVC's own `main` with the words, the folder, the environment and the streams of the command that it
stands for. Where a command of cdml is a process itself, as in the demo, DVC is started as ever.

And the same text of YAML is parsed once in a test process: commands of one flow, which are processes of their own
for a user, read the same few files of DVC hundreds of times, each time for ten milliseconds.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
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
    if reader := sys.modules.get("dvc.utils.strictyaml"):
        _parse_once(reader)
    with patch("cdml.state.dvc._COMMAND", _Command()):
        yield


@functools.cache
def _parse_once(reader: ModuleType) -> None:
    reader.parse_yaml = _remembering(reader.parse_yaml)  # type: ignore[attr-defined]


def _remembering(parse: Callable[..., Any]) -> Callable[..., Any]:
    """DVC's parser of plain data, with a new copy for each caller; what cannot be read is read each time."""
    known: dict[str, bytes] = {}

    def parse_yaml(text: str, path: str, typ: str = "safe") -> Any:
        if typ != "safe":
            return parse(text, path, typ=typ)
        if text not in known:
            known[text] = pickle.dumps(parse(text, path))
        return pickle.loads(known[text])

    return parse_yaml


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
