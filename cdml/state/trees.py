"""Trees written in this process: what git's index does for a few files costs it four processes.

Only what is beyond question is done here: `write_tree` answers None for paths, repositories or objects that git
itself has to judge. Objects are stored by the library that GitPython stores them with.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdml.state.git import Git
from cdml.state.objects import Unanswered

if TYPE_CHECKING:
    from gitdb import LooseObjectDB

# Names that no setting of git refuses: those like `.git`, on any file system, are for git to judge.
_PLAIN = re.compile(r"(?!\.git|git~)(?!\.{1,2}$)[ !-.0-9;-\[\]-~]+", re.IGNORECASE)
_FILE, _FOLDER = b"100644", b"40000"

Changes = dict[bytes, "Changes | bytes | None"]
Entries = dict[bytes, tuple[bytes, bytes]]


def write_tree(git: Git, base: str | None, files: Mapping[str, bytes | None]) -> str | None:
    """The tree of `base` (None: empty) with `files` put in; None where git itself has to make it."""
    folder = git.common_dir() / "objects"
    if not (_are_plain(files) and _is_usual(folder)):
        return None
    from gitdb import LooseObjectDB

    store = LooseObjectDB(str(folder))
    try:
        before = _entries(git, f"{base}^{{tree}}") if base else {}
        return _stored(store, "tree", _written(_graft(git, store, before, _nested(files)))).hex()
    except Unanswered:
        return None


def _are_plain(paths: Iterable[str]) -> bool:
    """Whether git takes all of these paths, and none is a folder of another."""
    ordered = sorted(f"{path}/" for path in paths)
    if any(second.startswith(first) for first, second in pairwise(ordered)):
        return False
    return all(_PLAIN.fullmatch(part) for path in ordered for part in path[:-1].split("/"))


def _is_usual(folder: Path) -> bool:
    """Whether objects have ids by SHA-1, and belong to whoever writes them."""
    try:
        shared = folder.stat().st_mode & stat.S_ISGID
        return not shared and b"objectformat" not in (folder.parent / "config").read_bytes().lower()
    except OSError:
        return False


def _nested(files: Mapping[str, bytes | None]) -> Changes:
    nested: Changes = {}
    for path, content in files.items():
        *folders, name = path.encode().split(b"/")
        inside: Any = nested
        for folder in folders:
            inside = inside.setdefault(folder, {})
        inside[name] = content
    return nested


def _graft(git: Git, store: LooseObjectDB, entries: Entries, changes: Changes) -> Entries:
    """The entries of one folder with the changes made; a folder in which nothing is left goes."""
    for name, change in changes.items():
        mode, oid = entries.get(name, (b"", b""))
        if isinstance(change, dict):
            inside = _graft(git, store, _entries(git, oid.hex()) if mode == _FOLDER else {}, change)
            if inside:
                entries[name] = _FOLDER, _stored(store, "tree", _written(inside))
            elif mode == _FOLDER:
                del entries[name]
        elif change is not None:
            entries[name] = _FILE, _stored(store, "blob", change)
        elif mode != _FOLDER:
            entries.pop(name, None)
    return entries


def _entries(git: Git, name: str) -> Entries:
    """Mode and id by name, as a tree has them. Raises Unanswered where there is no such tree."""
    content = git.tree_content(name)
    entries: Entries = {}
    start = 0
    while start < len(content):
        end = content.index(b"\0", start)
        mode, _, entry = content[start:end].partition(b" ")
        start = end + 21
        entries[entry] = mode, content[end + 1 : start]
    return entries


def _written(entries: Entries) -> bytes:
    # Git sorts a folder as if its name ended with a slash.
    ordered = sorted(entries.items(), key=lambda item: item[0] + (b"/" if item[1][0] == _FOLDER else b""))
    return b"".join(mode + b" " + name + b"\0" + oid for name, (mode, oid) in ordered)


def _stored(store: LooseObjectDB, kind: str, content: bytes) -> bytes:
    from gitdb import IStream

    return bytes(store.store(IStream(kind, len(content), BytesIO(content))).binsha)
