"""Which data files differ between two models, and in what: rows and columns of tables, files of folders."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from cdml.core.errors import CdmlError
from cdml.jobs.axis_words import MOST, NAME_LENGTH, differing, marked, short
from cdml.jobs.table_change import table_change
from cdml.jobs.tables import UNREADABLE, is_table, read_table
from cdml.state.outputs import DIRECTORY
from cdml.state.snapshot import Store

TABLE_BYTES = 50_000_000
FEW_FILES = 3


@dataclass(frozen=True)
class Side:
    """One of the two models: the commit that names its data, and digests by path."""

    commit: str
    files: Mapping[str, str]


def file_changes(store: Store, old: Side, new: Side) -> list[str]:
    """What differs, in words: a line for each file, or for a folder in which many do. Empty where nothing does."""
    if old.files == new.files:
        return []
    paths = [path for path in differing(old.files, new.files) if _is_folder(path, old, new)]
    before, after = (_inside(store, side, paths) for side in (old, new))
    return [
        words
        for place, names in _folders(differing(before.files, after.files)).items()
        for words in _place(store, before, after, place, names)
    ]


def _is_folder(path: str, old: Side, new: Side) -> bool:
    """Whether both models have a folder there that DVC keeps: git's are lists of files already."""
    return all(path in side.files and side.files[path].endswith(DIRECTORY) for side in (old, new))


def _inside(store: Store, side: Side, paths: list[str]) -> Side:
    """The same with the files of these folders instead; a folder whose listing is out of reach stays one."""
    files = dict(side.files)
    for path in paths:
        found = _listing(store, side.commit, path)
        if found is not None:
            files = {name: digest for name, digest in files.items() if name != path} | found
    return Side(side.commit, files)


def _listing(store: Store, commit: str, path: str) -> dict[str, str] | None:
    try:
        return store.dvc.listing(commit, path)
    except CdmlError:
        return None


def _folders(paths: list[str]) -> dict[str, list[str]]:
    """Changed files by folder; all of the project's data together where that would be too many folders."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        found[PurePosixPath(path).parent.as_posix()].append(path)
    if len(found) > MOST and len(paths) > 2 * MOST:
        tops: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            tops[PurePosixPath(path).parts[0] if "/" in path else "."].append(path)
        return tops
    return found


def _place(store: Store, old: Side, new: Side, place: str, names: list[str]) -> list[str]:
    """A line for each of a few files; one for all of a folder, as no reader follows forty pictures."""
    if len(names) <= FEW_FILES or place == ".":
        return [_file(store, old, new, path) for path in names]
    return [f"{short(place, NAME_LENGTH)} {_counted(names, old.files, new.files)}"]


def _counted(names: list[str], old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """`12 files added, 3 removed, 5 changed`."""
    count = Counter("added" if n not in old else "removed" if n not in new else "changed" for n in names)
    kinds = [kind for kind in ("added", "removed", "changed") if count[kind]]
    words = [f"{count[kind]:,} {kind}" for kind in kinds]
    number, _, rest = words[0].partition(" ")
    noun = "file" if count[kinds[0]] == 1 else "files"
    return ", ".join([f"{number} {noun} {rest}", *words[1:]])


def _file(store: Store, old: Side, new: Side, path: str) -> str:
    """`train.csv +8,214 rows (+9.1 %), new region`; of what is no table that can be read, that it differs."""
    if path not in old.files or path not in new.files:
        return marked(path, old.files, new.files)
    name = short(path, NAME_LENGTH)
    if not is_table(path):
        return name
    sizes = [_size(store, side.commit, path) for side in (old, new)]
    if any(size is not None and size > TABLE_BYTES for size in sizes):
        return f"{name} other bytes"
    words = _rows(store, old, new, path) if None not in sizes else None
    return f"{name} {words}" if words else name


def _size(store: Store, commit: str, path: str) -> int | None:
    try:
        return store.size(commit, path)
    except CdmlError:
        return None


def _rows(store: Store, old: Side, new: Side, path: str) -> str | None:
    """What table_change says; None where a side cannot be had or is none: a comment must not fail for that."""
    try:
        contents = [store.read(side.commit, path) for side in (old, new)]
    except CdmlError:  # a remote that refuses; judging does not need this file
        return None
    if None in contents:
        return None
    try:
        before, after = (read_table(content or b"", path) for content in contents)
        return table_change(before, after) if before and after else None
    except UNREADABLE:
        return None
