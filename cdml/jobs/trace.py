"""Which files of the project a command reads and writes, seen by a Python audit hook (PEP 578).

A stage's `deps` and `outs` are otherwise typed by hand, and a forgotten one serves a stale model from a cache.
Files that compiled code opens by itself (Arrow, HDF5, XGBoost) raise no audit event; changes of the working tree
show what such code wrote, and names in the sources what it may have read.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import source_from_cache
from pathlib import Path

from cdml.core.settings import Stage

VARIABLE = "CDML_TRACE"
# Folders that hold tools' own files, never a project's data or code.
IGNORED = frozenset(
    {".git", ".dvc", ".cdml", ".venv", "venv", "__pycache__", "site-packages", "node_modules", "build", "dist"}
    | {".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox", ".ipynb_checkpoints", ".hypothesis"}
)
PARAMETERS = ("params.yaml", "params.yml", "params.json", "params.toml")
# Above this many files read from one folder, the folder itself is the dependency.
MANY = 10
# Under /dev, but a place for files.
MEMORY = "/dev/shm"  # noqa: S108
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", "/opt", "/bin", "/nix")


@dataclass(frozen=True)
class Trace:
    """Paths relative to the project, sorted; `outside` are absolute paths read elsewhere, tools' own left out."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    outside: tuple[str, ...] = ()


def trace_environment(folder: Path) -> dict[str, str]:
    """Environment for a command whose Python processes, and theirs, record into the empty `folder`."""
    hook = Path(__file__).with_name("trace_hook.py").read_text("utf-8")
    (folder / "hook").mkdir(exist_ok=True)
    (folder / "hook" / "sitecustomize.py").write_text(hook, "utf-8")
    path = [str(folder / "hook"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {VARIABLE: str(folder), "PYTHONPATH": os.pathsep.join(path)}


def read_trace(folder: Path, root: Path) -> Trace:
    """What was recorded, as far as it still exists: a temporary file that is gone is neither read nor written."""
    root = root.resolve()
    reads: set[Path] = set()
    writes: set[Path] = set()
    places: set[str] = {str(folder.resolve())}
    for kind, value in _lines(folder):
        if isinstance(value, list):
            places.update(value)
        elif kind == "r":
            reads.add(_source(Path(value)))
        else:
            writes.add(Path(value))
    inside = {p: name for p in reads | writes if (name := _inside(p, root)) is not None}
    outside = sorted(str(p) for p in reads - writes if _is_foreign(p, root, places))
    return Trace(
        reads=tuple(sorted(inside[p] for p in reads - writes if p in inside)),
        writes=tuple(sorted(inside[p] for p in writes if p in inside)),
        outside=tuple(outside),
    )


def undeclared(reads: Iterable[str], stages: Iterable[Stage]) -> tuple[str, ...]:
    """Files that were read but that no stage names among its `deps`, `params` or `outs`, or below one of them."""
    declared = {p.strip("/") for s in stages for p in (*s.deps, *s.params, *s.outs)}
    return tuple(sorted(r for r in reads if not below(r, declared)))


def collapse(names: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Sorted names, where many files of one folder become the folder, unless `others` lie in it as well."""
    kept = set(names)
    for folder in {Path(name).parent for name in kept}:
        within = {name for name in kept if folder in Path(name).parents}
        shared = any(folder in Path(other).parents for other in others)
        if folder != Path() and len(within) > MANY and not shared:
            kept = (kept - within) | {folder.as_posix()}
    return tuple(sorted(kept))


def walk(root: Path) -> Iterator[Path]:
    """The project's own files: no tools' folders, no virtual environments, no other project below it."""
    for place, folders, names in os.walk(root):
        here = Path(place)
        folders[:] = sorted(f for f in folders if not _is_tools(here / f))
        yield from (here / name for name in sorted(names))


def stamps(root: Path) -> Mapping[str, tuple[int, int]]:
    """Size in bytes and modification time in nanoseconds of the project's files, to tell what a command wrote."""
    found = {}
    for path in walk(root):
        try:
            state = path.stat()
        except OSError:
            continue
        found[path.relative_to(root).as_posix()] = (state.st_size, state.st_mtime_ns)
    return found


def _is_tools(folder: Path) -> bool:
    hidden = folder.name in IGNORED or folder.name.endswith(".egg-info")
    return hidden or (folder / "pyvenv.cfg").exists() or (folder / "mlops.yaml").exists()


def _lines(folder: Path) -> Iterator[tuple[str, str | list[str]]]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8", "surrogatepass").splitlines():
            try:
                kind, value = json.loads(line)
            except ValueError:
                continue  # the process was killed while it wrote
            yield kind, value


def _source(path: Path) -> Path:
    """The source of a byte-code file: an import that hits the cache opens only the latter."""
    if path.suffix != ".pyc":
        return path
    try:
        return Path(source_from_cache(str(path)))
    except ValueError:
        return path


def _inside(path: Path, root: Path) -> str | None:
    if not path.is_relative_to(root):
        path = path.resolve()
    if not path.is_relative_to(root) or not path.is_file():
        return None
    name = path.relative_to(root)
    folders = [root.joinpath(*name.parts[:depth]) for depth in range(1, len(name.parts))]
    hidden = name.name.startswith(".") or any(_is_tools(folder) for folder in folders)
    return None if hidden else name.as_posix()


def _is_foreign(path: Path, root: Path, places: set[str]) -> bool:
    own = {*places, *_SYSTEM, sys.prefix, sys.base_prefix}
    hidden = any(part.startswith(".") or part in IGNORED for part in path.parts)
    return (
        not hidden
        and path.is_file()
        and not path.resolve().is_relative_to(root)
        and (path.is_relative_to(MEMORY) or not any(path.is_relative_to(p) for p in own))
    )


def below(name: str, declared: set[str]) -> bool:
    """Whether a path is one of these, or lies in one of them."""
    return name in declared or any(parent.as_posix() in declared for parent in Path(name).parents)
