"""What serving costs, of both models: measured side by side where a gate compares them and both can be loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from cdml.core.errors import CdmlError, RefusedError
from cdml.core.files import digest, write
from cdml.core.settings import Gate
from cdml.jobs.evaluator import inputs_of, read_data
from cdml.jobs.project import Project
from cdml.jobs.rescore import Scorer, files_of
from cdml.jobs.rescore_artifact import artifact_of
from cdml.jobs.same_data import Means
from cdml.jobs.serving_cost import side_by_side
from cdml.serving.client import Worker
from cdml.state.snapshot import Snapshot

LATENCY = ("latency_p50_ms", "latency_p99_ms")
SIZE = "model_size_mb"
ALONE = ("min", "max")
Costs = dict[str, tuple[float | None, float | None]]


def costs(
    head: Snapshot, base: Snapshot | None, gates: Iterable[Gate], means: Means | None
) -> tuple[Costs, tuple[str, ...]]:
    """Baseline's and candidate's numbers by metric, in place of those that each run measured, and what was done.

    Nothing where no gate compares such a number, or where one of the models is not the built-in evaluator's.
    """
    asked = {gate.metric for gate in gates if gate.kind not in ALONE}
    builtin = base is not None and base.settings.evaluate.builtin and head.settings.evaluate.builtin
    if base is None or not builtin or means is None or means.scorer is None or not asked & {*LATENCY, SIZE}:
        return {}, ()
    try:
        found, note = _measured(means.project, means.scorer, head, base, latency=bool(asked & {*LATENCY}))
    except CdmlError as error:
        return {}, (f"What serving costs was not measured of both models side by side: {error.message}.",)
    if not asked & {*LATENCY}:
        return found, ()
    return found, (f"The latency of both models was measured side by side{f', {note}' if note else ''}.",)


def _measured(
    project: Project, scorer: Scorer, head: Snapshot, base: Snapshot, *, latency: bool
) -> tuple[Costs, str]:
    with tempfile.TemporaryDirectory(prefix="cdml-cost-") as folder:
        artifacts = [
            artifact_of(project, who, _below(folder, name)) for name, who in (("old", base), ("new", head))
        ]
        before, after = (digest(place).size / 1_000_000 for place in artifacts)
        found: Costs = {SIZE: (before, after)}
        if not latency:
            return found, ""
        note = scorer.environment(base)
        old, new = _latencies(project, (base, head), artifacts, Path(folder))
        return found | {name: (old[name], new[name]) for name in LATENCY}, note


def _below(folder: str, name: str) -> Path:
    place = Path(folder) / name
    place.mkdir()
    return place


def _latencies(
    project: Project, sides: tuple[Snapshot, Snapshot], artifacts: list[Path], folder: Path
) -> list[dict[str, float]]:
    """Of both models, on rows of the candidate's test data."""
    judged = sides[1].settings.evaluate
    files = files_of(project, sides[1], "")
    if files is None:
        raise RefusedError("the test data are not here")
    name, content = next(iter(files.files.items()))
    place = folder / PurePosixPath(name).name
    write(place, content)
    frame = read_data(place, name, judged, key="data")
    with ExitStack() as stack:
        asked = []
        for who, artifact in zip(sides, artifacts, strict=True):
            worker = stack.enter_context(Worker(project.python, cwd=project.root))
            model = worker.load(artifact, who.settings.register.trusted)
            asked.append((worker, inputs_of(model, frame, name, judged)))
        return side_by_side(asked)
