"""Whether the disk has room for the data that a run would pull, asked before anything is pulled."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cdml.core.errors import ExternalError
from cdml.state.dvc import Dvc
from cdml.state.pipeline import path_of, read_stages, view


def require_room(dvc: Dvc, targets: Iterable[str], free: int | None = None) -> None:
    """Refuse to pull more than the disk can hold: ExternalError with both sizes.

    Counted are the files that people added (`dvc add`, `dvc import`) and these stages read, where neither the
    working tree nor the cache has them. `free` is in bytes; what the disk has, unless given.
    """
    with dvc.files(None) as files:
        stages = read_stages(files)
        pipeline = view(stages)
        wanted = set(pipeline.sources(pipeline.closure(targets)))
        missing = {path: size for stage in stages for path, size in _missing(dvc, stage) if _serves(path, wanted)}
    total = sum(missing.values())
    room = shutil.disk_usage(dvc.root).free if free is None else free
    if total > room:
        largest = max(missing, key=lambda path: missing[path])
        said = f"{_size(total)} ({largest}: {_size(missing[largest])})"
        raise ExternalError(
            f"the data to pull is {said}, and the disk has {_size(room)}",
            "run this job on a larger machine: ci.runs-on.train in mlops.yaml",
        )


def _missing(dvc: Dvc, stage: Any) -> Iterable[tuple[str, int]]:
    """Path and size in bytes of what a .dvc file tracks and this machine does not have."""
    for out in stage.outs if stage.is_data_source else ():
        path = path_of(stage, out)
        size = out.meta.size if out.meta else None
        if size and not (dvc.root / path).exists() and not _is_cached(out):
            yield path, int(size)


def _is_cached(out: Any) -> bool:
    value = out.hash_info.value
    return bool(value) and Path(out.cache.oid_to_path(value)).exists()


def _serves(path: str, wanted: set[str]) -> bool:
    """Whether tracked data is one of these dependencies, or holds one, or is inside one."""
    return any(one == path or one.startswith(f"{path}/") or path.startswith(f"{one}/") for one in wanted)


def _size(count: int) -> str:
    number = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"
