"""What can go wrong, as exceptions that carry their exit code.

A verdict is not an exception: a failed gate is data, and the command line turns it into an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command; CI tells "the model is worse" from "the network is down" by them."""

    DONE = 0
    BUG = 1
    USAGE = 2
    CONFIG = 3
    EXTERNAL = 4
    GATE_FAILED = 10
    INCONCLUSIVE = 11


class CdmlError(Exception):
    """A mistake or a failure that a person can act on.

    `hint` is the next thing to do, in words or as a command to type.
    """

    exit_code = Exit.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CdmlError):
    """The words of the command do not fit: an unknown version, a missing option, a dirty tree."""

    exit_code = Exit.USAGE


class ConfigError(CdmlError):
    """Something written in the repository is wrong: mlops.yaml, dvc.yaml, a data file."""

    exit_code = Exit.CONFIG

    def __init__(self, message: str, hint: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message, hint)
        self.problems = problems


class ContractError(ConfigError):
    """Data break their contract. `printed` is every finding in a line, for a report; `problems` are the same."""

    def __init__(self, message: str, hint: str, problems: tuple[Problem, ...], printed: str) -> None:
        super().__init__(message, hint, problems)
        self.printed = printed


class ExternalError(CdmlError):
    """Another program, a remote or a forge failed.

    `printed` is the end of its output where that was shown while it ran; a report needs it, a terminal does not.
    """

    exit_code = Exit.EXTERNAL

    def __init__(self, message: str, hint: str = "", printed: str = "") -> None:
        super().__init__(message, hint)
        self.printed = printed


class RefusedError(CdmlError):
    """A gate or a rule of delivery forbids it, and nothing was changed."""

    exit_code = Exit.GATE_FAILED


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file: where (file, line, path of keys), what, and what to do."""

    file: str
    line: int | None
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        path = f" {self.path}:" if self.path else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{where}:{path} {self.message}{hint}"
