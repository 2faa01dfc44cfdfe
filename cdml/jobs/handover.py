"""What the job that runs a pull request's code hands to the one that may write: data in a folder, closely checked.

The first has no right to write anywhere. The second runs none of that code: it reads `result.json`, whose every
field is checked, and files of fixed names; words in it are escaped where they are shown.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

from cdml.core import files
from cdml.core.comparison import Judgement
from cdml.core.errors import ConfigError
from cdml.core.images import LARGEST as LARGEST_IMAGE
from cdml.core.images import MOST
from cdml.core.serialize import dump, load

RESULT = "result.json"
FILES = "files"
OBJECTS = "objects"
IMAGES = "images"
LARGEST = 20_000_000  # bytes of result.json: far more than any judgement has
LARGEST_FILES = 60_000_000  # bytes: git takes 50 million of outputs
MOST_FILES = 10_000
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Failure:
    """Why nothing was judged: in words, with the end of what was printed; `refused` by a rule, else broken.

    `contract` says that the rule was a contract of the data.
    """

    message: str
    printed: str
    refused: bool
    contract: bool = False


@dataclass(frozen=True)
class Handover:
    """One model's run of a pull request: judged, failed, or waiting for what `waiting` says.

    `folder` is the model's from the top of the repository (empty: the top), `code` the commit that was trained.
    `seconds` is how long that took, None where nothing had to run.
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
    seconds: int | None = None
    format: Literal[1] = 1


def write(
    folder: Path,
    handover: Handover,
    kept: Mapping[str, bytes],
    objects: Mapping[str, Path],
    images: Mapping[str, bytes] | None = None,
) -> None:
    """Write a handover; `kept` are files of the judged run by path, `objects` outputs by DVC's digest of them.

    `images` are pictures for people, by path.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in kept.items():
        files.write(folder / FILES / _seen(path), content)
    for path, content in (images or {}).items():
        files.write(folder / IMAGES / path, content)
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
    found = tuple((place, _read(place)) for place in places[:MOST_FILES])
    if len({handover.folder for _, handover in found}) < len(places):
        raise ConfigError("the handovers are several of one model, or too many")
    return found


def _read(folder: Path) -> Handover:
    path = folder / RESULT
    if any(place.is_symlink() for place in (folder, path)) or path.stat().st_size > LARGEST:
        raise ConfigError(f"{path.name} is no handover: it is too large, or a link")
    handover = load(Handover, path.read_bytes(), path.name)
    if not (_COMMIT.fullmatch(handover.head) and handover.code == handover.head):
        raise ConfigError(f"{path.name} is no handover: what was run is not the commit that is offered")
    if handover.judgement and handover.judgement.comparison.model != handover.model:
        raise ConfigError(f"{path.name} is no handover: it judges another model")
    return handover


def kept_files(folder: Path) -> dict[str, bytes]:
    """The judged run's files by path in the project; links and paths that leave the folder are refused."""
    places = _inside(folder / FILES)
    size = sum(place.stat().st_size for place in places.values())
    if size > LARGEST_FILES:
        raise ConfigError(f"the handover holds {size:,} bytes of files; {LARGEST_FILES:,} are taken")
    found = {unquote(name): place.read_bytes() for name, place in places.items()}
    outside = [name for name in found if not name.isprintable() or {"", ".", "..", ".git"} & set(name.split("/"))]
    if outside:
        raise ConfigError(f"the handover holds {outside[0]!r}, which no run writes")
    return found


def drawn_images(folder: Path) -> dict[str, bytes]:
    """Pictures by path, not looked at yet; ConfigError where they are more than any run hands over."""
    places = _inside(folder / IMAGES)
    if len(places) > MOST or sum(place.stat().st_size for place in places.values()) > MOST * LARGEST_IMAGE:
        raise ConfigError(f"the handover holds more than {MOST} images of {LARGEST_IMAGE:,} bytes")
    return {name: place.read_bytes() for name, place in places.items()}


def kept_objects(folder: Path) -> dict[str, Path]:
    """Outputs by DVC's digest of them."""
    return _inside(folder / OBJECTS)


def _inside(folder: Path) -> dict[str, Path]:
    if folder.is_symlink():
        raise ConfigError(f"the handover holds a link instead of {folder.name}, which no run writes")
    found = {place.relative_to(folder).as_posix(): place for place in sorted(folder.rglob("*"))}
    if len(found) > MOST_FILES:
        raise ConfigError(f"the handover holds {len(found)} files and folders; {MOST_FILES} are taken")
    for name, place in found.items():
        if place.is_symlink():
            raise ConfigError(f"the handover holds {name}, which no run writes")
    return {name: place for name, place in found.items() if place.is_file()}
