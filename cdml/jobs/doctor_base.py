"""What every check of `cdml doctor` is given, and the findings that it returns."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cdml.core.http import Answer
from cdml.forges.address import is_local
from cdml.jobs.init_survey import forge_of
from cdml.jobs.project import Project

State = Literal["ok", "missing", "unknown", "note"]
# One reading of a forge's API: a path below the repository, and what was answered.
Ask = Callable[[str], Answer]
# The one check of a pull request that sums up all others.
GATE = "cdml gate"
HOSTED = ("github", "azure", "gitlab")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `unknown`: it could not be seen here; `note`: good to know, nothing to mend.

    `why` says what goes wrong without it, `command` is what a person types to mend it; where no command can, the
    address of the page, and what to set there.
    """

    topic: str
    state: State
    what: str
    why: str = ""
    command: str = ""


@dataclass(frozen=True)
class Scene:
    """The project, the environment variables, the providers of its CI (the first delivers), and a way to ask.

    `ask` is None for the forge's own API with the token of the environment.
    """

    project: Project
    environ: Mapping[str, str]
    providers: tuple[str, ...]
    ask: Ask | None = None

    @property
    def url(self) -> str:
        """The address of origin; empty where there is none. It may hold a password: never show it whole."""
        return self.project.git.remote_url() or ""

    @property
    def hosted(self) -> bool:
        """Whether CI runs on other machines than this one."""
        return bool(self.providers) or (bool(self.url) and not is_local(self.url))


Check = Callable[[Scene], Iterator[Finding]]


def look(project: Project, environ: Mapping[str, str], ask: Ask | None = None) -> Scene:
    """The scene of a project: its providers are those of mlops.yaml, else the one of the remote."""
    found = forge_of(project.git.remote_url())
    by_remote = (found,) if found in HOSTED else ()
    return Scene(project, environ, project.settings.ci.providers or by_remote, ask)


def shell(*words: str) -> str:
    """Words as a command that can be copied into a shell."""
    return shlex.join(words)


def quoted(word: str) -> str:
    """One word of a command."""
    return shlex.quote(word)


def judged(topic: str, good: bool | None, said: tuple[str, str], why: str, command: str) -> Finding:
    """A finding on something that holds, does not hold, or could not be seen (None).

    `said` is how it reads where it holds, and where it does not.
    """
    if good:
        return Finding(topic, "ok", said[0])
    if good is None:
        return Finding(topic, "unknown", f"whether {said[0]}", why, command)
    return Finding(topic, "missing", said[1], why, command)
