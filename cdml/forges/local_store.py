"""Documents kept as references of a plain git repository, changed only by whoever has read their last state.

Each document is a reference to a commit whose tree holds JSON files. A change is one more commit on top, pushed
with a lease on the one that was read: when somebody else was first, the caller reads again and applies it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cdml.core.errors import ConfigError, ExternalError
from cdml.state.git import Git
from cdml.state.plumbing import Update, fetch, push, read_blobs, remote_refs, write_commit, write_tree

T = TypeVar("T")
TRIES = 50


@dataclass(frozen=True)
class Store:
    """The documents on one remote, read and written through a person's clone."""

    git: Git
    remote: str

    def refs(self, *patterns: str) -> dict[str, str]:
        """The remote's references that match, and what they name; ExternalError where it cannot be reached."""
        return remote_refs(self.git, *patterns, remote=self.remote)

    def bring(self, *oids: str) -> None:
        """See to it that these commits are in this repository, whatever their references name by now."""
        missing = [oid for oid in oids if self.git.find(oid) is None]
        if missing:
            fetch(self.git, *missing, remote=self.remote)

    def read(self, refs: Mapping[str, str], path: str) -> dict[str, bytes]:
        """One file of each of these documents; ConfigError that names the reference which has none."""
        if not refs:
            return {}
        self.bring(*refs.values())
        found = dict(zip(refs, read_blobs(self.git, [f"{oid}:{path}" for oid in refs.values()]), strict=True))
        for ref, content in found.items():
            if content is None:
                raise ConfigError(f"{ref} is not what cdml wrote: it holds no {path}")
        return {ref: content for ref, content in found.items() if content is not None}

    def files(self, oid: str, folder: str) -> dict[str, bytes]:
        """All files in one folder of a document that is here already, by path."""
        out = self.git.run("ls-tree", "-r", "-z", "--full-tree", oid, "--", f"{folder}/").out
        lines = [line.partition("\t") for line in out.decode("utf-8", "surrogateescape").split("\0") if line]
        contents = read_blobs(self.git, [meta.split()[2] for meta, _, _ in lines])
        found = {path: data for (_, _, path), data in zip(lines, contents, strict=True) if data is not None}
        if len(found) < len(lines):
            raise ConfigError(f"{oid} is not what cdml wrote: {folder} holds more than files")
        return found

    def write(self, old: str | None, files: Mapping[str, str], message: str) -> str:
        """The next commit of a document: `files` on top of `old` (None begins one); `old` when nothing changes."""
        tree = write_tree(self.git, old, {path: text.encode() for path, text in files.items()})
        before = self.git.find(f"{old}^{{tree}}") if old else None
        if old and before and tree == before.oid:
            return old
        return write_commit(self.git, tree, (old,) if old else (), message)

    def push(self, *updates: Update) -> bool:
        """Move all references or none; False when one is no longer what was read."""
        if all(update.new == update.old for update in updates):
            return True
        return push(self.git, *updates, remote=self.remote)

    def settle(self, attempt: Callable[[], T | None]) -> T:
        """Read and change until nobody else came first; `attempt` answers None when somebody did."""
        for _ in range(TRIES):
            done = attempt()
            if done is not None:
                return done
        raise ExternalError(
            f"{self.remote} changed during each of {TRIES} attempts, or holds a left lock; nothing was written",
            "run it again; if nobody else is writing, look for *.lock files in the remote's refs folder",
        )


def numbered(refs: Mapping[str, str], space: str) -> dict[int, str]:
    """The documents directly under `space` by number, newest first; other names there are not ours."""
    names = {ref: ref.removeprefix(space) for ref in refs if ref.startswith(space)}
    found = {int(name): ref for ref, name in names.items() if re.fullmatch(r"[1-9][0-9]{0,8}", name)}
    return dict(sorted(found.items(), reverse=True))
