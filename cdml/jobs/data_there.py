"""Data that a contract is about, brought into the working tree: from DVC, or made by stages before training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cdml.core.errors import ConfigError
from cdml.jobs.data_files import data_digest
from cdml.jobs.project import Project
from cdml.state.inputs import stage_names
from cdml.state.pipeline import Pipeline, read_pipeline
from cdml.state.unchanged import unchanged

Say = Callable[[str], None]


def state(project: Project, paths: Sequence[str]) -> list[str | None]:
    """What stands for the bytes of each path: their digest, or DVC's where they are not here; None where
    neither.
    """
    digests = [data_digest(project.root / path) for path in paths]
    if None not in digests:
        return digests
    tracked = read_pipeline(project.dvc, None).tracked
    return [found or tracked.get(path) for found, path in zip(digests, paths, strict=True)]


def bring(project: Project, paths: Sequence[str], say: Say) -> None:
    """See to it that the data are there and fresh.

    Raises ConfigError for a path that neither git nor DVC nor a stage knows, or that training itself writes;
    ExternalError where a stage or the remote fails.
    """
    pipeline = read_pipeline(project.dvc, None)
    makers = _makers(project, pipeline, paths)
    if makers and not unchanged(project.dvc, makers):
        say(f"making the data that contracts are about: {', '.join(makers)}")
        # As in `run_jobs`: what others say that they ran is trusted only where that is.
        from cdml.jobs.run import trusts_run_cache

        project.dvc.reproduce(makers, say, run_cache=trusts_run_cache())
    for path in paths:
        if not (project.root / path).exists() and not _covered(path, (*pipeline.tracked, *_outs(pipeline))):
            raise ConfigError(f"there is no {path}, and neither DVC nor a stage has it", f"dvc add {path}")
    project.dvc.fetch_outputs(*paths)


def _makers(project: Project, pipeline: Pipeline, paths: Sequence[str]) -> tuple[str, ...]:
    """The stages that write these paths, none of which may be a training."""
    found = {s.name: p for p in paths for s in pipeline.stages.values() if _covered(p, s.outs)}
    train, evaluate = stage_names(project.settings)
    late = next((name for name in found if name in (*train, *evaluate) and not _prepares(project, name)), None)
    if late:
        raise ConfigError(
            f"{found[late]} is written by {late} itself: a contract is checked before anything trains",
            "make it in a stage of its own",
        )
    return tuple(found)


def _prepares(project: Project, name: str) -> bool:
    """Whether a named training stage comes before another: `train: {stages: [prepare, train]}`."""
    return name in project.settings.train.stages[:-1]


def _outs(pipeline: Pipeline) -> tuple[str, ...]:
    return tuple(path for stage in pipeline.stages.values() for path in stage.outs)


def _covered(path: str, outs: Iterable[str]) -> bool:
    return any(path == out or path.startswith(f"{out}/") or out.startswith(f"{path}/") for out in outs)
