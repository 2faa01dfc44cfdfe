"""Objects read through one git process that stays: most of what is asked of git is what a name stands for."""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND = ("git", "cat-file", "--batch-command")
# Requests that one write puts into any pipe whole: git may not wait for us while we wait for git.
CHUNK = 4096
_HEADER = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) (commit|tree|blob|tag) ([0-9]+)")
# A request is one line without the carriage return at its end, and git reads it as a C string.
_UNSPEAKABLE = re.compile(r"[\r\n\0]")


@dataclass(frozen=True)
class Found:
    """An object: its id, its type, its size in bytes, and its content where that was asked for."""

    oid: str
    kind: str
    size: int
    content: bytes


class Unanswered(Exception):
    """The process cannot be asked this, or gave no answer; ask a process of its own, which says why."""


class Objects:
    """The objects of the repository around one directory.

    Every question is answered from the repository as it is at that moment: git looks references up anew, and looks
    for new packs before it calls anything missing. The process starts at the first question and ends by `close`,
    with this object, or with the whole program, however that ends.
    """

    def __init__(self, root: Path, timeout: float) -> None:
        self.root = root
        self._timeout = timeout
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., Objects] | None = None

    def info(self, name: str) -> Found | None:
        """What a name stands for, without content; None where it names nothing, or more than one object."""
        return self._ask("info", [name])[0]

    def contents(self, names: Sequence[str]) -> list[Found | None]:
        """What names stand for, with content; None for each that names nothing."""
        return self._ask("contents", names)

    def close(self) -> None:
        """End the process; another question starts it again."""
        if self._end is not None:
            self._end()
        self._process = self._end = None

    def _ask(self, command: str, names: Sequence[str]) -> list[Found | None]:
        # A name such as `:file` reads the index, which a process reads only once.
        if any(name.startswith(":") or _UNSPEAKABLE.search(name) for name in names):
            raise Unanswered
        with self._lock:
            try:
                found = [one for lines in _chunks(command, names) for one in self._exchange(lines, command)]
            except BaseException as error:
                self.close()  # an answer may be left in the pipe, and would be taken for the next one's
                if isinstance(error, (OSError, ValueError)):
                    raise Unanswered from error
                raise
        return found

    def _exchange(self, lines: list[bytes], command: str) -> list[Found | None]:
        process = self._running()
        if process.stdin is None or process.stdout is None:
            raise Unanswered
        process.stdin.write(b"".join(lines))
        process.stdin.flush()
        answers = _Answers(process.stdout.fileno(), time.monotonic() + self._timeout)
        return [_answer(answers, line, command == "contents") for line in lines]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                COMMAND,
                cwd=self.root,
                env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._end = weakref.finalize(self, _kill, self._process)
            _started.add(self)
        return self._process


class _Answers:
    """What git says to one write: lines and bytes until a deadline; OSError at its end or when it is late."""

    def __init__(self, handle: int, deadline: float) -> None:
        self._handle = handle
        self._deadline = deadline
        self._poll = select.poll()
        self._poll.register(handle, select.POLLIN)
        self._held = bytearray()

    def line(self) -> bytes:
        while (end := self._held.find(b"\n")) < 0:
            self._more()
        return self._take(end)

    def content(self, size: int) -> bytes:
        while len(self._held) <= size:
            self._more()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        """So many bytes, and not the newline after them."""
        with memoryview(self._held) as held:
            taken = bytes(held[:size])
        del self._held[: size + 1]
        return taken

    def _more(self) -> None:
        if not self._poll.poll(max(0.0, self._deadline - time.monotonic()) * 1000):
            raise TimeoutError
        part = os.read(self._handle, 1 << 16)
        if not part:
            raise ConnectionError
        self._held += part


_started: weakref.WeakSet[Objects] = weakref.WeakSet()


def close_objects(folder: Path | None = None) -> None:
    """End the processes of all directories, or of those in `folder`, which is about to go."""
    for objects in list(_started):
        if folder is None or objects.root.is_relative_to(folder):
            objects.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    # It only reads, so nothing is lost.
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):  # what was not sent yet cannot be any more
            if pipe:
                pipe.close()
    process.wait()


def _chunks(command: str, names: Sequence[str]) -> Iterator[list[bytes]]:
    """Requests, as many together as `CHUNK` holds, and at least one."""
    held: list[bytes] = []
    for name in names:
        line = os.fsencode(f"{command} {name}\n")
        if held and sum(map(len, held)) + len(line) > CHUNK:
            yield held
            held = []
        held.append(line)
    if held:
        yield held


def _answer(answers: _Answers, line: bytes, content: bool) -> Found | None:
    said = answers.line()
    header = _HEADER.fullmatch(said)
    if header is None:
        name = line.partition(b" ")[2].removesuffix(b"\n")
        if said in (name + b" missing", name + b" ambiguous"):
            return None
        raise ValueError(f"git cat-file answered {said!r}")
    size = int(header[3])
    return Found(header[1].decode(), header[2].decode(), size, answers.content(size) if content else b"")
