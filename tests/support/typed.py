"""A command of cdml as a person types it, but in this process: each new one would import everything again.

What it starts (git, DVC by way of `warm_dvc`, the project's own code) are processes of their own. The demo's test
and `tests/cli/test_verbs.py` start cdml itself as a process, too.
"""

from __future__ import annotations

import contextlib
import functools
import io
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING
from unittest.mock import patch

from warm_dvc import warm

if TYPE_CHECKING:
    from cdml.serving.client import PythonEnvironment


def typed(place: Path, *words: str) -> CompletedProcess[str]:
    """How the command ended in a folder, and what it said; nobody is there to answer its questions."""
    from cdml.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    streams = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    before = sys.argv, sys.stdin
    sys.argv, sys.stdin = ["cdml", *words], io.StringIO()
    try:
        with streams[0], streams[1], contextlib.chdir(place), warm(), _environments():
            main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv, sys.stdin = before
    return CompletedProcess(["cdml", *words], code, out.getvalue(), err.getvalue())


def _environments() -> contextlib.AbstractContextManager[object]:
    """What an interpreter holds is asked of it once: no command changes that, and asking starts a process."""
    return patch("cdml.jobs.project.environment", _environment)


@functools.cache
def _environment(python: Path) -> PythonEnvironment:
    from cdml.serving.client import environment

    return environment(python)
