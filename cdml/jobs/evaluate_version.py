"""`cdml evaluate`: a registered version scored on other data than those that it was judged on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cdml.core.comparison import MetricResult
from cdml.core.errors import ConfigError, UsageError
from cdml.evaluation.compare import compare
from cdml.evaluation.metrics import default_metrics
from cdml.jobs.project import Project
from cdml.jobs.rescore import DataFiles, Scorer
from cdml.jobs.snapshots import find_version, of_version
from cdml.registry.read import read


@dataclass(frozen=True)
class Evaluated:
    """A version on one data set; `note` says in which environment, where that is not the one of its release."""

    version: str
    data: str
    rows: int
    metrics: tuple[MetricResult, ...]
    note: str


def evaluate_version(
    project: Project, version: str, data: str, here: Path, say: Callable[[str], None]
) -> Evaluated:
    """Metrics of a registered version on `data`: a name in evaluate.datasets, or a file (from the folder `here`).

    Without `data` it is the present test data. Raises UsageError for what is neither, and as `Scorer.score`.
    """
    registered = find_version(read(project.git), project.settings.model, version)
    if registered is None:
        raise UsageError(f"{version!r} is no version of {project.settings.model}", "cdml registry list")
    snapshot = of_version(project, registered)
    files = _files(project, data, here)
    judged = snapshot.settings.evaluate
    scored = Scorer(project, say).score(snapshot, files, judged)
    predictions = scored.predictions
    metrics = judged.metrics or default_metrics(predictions.task, predictions.score is not None)
    found = compare(None, predictions, metrics=metrics, discover=False)
    return Evaluated(registered.label, files.label, predictions.rows, found.metrics, scored.note)


def _files(project: Project, data: str, here: Path) -> DataFiles:
    evaluate = project.settings.evaluate
    names = [one.name for one in evaluate.datasets]
    if not data or data in names:
        path = evaluate.data_of(data)
        if path is None:
            key = f"evaluate.datasets.{data}.data" if data else "evaluate.data"
            raise UsageError(f"{key} does not name a file", "cdml evaluate VERSION --data FILE")
        return DataFiles(data, data or path, {path: _content(project.root / path, path)})
    if not (here / data).is_file():
        known = f"; datasets are {', '.join(names)}" if names else ""
        raise UsageError(f"{data} is neither a file nor a name in evaluate.datasets{known}")
    return DataFiles("", data, {data: _content(here / data, data)})


def _content(place: Path, path: str) -> bytes:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there", f"dvc pull {path}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
