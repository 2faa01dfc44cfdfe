"""The one door for other programs: a list of words, a timeout, and an error that shows their last words."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdml.core.errors import ExternalError

TAIL_LINES = 20


@dataclass(frozen=True)
class Finished:
    """A program that ended: its exit code and what it printed."""

    code: int
    stdout: str
    stderr: str

    def tail(self, lines: int = TAIL_LINES) -> str:
        """The end of everything it printed, standard error last."""
        kept = (self.stdout.rstrip() + "\n" + self.stderr.rstrip()).strip().splitlines()
        return "\n".join(kept[-lines:])


def run(
    words: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float | None = 600,
    stdin: str = "",
    check: bool = True,
) -> Finished:
    """Run a program to its end, never through a shell.

    `env` is added to the present environment; `timeout` is in seconds. Raises ExternalError when it cannot
    be started, takes too long, or (with `check`) exits non-zero.
    """
    try:
        done = subprocess.run(
            list(words),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise ExternalError(f"{words[0]}: no such program on PATH") from None
    except subprocess.TimeoutExpired:
        raise ExternalError(f"{' '.join(words[:3])}: no end after {timeout:.0f} s") from None
    finished = Finished(done.returncode, done.stdout, done.stderr)
    if check and finished.code != 0:
        raise ExternalError(f"{' '.join(words[:3])} exited {finished.code}:\n{finished.tail()}")
    return finished


def stream(
    words: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    say: Callable[[str], None],
) -> Finished:
    """Run a long program and hand each line it prints to `say` at once; both its streams are one.

    It has no timeout: a training may take days, and CI has its own. Never raises for its exit code.
    """
    printed: list[str] = []
    with subprocess.Popen(
        list(words),
        cwd=cwd,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            printed.append(line)
            say(line.rstrip("\n"))
    return Finished(process.returncode, "".join(printed), "")
