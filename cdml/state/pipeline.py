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

    `cmd` is the command line with DVC's templates filled in; `params` maps a parameters file to the keys that are
    read (empty: all of them); `metrics` are the outs that DVC knows as metrics files, `uncached` those that it
    leaves to git; `folder` is where it is run, from the project's folder.
    """

    name: str
    cmd: str
    deps: Mapping[str, str | None]
    params: Mapping[str, tuple[str, ...]]
    outs: Mapping[str, str | None]
    metrics: tuple[str, ...]
    uncached: tuple[str, ...]
    folder: str = "."


@dataclass(frozen=True)
class Pipeline:
    """All stages by name; `tracked` maps what `dvc add` tracks to its digest.

    `metrics` are the metrics files that dvc.yaml names beside its stages, as DVCLive does.
    """

    stages: Mapping[str, StageView]
    tracked: Mapping[str, str]
    metrics: tuple[str, ...] = ()

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
    with dvc.files(revision) as files:
        return view(read_stages(files), _beside_stages(files.repo))


def read_stages(files: Any) -> list[Any]:
    """DVC's own stages in one of its file systems (`Dvc.files`); ConfigError where DVC cannot read them."""
    from dvc.exceptions import DvcException

    try:
        return list(files.repo.index.stages)
    except DvcException as error:
        mark = getattr(error.__cause__, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise ConfigError(
            f"DVC cannot read the pipeline: {error}{where}", "mend the file; dvc stage list checks it"
        ) from None


def _beside_stages(repo: Any) -> tuple[str, ...]:
    """Metrics files under `metrics:` of any dvc.yaml; none where this DVC keeps them elsewhere."""
    paths = []
    for file, names in getattr(repo.index, "_metrics", {}).items():
        folder = repo.fs.relpath(repo.fs.parent(file), repo.root_dir)
        paths += [posixpath.normpath(posixpath.join(folder, str(name))) for name in names]
    return tuple(sorted(paths))


def view(stages: Iterable[Any], metrics: tuple[str, ...] = ()) -> Pipeline:
    """DVC's stages as plain data."""
    found = list(stages)
    views = [_view(s) for s in found if getattr(s, "name", None)]
    tracked = {path_of(s, o): o.hash_info.value for s in found if s.is_data_source for o in s.outs}
    return Pipeline({one.name: one for one in views}, tracked, metrics)


def _view(stage: Any) -> StageView:
    from dvc.dependency.param import ParamsDependency

    files = [d for d in stage.deps if not isinstance(d, ParamsDependency)]
    return StageView(
        name=name_of(stage),
        cmd="\n".join(stage.cmd) if isinstance(stage.cmd, list) else str(stage.cmd),
        deps={path_of(stage, d): d.hash_info.value for d in files},
        params={path_of(stage, d): tuple(d.params) for d in stage.deps if isinstance(d, ParamsDependency)},
        outs={path_of(stage, o): o.hash_info.value for o in stage.outs},
        metrics=tuple(path_of(stage, o) for o in stage.outs if o.metric),
        uncached=tuple(path_of(stage, o) for o in stage.outs if not o.use_cache),
        folder=stage.repo.fs.relpath(stage.wdir, stage.repo.root_dir),
    )


def name_of(stage: Any) -> str:
    """A stage's name as `dvc repro` takes it in the project's folder."""
    return str(stage.name if stage.path_in_repo == "dvc.yaml" else f"{stage.path_in_repo}:{stage.name}")


def path_of(stage: Any, item: Any) -> str:
    """The path of a dependency or output from the project's folder, whatever folder the stage works in."""
    files = stage.repo.fs
    if "://" in item.def_path:
        return str(item.def_path)
    return posixpath.normpath(posixpath.join(files.relpath(stage.wdir, stage.repo.root_dir), str(item.def_path)))


def _maker(makers: Mapping[str, StageView], path: str) -> StageView | None:
    """The stage that makes a path, or the folder around it, or something inside it."""
    for out, stage in makers.items():
        if path == out or path.startswith(f"{out}/") or out.startswith(f"{path}/"):
            return stage
    return None
