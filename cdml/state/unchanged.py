"""Whether `dvc repro` would find nothing to do, asked of DVC in this process.

Most runs change nothing, and then nearly all that `dvc repro` costs is starting DVC again and drawing its graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from cdml.core.errors import ConfigError
from cdml.state.dvc import Dvc
from cdml.state.pipeline import name_of, path_of, read_stages

UP_TO_DATE = "Data and pipelines are up to date."


def unchanged(dvc: Dvc, targets: Iterable[str]) -> tuple[str, ...]:
    """What `dvc repro` would say of these stages where none has to run; nothing where one has, or none can tell.

    As with `--allow-missing`, an output that is only on the remote counts as unchanged where there is a remote.
    """
    from dvc.exceptions import DvcException

    missing = dvc.remote() is not None
    try:
        with dvc.files(None) as files, files.repo.lock:
            stages = _plan(read_stages(files), targets)
            if not stages or any(stage.changed(missing, stages) for stage in stages):
                return ()
            return (*map(_skipped, stages), UP_TO_DATE)
    except (DvcException, ConfigError, OSError):  # `dvc repro` says it in its own words
        return ()


def _plan(stages: list[Any], targets: Iterable[str]) -> list[Any]:
    """The stages to look at, each after those it needs; empty where DVC would refuse the pipeline."""
    makers = {path_of(stage, out): stage for stage in stages for out in stage.outs}
    if len(makers) < sum(len(stage.outs) for stage in stages) or _overlap(makers):
        return []
    needs = {stage: _needs(stage, makers) for stage in stages}
    wanted = set(targets)
    chosen = [stage for stage in stages if getattr(stage, "name", None) and name_of(stage) in wanted]
    if len(chosen) < len(wanted):
        return []
    reached: set[Any] = set()
    while chosen:
        stage = chosen.pop()
        if stage not in reached:
            reached.add(stage)
            chosen += needs[stage]
    return _ordered([stage for stage in stages if stage in reached], needs)


def _needs(stage: Any, makers: dict[str, Any]) -> list[Any]:
    """The stages that make what this one reads: the path itself, the folder around it, something inside it."""
    paths = [] if stage.frozen else [f"{path_of(stage, dep)}/" for dep in stage.deps]
    return [m for p in paths for out, m in makers.items() if p.startswith(f"{out}/") or f"{out}/".startswith(p)]


def _overlap(paths: Iterable[str]) -> bool:
    return any(second.startswith(first) for first, second in pairwise(sorted(f"{path}/" for path in paths)))


def _ordered(stages: list[Any], needs: dict[Any, list[Any]]) -> list[Any]:
    """In the order in which DVC goes through them. It never ran a circle, so one of a circle counts as changed."""
    ordered: list[Any] = []
    entered: set[Any] = set()

    def visit(stage: Any) -> None:
        if stage not in entered:
            entered.add(stage)
            for needed in needs[stage]:
                visit(needed)
            ordered.append(stage)

    for stage in stages:
        visit(stage)
    return ordered


def _skipped(stage: Any) -> str:
    if getattr(stage, "name", None):
        return f"Stage '{name_of(stage)}' didn't change, skipping"
    return f"'{stage.path_in_repo}' didn't change, skipping"
