"""Whether outputs are of these files: what dvc.lock says was used, against what is there now.

A report on outputs that another code, parameter or model made would answer wrongly, so it is refused instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cdml.core.errors import ConfigError
from cdml.state.dvc import Dvc
from cdml.state.pipeline import name_of, path_of, read_stages, view


def stale(dvc: Dvc, revision: str | None, names: Iterable[str]) -> tuple[str, ...]:
    """What of these stages, and of all before them, is not what dvc.lock recorded; sorted words, best none.

    `revision` None is the working tree. Files that DVC keeps and that are not checked out count as they were kept.
    Raises ConfigError for an unknown stage or a pipeline that DVC cannot read.
    """
    with dvc.files(revision) as files:
        stages = read_stages(files)
        wanted = {stage.name for stage in view(stages).closure(names)}
        chosen = [s for s in stages if getattr(s, "name", None) and name_of(s) in wanted]
        return tuple(sorted({found for stage in chosen for found in _changes(files, stage, revision is None)}))


def _changes(files: Any, stage: Any, working: bool) -> Iterator[str]:
    from dvc.dependency.param import ParamsDependency

    if stage.cmd_changed:
        yield f"the command of {name_of(stage)}"
    for dep in stage.deps:
        if isinstance(dep, ParamsDependency):
            yield from _parameters(stage, dep)
        elif _digest(files, stage, dep, working) != dep.hash_info.value:
            yield path_of(stage, dep)
    for out in stage.outs:
        # What DVC keeps is read by its digest; a file that git keeps may have been changed since.
        present = working or not out.use_cache
        if not out.hash_info or (present and _digest(files, stage, out, working) != out.hash_info.value):
            yield path_of(stage, out)


def _parameters(stage: Any, dep: Any) -> Iterator[str]:
    from dvc.exceptions import DvcException

    try:
        status = dep.workspace_status()
    except DvcException as error:
        raise ConfigError(f"{path_of(stage, dep)} cannot be read: {error}") from None
    for changed in status.values():
        yield from ([path_of(stage, dep)] if isinstance(changed, str) else changed)


def _digest(files: Any, stage: Any, item: Any, working: bool) -> str | None:
    """The digest of a dependency's or output's present content; None where it cannot be had."""
    from dvc.exceptions import DvcException
    from dvc_data.hashfile.build import build

    try:
        if working and item.exists:
            return _text(item.get_hash().value)
        path = path_of(stage, item)
        if path.startswith("..") or "://" in path:
            return _text(item.get_hash().value)
        return _text(build(item.local_cache, path, files, "md5", dry_run=True)[2].hash_info.value)
    except (OSError, DvcException):
        return None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
