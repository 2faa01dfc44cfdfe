"""Talks to the worker that loads models in the project's interpreter; starts it and ends it in any case."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

from cdml.core.errors import ConfigError, ExternalError
from cdml.core.process import TAIL_LINES

SCRIPT = Path(__file__).with_name("worker.py")
# Importing scikit-learn takes seconds on a cold disk, and scoring a large table minutes.
LOAD_SECONDS = 120.0
PREDICT_SECONDS = 600.0
END_SECONDS = 2.0


@dataclass(frozen=True)
class PythonEnvironment:
    """An interpreter: its version, and the version of each installed distribution by name."""

    python: str
    packages: Mapping[str, str]

    @property
    def lock_text(self) -> str:
        """`# python 3.11.7`, then `name==version` per line: normalised names (PEP 503), sorted."""
        lines = sorted(f"{re.sub(r'[-_.]+', '-', n).lower()}=={v}" for n, v in self.packages.items())
        return "\n".join([f"# python {self.python}", *lines]) + "\n"


@dataclass(frozen=True)
class LoadedModel:
    """What a model says of itself: its classes in the order of its scores, and its columns where it knows them.

    `kind` is `classifier`, `regressor` or `other`.
    """

    kind: str
    classes: tuple[object, ...] | None
    features: tuple[str, ...] | None


@dataclass(frozen=True)
class Prediction:
    """One prediction per row.

    `scores` is None, one number per row (larger for the second class), or one list per row in the
    order of `classes`. What is no finite number is None.
    """

    predictions: list[Any]
    scores: list[Any] | None
    classes: tuple[object, ...] | None


class Worker:
    """A worker process. One request at a time; further threads wait.

    `cwd` is the folder whose modules the model may import; `say` is handed each line that the model prints.
    """

    def __init__(
        self, python: Path, *, cwd: Path | None = None, say: Callable[[str], object] | None = None
    ) -> None:
        self._python = python
        self._say = say
        self._lock = threading.Lock()
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._count = 0
        try:
            self._process = subprocess.Popen(
                [str(python), str(SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise ConfigError(
                f"the project's interpreter {python} cannot be started: {error.strerror}",
                "make the environment of the project, or name its interpreter in $CDML_PYTHON",
            ) from None
        self._stdin = cast("IO[str]", self._process.stdin)
        # Threads drain both pipes, so that a talkative model never blocks and a timeout can be kept.
        self._readers = [
            threading.Thread(target=self._read_answers, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_stderr, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def environment(self) -> PythonEnvironment:
        """The interpreter that the worker runs in. Raises ExternalError."""
        said = self._ask("environment", LOAD_SECONDS)
        return PythonEnvironment(said["python"], said["packages"])

    def load(self, path: Path, trusted: Sequence[str] = (), *, timeout: float = LOAD_SECONDS) -> LoadedModel:
        """Load a model file; `trusted` names the types it may hold, beyond those that are always safe.

        Raises ConfigError where the file cannot or must not be loaded; `timeout` is in seconds.
        """
        said = self._ask("load", timeout, path=str(path.resolve()), trusted=list(trusted))
        return LoadedModel(said["kind"], _tuple(said["classes"]), _tuple(said["features"]))

    def predict(self, columns: Mapping[str, Sequence[object]], *, timeout: float = PREDICT_SECONDS) -> Prediction:
        """Predictions of rows given by column (None for what is missing); `timeout` is in seconds.

        Raises ConfigError where the columns do not fit the model, ExternalError where the model fails.
        """
        said = self._ask("predict", timeout, columns={name: list(values) for name, values in columns.items()})
        return Prediction(said["predictions"], said["scores"], _tuple(said["classes"]))

    def close(self) -> None:
        """End the process, whatever it does."""
        with contextlib.suppress(OSError):  # it died with a request in the pipe
            self._stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(END_SECONDS)

    def _ask(self, verb: str, timeout: float, **request: object) -> dict[str, Any]:
        with self._lock:
            self._count += 1
            self._send({"id": self._count, "verb": verb, **request})
            try:
                line = self._answers.get(timeout=timeout)
            except queue.Empty:
                self._process.kill()
                raise ExternalError(
                    f"the model's process gave no answer to {verb} within {timeout:.0f} s"
                ) from None
        if line is None:
            raise self._death(verb)
        return _checked(self._parsed(line))

    def _parsed(self, line: str) -> dict[str, Any]:
        try:
            return cast("dict[str, Any]", json.loads(line))
        except ValueError:
            self._process.kill()
            raise ConfigError(f"{self._python} is no Python interpreter: it said {line[:80]!r}") from None

    def _send(self, request: dict[str, object]) -> None:
        try:
            self._stdin.write(json.dumps(request, allow_nan=False) + "\n")
            self._stdin.flush()
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError) and self.alive:
                raise ConfigError(f"not what a model can be asked: {error}") from None
            raise self._death(str(request["verb"])) from None

    def _death(self, verb: str) -> ExternalError:
        self._process.wait()
        for reader in self._readers:
            reader.join(END_SECONDS)
        # The next request finds the end of the answers again.
        self._answers.put(None)
        said = "".join(f"\n{line}" for line in self._tail)
        return ExternalError(
            f"the model's process ({self._python}) ended at {verb}, exit {self._process.returncode}{said}"
        )

    def _read_answers(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._answers.put(line)
        self._answers.put(None)

    def _read_stderr(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._tail.append(line.rstrip("\n"))
                if self._say is not None:
                    self._say(line)


def environment(python: Path) -> PythonEnvironment:
    """What is installed beside an interpreter. Raises ConfigError where it cannot be started, ExternalError."""
    with Worker(python) as worker:
        return worker.environment()


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" not in answer:
        return answer
    if answer["kind"] == "failed":
        raise ExternalError(f"the model failed: {answer['error']}")
    raise ConfigError(answer["error"], answer["hint"])


def _tuple(values: list[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)
