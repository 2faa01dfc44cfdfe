"""Repositories with many tags at once, by `git fast-import`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tag:
    """A tag to make: annotated unless `time` is None; `commit` counts from 0."""

    name: str
    commit: int
    time: int | None
    message: str = "a tag"


def command(folder: Path, *words: str, stdin: str = "") -> str:
    return subprocess.run(
        ["git", *words], cwd=folder, input=stdin, capture_output=True, text=True, check=True
    ).stdout.strip()


def build(folder: Path, commits: int, tags: list[Tag]) -> list[str]:
    """A repository whose branch main has so many commits, and the tags; the commits' ids, oldest first."""
    command(folder, "init", "--quiet", "--initial-branch=main", ".")
    feed = ["feature done"]
    for number in range(commits):
        feed += [
            "commit refs/heads/main",
            f"mark :{number + 1}",
            f"committer Ann <ann@example.com> {1_600_000_000 + number} +0000",
            "data 1\nx",
        ]
    for tag in tags:
        if tag.time is None:
            feed += [f"reset refs/tags/{tag.name}", f"from :{tag.commit + 1}", ""]
        else:
            data = tag.message.encode()
            feed += [
                f"tag {tag.name}",
                f"from :{tag.commit + 1}",
                f"tagger Ann <ann@example.com> {tag.time} +0000",
                f"data {len(data)}\n{tag.message}",
            ]
    command(folder, "fast-import", "--quiet", "--force", stdin="\n".join([*feed, "done", ""]))
    return command(folder, "rev-list", "--reverse", "main").splitlines()


def names(folder: Path) -> list[str]:
    return command(folder, "tag", "--list").split()
