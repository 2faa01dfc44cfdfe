"""A pipeline at one revision as DVC itself reads it: stages, what goes in, what comes out, recorded digests."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cdml.core.errors import ConfigError
from cdml.state.dvc import Dvc


@dataclass(frozen=True)
class StageView:
    """One stage. `deps` and `outs` map a path to the digest in dvc.lock (None: never run, or not there).

    `params` maps a parameters file to the keys that are read (empty: all of them); `metrics` are the outs that
    DVC knows as metrics files.
    """

    name: str
    deps: Mapping[str, str | None]
    params: Mapping[str, tuple[str, ...]]
    outs: Mapping[str, str | None]
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class Pipeline:
    """All stages by name; `tracked` maps what `dvc add` tracks to its digest."""

    stages: Mapping[str, StageView]
    tracked: Mapping[str, str]

    def closure(self, names: Iterable[str]) -> tuple[StageView, ...]:
        """These stages and all that they need, in no particular order; ConfigError for an unknown name."""
        makers = {path: stage for stage in self.stages.values() for path in stage.outs}
        found: dict[str, StageView] = {}
        queue = [self.stage(name) for name in names]
        while queue:
            stage = queue.pop()
            if stage.name not in found:
                found[stage.name] = stage
                queue.extend(m for dep in stage.deps if (m := _maker(makers, dep)))
        return tuple(found.values())

    def sources(self, stages: Iterable[StageView]) -> tuple[str, ...]:
        """Dependencies that no stage makes: the inputs a person wrote or added, sorted."""
        makers = {path: stage for stage in self.stages.values() for path in stage.outs}
        return tuple(sorted({d for s in stages for d in s.deps if _maker(makers, d) is None}))

    def stage(self, name: str) -> StageView:
        """One stage by name."""
        if name not in self.stages:
            known = ", ".join(self.stages) or "none"
            raise ConfigError(
                f"dvc.yaml has no stage {name!r} (it has {known})", "cdml generate, or correct `stages:`"
            )
        return self.stages[name]

    def out(self, path: str) -> str | None:
        """The recorded digest of one output, or None."""
        return next((s.outs[path] for s in self.stages.values() if path in s.outs), None)


def read_pipeline(dvc: Dvc, revision: str | None) -> Pipeline:
    """The pipeline at a revision, or in the working tree for None. Only this project's folder counts."""
    from dvc.exceptions import DvcException

    try:
        stages = list(dvc.files(revision).repo.index.stages)
    except DvcException as error:
        raise ConfigError(f"DVC cannot read the pipeline: {error}", "dvc stage list shows what it sees") from None
    views = [_view(s) for s in stages if getattr(s, "name", None)]
    tracked = {_path(s, o): o.hash_info.value for s in stages if s.is_data_source for o in s.outs}
    return Pipeline({view.name: view for view in views}, tracked)


def _view(stage: Any) -> StageView:
    from dvc.dependency.param import ParamsDependency

    files = [d for d in stage.deps if not isinstance(d, ParamsDependency)]
    return StageView(
        name=stage.name if stage.path_in_repo == "dvc.yaml" else f"{stage.path_in_repo}:{stage.name}",
        deps={_path(stage, d): d.hash_info.value for d in files},
        params={_path(stage, d): tuple(d.params) for d in stage.deps if isinstance(d, ParamsDependency)},
        outs={_path(stage, o): o.hash_info.value for o in stage.outs},
        metrics=tuple(_path(stage, o) for o in stage.outs if o.metric),
    )


def _path(stage: Any, item: Any) -> str:
    """A path from the project's folder, whatever folder the stage works in."""
    files = stage.repo.fs
    return posixpath.normpath(posixpath.join(files.relpath(stage.wdir, stage.repo.root_dir), str(item.def_path)))


def _maker(makers: Mapping[str, StageView], path: str) -> StageView | None:
    """The stage that makes a path, or the folder around it, or something inside it."""
    for out, stage in makers.items():
        if path == out or path.startswith(f"{out}/") or out.startswith(f"{path}/"):
            return stage
    return None
