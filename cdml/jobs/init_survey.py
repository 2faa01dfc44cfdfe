"""What can be seen in a folder without running anything: scripts, notebooks, data, tests, the forge."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from cdml.jobs.trace import walk

_SKLEARN = (".skops", ".joblib", ".pkl", ".pickle", ".onnx")
_OTHERS = (".pt", ".pth", ".safetensors", ".keras", ".h5", ".cbm", ".ubj", ".bst", ".mlmodel")
MODEL_SUFFIXES = (*_SKLEARN, *_OTHERS)
TABLE_SUFFIXES = (".csv", ".parquet")
DATA_SUFFIXES = (*TABLE_SUFFIXES, ".tsv", ".feather", ".arrow", ".jsonl", ".npy", ".npz", ".xlsx", ".txt", ".json")
REQUIREMENTS = ("requirements.txt", "pyproject.toml", "environment.yml", "setup.py", "Pipfile")
TARGETS = ("target", "label", "class", "outcome", "y")
# What a folder may hold and still be a place for a new project.
_EMPTY = ("readme", "license", "licence")
_HOSTS = {"github": "github", "gitlab": "gitlab", "dev.azure": "azure", "visualstudio": "azure", "gitea": "gitea"}


@dataclass(frozen=True)
class Survey:
    """Paths relative to the project, best candidate first."""

    root: Path
    files: tuple[str, ...]
    train: tuple[str, ...]
    evaluate: tuple[str, ...]
    notebooks: tuple[str, ...]
    tables: tuple[str, ...]
    requirements: tuple[str, ...]
    tests: bool

    @property
    def empty(self) -> bool:
        """Whether there is nothing here to adopt."""
        return all("/" not in f and PurePosixPath(f).stem.lower() in _EMPTY for f in self.files)


def survey(root: Path) -> Survey:
    """Look at a folder; hidden files and tools' folders do not count."""
    found = (path.relative_to(root).as_posix() for path in walk(root))
    files = tuple(sorted((f for f in found if not _hidden(f)), key=lambda f: (f.count("/"), len(f), f)))
    scripts = tuple(f for f in files if f.endswith(".py") and not _is_test(f))
    notebooks = tuple(f for f in files if f.endswith(".ipynb"))
    return Survey(
        root=root,
        files=files,
        train=_named(scripts, ("train", "fit")),
        evaluate=_named(scripts, ("eval", "score", "validate")),
        notebooks=_named(notebooks, ("train", "model")) or notebooks,
        tables=tuple(f for f in files if f.endswith(TABLE_SUFFIXES)),
        requirements=tuple(name for name in REQUIREMENTS if name in files),
        tests=any(_is_test(f) and f.endswith(".py") for f in files),
    )


def forge_of(url: str | None) -> str | None:
    """Which kind of forge a remote's address names; `local` for a folder, None where it cannot be told."""
    if url is None:
        return None
    host = urlsplit(url).hostname or (url.partition(":")[0].rpartition("@")[2] if ":" in url else "")
    if not host:
        return "local"
    return next((forge for word, forge in _HOSTS.items() if word in host), None)


def columns(table: Path) -> tuple[str, ...]:
    """The header of a CSV file; nothing for other formats, which need a library to look into."""
    if table.suffix != ".csv":
        return ()
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            return tuple(next(csv.reader(lines), ()))
    except (OSError, UnicodeDecodeError, csv.Error):
        return ()


def _named(files: tuple[str, ...], words: tuple[str, ...]) -> tuple[str, ...]:
    """Files whose name has one of the words; those that begin with one come first."""
    hits = [f for f in files if any(word in PurePosixPath(f).stem.lower() for word in words)]
    return tuple(sorted(hits, key=lambda f: not PurePosixPath(f).stem.lower().startswith(words)))


def _hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _is_test(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name.startswith("test_") or path.stem.endswith("_test") or "tests" in path.parts[:-1]
