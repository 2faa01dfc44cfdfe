"""The model file of a run or a version: its bytes, its digest, and the inputs that it wants."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdml.core.errors import CdmlError, ExternalError, RefusedError
from cdml.core.files import digest
from cdml.core.release import Artifact, Field, FieldKind, Version
from cdml.jobs.project import Project
from cdml.serving.client import LoadedModel, Worker
from cdml.serving.worker import PICKLES
from cdml.state.snapshot import Snapshot

if TYPE_CHECKING:
    from pandas import DataFrame

# Enough to tell the kind of a column.
ROWS = 10_000


def fetch_artifact(project: Project, commit: str, path: str, folder: Path) -> Path:
    """Write a commit's artifact into `folder`, from git or else DVC's cache or remote.

    RefusedError for a path that leads out of the project: a tag may have been written by anybody.
    """
    if not _inside(path):
        raise RefusedError(f"the artifact's path {path!r} leads out of the project", "cdml registry history")
    place = folder / Path(path).name
    # What an earlier try left would stand among the files of a folder.
    if place.is_dir():
        shutil.rmtree(place)
    inside = project.git.tree(commit, path)
    if any(entry.path == path for entry in inside):
        place.write_bytes(project.git.read(commit, path) or b"")
        return place
    if inside:
        for entry in inside:
            if not _inside(entry.path):
                raise RefusedError(f"{path} of {commit[:7]} holds {entry.path!r}", "cdml registry history")
            file = place / Path(entry.path).relative_to(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(project.git.read(commit, entry.path) or b"")
        return place
    if not project.dvc.download(commit, path, place):
        raise ExternalError(
            f"{path} of {commit[:7]} is in neither git, DVC's cache nor its remote",
            "dvc remote list; was the remote cleaned with dvc gc?",
        )
    return place


def _inside(path: str) -> bool:
    """Whether a path stays in the folder that it is put under, and names something in it."""
    parts = path.split("/")
    return "\0" not in path and not {"", ".", ".."} & set(parts)


def fetch_version(project: Project, version: Version, expected: Artifact, folder: Path) -> Path:
    """A version's artifact, refused when its bytes are not the ones that were registered and reviewed."""
    place = fetch_artifact(project, version.commit, expected.path, folder)
    found = digest(place)
    if (found.sha256, found.size) != (expected.sha256, expected.size):
        raise RefusedError(
            f"{version.label}: {expected.path} has sha256 {found.sha256[:12]}…, "
            f"reviewed was {expected.sha256[:12]}…",
            "nothing was deployed; cdml rollback, or register the model again",
        )
    return place


def describe(path: str, place: Path) -> Artifact:
    """An artifact's identity."""
    found = digest(place)
    return Artifact(path, found.sha256, found.size)


def signature(project: Project, snapshot: Snapshot, place: Path) -> tuple[Field, ...] | None:
    """The model's input columns: those it names itself, else the test data's without id and target.

    None where neither is known, or where the model is of a kind that cdml loads but cannot be loaded here. A model
    in another format is taken to want the test data's columns.
    """
    features: tuple[str, ...] | None = None
    if place.suffix.lower() in (".skops", *PICKLES):
        model = _load(project, place)
        if model is None:
            return None
        features = model.features
    kinds = _column_kinds(project, snapshot)
    names = features or tuple(kinds)
    if not names or any(name not in kinds for name in names):
        return None
    return tuple(Field(name, kinds[name]) for name in names)


def _load(project: Project, place: Path) -> LoadedModel | None:
    try:
        with Worker(project.python, cwd=project.root) as worker:
            return worker.load(place, project.settings.register.trusted)
    except CdmlError:
        return None


def _column_kinds(project: Project, snapshot: Snapshot) -> dict[str, FieldKind]:
    evaluate = snapshot.settings.evaluate
    content = project.store.read(snapshot.commit, evaluate.data) if evaluate.data else None
    frame = _head(content, str(evaluate.data)) if content else None
    if frame is None:
        return {}
    frame = frame.drop(columns=[c for c in (evaluate.id or "id", evaluate.target) if c in frame.columns])
    return {str(name): _kind(frame[name].dtype) for name in frame.columns}


def _head(content: bytes, name: str) -> DataFrame | None:
    """The first rows of a table; None where it is in no format that says its columns."""
    import pandas

    try:
        if name.endswith((".parquet", ".pq")):
            return pandas.read_parquet(io.BytesIO(content)).head(ROWS)
        return pandas.read_csv(io.BytesIO(content), nrows=ROWS) if name.endswith(".csv") else None
    except (ValueError, OSError, ImportError):
        return None


def _kind(dtype: Any) -> FieldKind:
    from pandas.api import types

    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_integer_dtype(dtype):
        return "integer"
    return "number" if types.is_numeric_dtype(dtype) else "text"
