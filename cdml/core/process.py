"""The one door for other programs: a list of words, a timeout, and an error that shows their last words."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdml.core.errors import ExternalError

TAIL_LINES = 20
END_SECONDS = 5.0


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
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except OSError as error:
        raise _not_started(words[0], cwd, error) from None
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

    It has no timeout: a training may take days, and CI has its own. Never raises for its exit code. Whoever is
    interrupted here takes the program, and all that it started, down too.
    """
    printed: list[str] = []
    try:
        started = subprocess.Popen(
            list(words),
            cwd=cwd,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise _not_started(words[0], cwd, error) from None
    with started as process:
        try:
            for line in process.stdout or ():
                printed.append(line)
                say(line.rstrip("\n"))
        except BaseException:
            _end(process)
            raise
    return Finished(process.returncode, "".join(printed), "")


def _not_started(program: str, cwd: Path, error: OSError) -> ExternalError:
    if not cwd.is_dir():
        return ExternalError(f"{program}: there is no folder {cwd} to run it in")
    if isinstance(error, FileNotFoundError):
        return ExternalError(f"{program}: no such program on PATH")
    return ExternalError(f"{program} cannot be started: {error.strerror}")


def _end(process: subprocess.Popen[str]) -> None:
    """End a program and everything that it started: asked first, then killed."""
    import psutil

    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        first = psutil.Process(process.pid)
        family = [first, *first.children(recursive=True)]
    for act, seconds in (("terminate", END_SECONDS), ("kill", END_SECONDS)):
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                getattr(member, act)()
        _, family = psutil.wait_procs(family, timeout=seconds)
