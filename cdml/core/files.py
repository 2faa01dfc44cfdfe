"""Files, written whole or not at all, and their digests."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Digest:
    """sha256 (hexadecimal) and size in bytes; of a folder: of its sorted listing."""

    sha256: str
    size: int


def write(path: Path, content: str | bytes) -> None:
    """Write a file in one step, so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def digest(path: Path) -> Digest:
    """The digest of a file, or of a folder's sorted listing of names, digests and sizes."""
    if not path.is_dir():
        return _file_digest(path)
    entries = sorted(p for p in path.rglob("*") if p.is_file())
    digests = [(p.relative_to(path).as_posix(), _file_digest(p)) for p in entries]
    listing = "".join(f"{d.sha256} {d.size} {_line(name)}\n" for name, d in digests)
    return Digest(
        hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest(), sum(d.size for _, d in digests)
    )


def _line(name: str) -> str:
    # As sha256sum does: a name must not look like further lines of the listing.
    return name.replace("\\", "\\\\").replace("\n", "\\n")


def _file_digest(path: Path) -> Digest:
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)
