"""What the job that runs a pull request's code hands to the one that may write: data in a folder, closely checked.

The first has no right to write anywhere. The second runs none of that code: it reads `result.json`, whose every
field is checked, and files of fixed names; words in it are escaped where they are shown.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

from cdml.core import files
from cdml.core.comparison import Judgement
from cdml.core.errors import ConfigError
from cdml.core.serialize import dump, load

RESULT = "result.json"
FILES = "files"
OBJECTS = "objects"
LARGEST = 20_000_000  # bytes of result.json: far more than any judgement has


@dataclass(frozen=True)
class Failure:
    """Why nothing was judged: in words, with the end of what was printed; `refused` by a rule, else broken."""

    message: str
    printed: str
    refused: bool


@dataclass(frozen=True)
class Handover:
    """One model's run of a pull request: judged, failed, or waiting for what `waiting` says.

    `folder` is the model's from the top of the repository (empty: the top), `code` the commit that was trained.
    """

    model: str
    folder: str
    pull: int
    head: str
    target: str
    code: str
    judgement: Judgement | None = None
    failure: Failure | None = None
    waiting: str | None = None
    format: Literal[1] = 1


def write(folder: Path, handover: Handover, kept: Mapping[str, bytes], objects: Mapping[str, Path]) -> None:
    """Write a handover; `kept` are files of the judged run by path, `objects` outputs by DVC's digest of them."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in kept.items():
        files.write(folder / FILES / _seen(path), content)
    for name, place in objects.items():
        target = folder / OBJECTS / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place, target)
    files.write(folder / RESULT, dump(handover))


def _seen(path: str) -> str:
    """A path without hidden names in it: what carries folders from job to job may leave those out."""
    parts = (quote(part, safe="") for part in path.split("/"))
    return "/".join(f"%2E{part[1:]}" if part.startswith(".") else part for part in parts)


def read_all(folder: Path) -> tuple[tuple[Path, Handover], ...]:
    """Every handover in a folder, or in the folders in it; ConfigError for one that does not fit."""
    places = sorted(place.parent for place in (*folder.glob(RESULT), *folder.glob(f"*/{RESULT}")))
    return tuple((place, _read(place)) for place in places)


def _read(folder: Path) -> Handover:
    path = folder / RESULT
    if path.is_symlink() or path.stat().st_size > LARGEST:
        raise ConfigError(f"{path.name} is no handover: it is too large, or a link")
    return load(Handover, path.read_bytes(), path.name)


def kept_files(folder: Path) -> dict[str, bytes]:
    """The judged run's files by path in the project; links and paths that leave the folder are refused."""
    found = {unquote(name): place.read_bytes() for name, place in _inside(folder / FILES).items()}
    outside = [name for name in found if name.startswith("/") or {"", "..", ".git"} & set(name.split("/"))]
    if outside:
        raise ConfigError(f"the handover holds {outside[0]!r}, which no run writes")
    return found


def kept_objects(folder: Path) -> dict[str, Path]:
    """Outputs by DVC's digest of them."""
    return _inside(folder / OBJECTS)


def _inside(folder: Path) -> dict[str, Path]:
    found = {place.relative_to(folder).as_posix(): place for place in sorted(folder.rglob("*"))}
    for name, place in found.items():
        if place.is_symlink():
            raise ConfigError(f"the handover holds {name}, which no run writes")
    return {name: place for name, place in found.items() if place.is_file()}
