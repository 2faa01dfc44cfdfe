"""Calls of `dvc gc` in the repository that would delete a released model.

A version is a commit that its tag alone reaches, so the branches' tips and the workspace do not keep its outputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from cdml.jobs.doctor_base import Finding, Scene
from cdml.state.git import Git

TOPIC = "dvc"
PROSE = (".md", ".rst", ".txt", ".ipynb", ".html")
# Up to where the command ends: a separator, a comment, a closing bracket or the line.
_CALL = re.compile(r"""\bdvc(?:["',\s]+(?:-q|-v|--quiet|--verbose|--cd[=\s]\S+))*["',\s]+gc\b([^;&|#)\]]*)""")
_KEEPS = {"--all-tags", "--all-commits", "--dry"}


@dataclass(frozen=True)
class Call:
    """One call: its file from the top of the repository, its line, and whether it empties the remote too."""

    file: str
    line: int
    cloud: bool


def collections(scene: Scene) -> Iterator[Finding]:
    """A finding for each call that keeps no tags; one that leaves the remote alone is only told."""
    found = unsafe_calls(Git(scene.project.git.top()))
    remote = scene.project.dvc.remote() is not None
    for call in found:
        lost = call.cloud or not remote
        yield Finding(
            TOPIC,
            "missing" if call.cloud else "note",
            f"{call.file}:{call.line} calls dvc gc without --all-tags",
            "it deletes the outputs of released versions, which tags alone reach"
            + ("" if lost else "; the remote still has them"),
            "add -T to it",
        )
    if not found:
        yield Finding(TOPIC, "ok", "no call of dvc gc deletes released models")


def unsafe_calls(git: Git) -> tuple[Call, ...]:
    """Calls in the tracked files of the working tree that keep neither all tags nor all commits."""
    done = git.run("grep", "-l", "-z", "-I", "--fixed-strings", "--word-regexp", "-e", "gc", check=False)
    names = [name for name in done.out.decode("utf-8", "surrogateescape").split("\0") if name]
    return tuple(
        call
        for name in names
        if PurePosixPath(name).suffix.lower() not in PROSE and (git.root / name).is_file()
        for call in _calls(name, (git.root / name).read_text("utf-8", "replace"))
    )


def _calls(name: str, text: str) -> Iterator[Call]:
    """A command may go on behind a backslash; its line is the one that it begins in."""
    joined = re.sub(r"\\\r?\n", "\0 ", text)
    line = 1
    for row in joined.split("\n"):
        for found in _CALL.finditer(row):
            if "#" not in row[: found.start()]:
                options = _options(found.group(1))
                if not options & _KEEPS and options:
                    yield Call(name, line + row.count("\0", 0, found.start()), "--cloud" in options)
        line += 1 + row.count("\0")


def _options(text: str) -> set[str]:
    """The options of a call in their long form; `-cwf` are three."""
    short = {"c": "--cloud", "T": "--all-tags", "A": "--all-commits", "w": "--workspace", "a": "--all-branches"}
    found: set[str] = set()
    for word in re.split(r"""["',\s\0]+""", text):
        if word.startswith("--"):
            found.add(word.partition("=")[0])
        elif re.fullmatch(r"-[A-Za-z]+", word):
            found |= {short.get(letter, f"-{letter}") for letter in word[1:]}
    return found
