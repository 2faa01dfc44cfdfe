"""Commands of cdml in processes of their own: forks of this one, as a new one would import everything again."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from typed import typed

LONGEST = 120.0  # seconds that such a process may take


def begin(root: Path, *words: str, prepare: Callable[[], None] | None = None) -> BaseProcess:
    """Start a command in a folder; `prepare` is called in the new process before it."""
    process = multiprocessing.get_context("fork").Process(target=_run, args=(root, words, prepare))
    process.start()
    return process


def end(process: BaseProcess) -> int:
    """How it ended: its exit code, or the negative number of the signal that killed it."""
    process.join(LONGEST)
    code = process.exitcode
    process.kill()
    assert code is not None, f"no end after {LONGEST:.0f} s"
    return code


def _run(root: Path, words: tuple[str, ...], prepare: Callable[[], None] | None) -> None:
    if prepare:
        prepare()
    done = typed(root, *words)
    print(done.stdout, done.stderr, file=sys.stderr)
    sys.exit(done.returncode)
