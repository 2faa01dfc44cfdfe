"""What we need to know of a project's own dvc.yaml: its stages, its outputs, and whether it has metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

DVC_FILE = "dvc.yaml"


@dataclass(frozen=True)
class Pipeline:
    """A dvc.yaml, loosely: `templated` stages stand for several (`foreach`, `matrix`), called `name@item`."""

    stages: tuple[str, ...] = ()
    templated: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    has_metrics: bool = False

    def has(self, stage: str) -> bool:
        """Whether a name is one of these stages, or one made from a templated stage."""
        return stage in self.stages or stage.partition("@")[0] in self.templated


def own_metrics(root: Path) -> bool:
    """Whether the project's dvc.yaml names metrics files; an unreadable one is reported elsewhere."""
    from cdml.core.errors import ConfigError

    try:
        found = read(root / DVC_FILE)
    except ConfigError:
        return True
    return found is not None and found.has_metrics


def read(path: Path) -> Pipeline | None:
    """A dvc.yaml, or None where there is none; ConfigError when it is not YAML of DVC's shape."""
    return _parse(path.read_bytes(), path.name) if path.is_file() else None


@lru_cache(maxsize=16)
def _parse(content: bytes, file: str) -> Pipeline:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    from cdml.core.errors import ConfigError

    try:
        data = YAML(typ="safe", pure=True).load(content.decode("utf-8"))
    except (YAMLError, ValueError, RecursionError) as error:  # ValueError: not UTF-8, an impossible date or number
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else file
        raise ConfigError(f"{where}: is not valid YAML: {getattr(error, 'problem', error)}") from None
    if data is None:
        return Pipeline()
    stages = data.get("stages", {}) if isinstance(data, dict) else None
    if not isinstance(stages, dict):
        raise ConfigError(f"{file}: must be a mapping with `stages`", "dvc stage list")
    return _pipeline(data, stages)


def _pipeline(data: dict[str, Any], stages: dict[str, Any]) -> Pipeline:
    bodies = {str(name): body for name, body in stages.items() if isinstance(body, dict)}
    inner = [body.get("do", body) for body in bodies.values()]
    inner = [body for body in inner if isinstance(body, dict)]
    return Pipeline(
        stages=tuple(name for name, body in bodies.items() if not {"foreach", "matrix"} & body.keys()),
        templated=tuple(name for name, body in bodies.items() if {"foreach", "matrix"} & body.keys()),
        outs=tuple(out for body in inner for key in ("outs", "metrics", "plots") for out in _paths(body, key)),
        has_metrics=bool(data.get("metrics")) or any(body.get("metrics") for body in inner),
    )


def _paths(body: dict[str, Any], key: str) -> list[str]:
    """The paths of a list whose items are a path, or {path: options}."""
    items = body.get(key)
    found: list[str] = []
    for item in items if isinstance(items, list) else []:
        found += [str(path) for path in item] if isinstance(item, dict) else [str(item)]
    wdir = body.get("wdir")
    return [f"{wdir}/{path}" for path in found] if isinstance(wdir, str) else found
