"""The built-in evaluator on a model that was made before: its registered bytes in the project's interpreter."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cdml.core.errors import RefusedError
from cdml.core.files import write
from cdml.core.settings import Evaluate
from cdml.jobs.artifact import fetch_artifact, fetch_version
from cdml.jobs.evaluator import read_data, score, table_bytes
from cdml.jobs.project import Project
from cdml.registry.read import read
from cdml.serving.client import LoadedModel, Worker
from cdml.state.snapshot import Snapshot

if TYPE_CHECKING:
    from pandas import DataFrame


def by_artifact(project: Project, who: Snapshot, files: Mapping[str, bytes], judged: Evaluate) -> bytes:
    """The predictions file of a model's artifact on the first of `files`, whose columns `judged` names.

    Raises RefusedError where the data have no target or the bytes are not the registered ones, ConfigError where
    data and model do not fit, ExternalError where the artifact cannot be had or the model fails.
    """
    data, content = next(iter(files.items()))
    if judged.target is None:
        raise RefusedError(f"evaluate.target does not say which column of {data} is true")
    with tempfile.TemporaryDirectory(prefix="cdml-score-") as folder:
        place = Path(folder) / PurePosixPath(data).name
        write(place, content)
        frame = read_data(place, data, judged, key="data")
        artifact = artifact_of(project, who, Path(folder))
        table = score_file(project, artifact, who.settings.register.trusted, frame, data, judged)
    return table_bytes(table, Path(who.settings.evaluate.predictions or "x.csv").suffix)


def score_file(
    project: Project,
    artifact: Path,
    trusted: tuple[str, ...],
    frame: DataFrame,
    name: str,
    judged: Evaluate,
) -> DataFrame:
    """The predictions of one model file on rows that come from the file `name`; raises as `by_artifact`."""
    with Worker(project.python, cwd=project.root) as worker:
        model: LoadedModel = worker.load(artifact, trusted)
        return score(worker, model, frame, name, judged)


def artifact_of(project: Project, who: Snapshot, folder: Path) -> Path:
    """A version's verified bytes, the artifact of a commit, or that of the working tree."""
    path = who.settings.register.artifact
    if who.commit is None:
        return project.root / path
    place = folder / "artifact"
    place.mkdir()
    if who.version is None:
        return fetch_artifact(project, who.commit, path, place)
    known = read(project.git).version(who.settings.model, who.version)
    if known.commit != who.commit:
        raise RefusedError(f"{known.label} is another version by now than the one that was compared")
    if known.provenance is None:
        raise RefusedError(f"{known.label} was tagged by another tool: its bytes cannot be verified")
    return fetch_version(project, known, known.provenance.artifact, place)
