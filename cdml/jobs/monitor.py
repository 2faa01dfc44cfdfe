"""`cdml monitor`: the newest batches of production against the test data of the version that is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.core.observation import Observation, Performance, Seen
from cdml.core.release import Version
from cdml.core.settings import CONFIG_FILE, Evaluate, Monitor
from cdml.evaluation.predictions import Predictions, read
from cdml.evaluation.table import Table, read_table
from cdml.forges.base import Forge
from cdml.jobs.project import Project, fetch
from cdml.monitoring import batches
from cdml.monitoring.drift import Reference, drift
from cdml.monitoring.performance import Labels, joined, performance
from cdml.registry.read import read as read_registry
from cdml.reports.observation import issue

if TYPE_CHECKING:
    import pandas as pd

Say = Callable[[str], None]
TRUE = "y_true"


@dataclass(frozen=True)
class Side:
    """The version that is compared with: its columns by name, and its predictions where it wrote any."""

    columns: Mapping[str, Reference]
    predictions: Predictions | None


def monitor(project: Project, forge: Forge | None, environment: str, say: Say, today: date) -> Observation | None:
    """Look at an environment (empty: the last in promotion order that has a version), and keep one issue.

    None where there is no version to look at yet. Without a forge there is no issue. Raises ConfigError for
    batches, labels or predictions that cannot be read, UsageError for an environment that is none.
    """
    settings = _settings(project)
    _refresh(project, say)
    place, version = _version(project, environment)
    if version is None:
        return None
    say(f"looking at {version.label}{f' in {place}' if place else ''}")
    observation = _observe(project, place, version, today)
    if forge is not None and "issue" in settings.on_drift:
        keep_issue(forge, observation, settings)
    return observation


def _refresh(project: Project, say: Say) -> None:
    """The versions that the remote has by now; a job whose token may not fetch has just checked them out."""
    try:
        fetch(project)
    except ExternalError as error:
        say(f"warning: {error.message}; looking at the versions that are known here")


def _settings(project: Project) -> Monitor:
    if project.settings.monitor is None:
        raise ConfigError(
            f"{CONFIG_FILE} has no monitor section", "monitor: {predictions: monitoring/predictions}"
        )
    return project.settings.monitor


def keep_issue(forge: Forge, observation: Observation, settings: Monitor) -> None:
    """One issue while the model drifts, closed when it does no more; too few rows change nothing of it."""
    key = f"cdml:{observation.model}:monitor{f':{observation.environment}' if observation.environment else ''}"
    if observation.seen is Seen.DRIFT:
        title, body = issue(observation, forge.dialect, retrain="retrain" in settings.on_drift)
        forge.open_issue(key, title, body)
    elif observation.seen is Seen.NO_DRIFT:
        forge.close_issue(key)


def now() -> date:
    """Today in UTC, in which the names of batches are read."""
    return datetime.now(UTC).date()


def _version(project: Project, environment: str) -> tuple[str, Version | None]:
    """The environment to look at and the version there; where none has a version yet, the latest of all."""
    registry, model = read_registry(project.git), project.settings.model
    names = [one.name for one in project.environments]
    if environment and environment not in names:
        known = ", ".join(names) or "there are none on main yet"
        raise UsageError(f"no environment is called {environment!r}", f"environments: {known}")
    for name in [environment] if environment else reversed(names):
        served = registry.assigned(model, name) if model in registry.states else None
        if served or environment:
            return name, served
    return "", registry.latest(model)


def _observe(project: Project, place: str, version: Version, today: date) -> Observation:
    evaluate = project.settings_at(version.commit).evaluate
    known = bring(project, _settings(project).predictions, "predictions")
    nothing = Observation(project.settings.model, place, version.label, 0, "", "", 0, ())
    if not known:
        return nothing
    side = _side(project, version, evaluate)
    window = batches.newest(known, lambda batch: _table(project, batch.name, _id(evaluate)), version.version)
    columns, notes = drift(side.columns, window.frame)
    if not columns:
        raise ConfigError(
            f"{window.last}: has no column of the test data or predictions of {version.label}",
            "write the columns that the model is asked with, and y_pred or y_score",
        )
    judged = _performance(project, version, side, known, today)
    left = [f"{window.others:,} rows of other versions were left out."] if window.others else []
    more = [f"Performance: {judged}."] if isinstance(judged, str) else []
    return replace(
        nothing,
        batches=len(window.batches),
        first=window.first,
        last=window.last,
        rows=len(window.frame),
        columns=columns,
        performance=judged if isinstance(judged, Performance) else None,
        notes=(*left, *notes, *more),
    )


def bring(project: Project, path: str, key: str) -> tuple[batches.Batch, ...]:
    """The batches of a folder, or the one file, oldest first; what DVC keeps of them is brought here.

    An import is asked for newer files, without a change of what is committed. Raises ConfigError where there is no
    such place, ExternalError where DVC cannot bring it.
    """
    pointer = project.root / f"{path}.dvc"
    if pointer.is_file():
        _from_dvc(project, pointer)
    place = project.root / path
    if place.is_file():
        return (batches.Batch(path, None),)
    if not place.is_dir():
        raise ConfigError(
            f"{CONFIG_FILE}: monitor.{key}: there is no {path}",
            f"mkdir -p {path}, and let a file of each day's rows be written there; or dvc import-url it",
        )
    files = (file for file in place.rglob("*") if file.suffix.lower() in batches.SUFFIXES and file.is_file())
    inside = (file.relative_to(project.root) for file in files)
    return batches.in_order(file.as_posix() for file in inside if not _hidden(file))


def _hidden(file: Path) -> bool:
    """Writers begin the names of what is not finished with a dot or an underscore."""
    return file.name.startswith((".", "_"))


def _from_dvc(project: Project, pointer: Path) -> None:
    committed = pointer.read_bytes()
    verb = "update" if b"\ndeps:" in b"\n" + committed else "pull"
    name = pointer.relative_to(project.root).as_posix()
    try:
        done = project.dvc.run(verb, "--quiet", name, check=False)
    finally:
        pointer.write_bytes(committed)
    if done.code != 0:
        raise ExternalError(f"dvc {verb} {name} failed: {done.tail()}", f"dvc {verb} {name} shows why")


def _table(project: Project, name: str, id_column: str) -> Table:
    """A batch, or labels; a day on which nobody asked is one without rows."""
    return read_table(project.root / name, name, text_column=id_column, may_be_empty=True)


def _id(evaluate: Evaluate) -> str:
    return evaluate.id or "id"


def _side(project: Project, version: Version, evaluate: Evaluate) -> Side:
    """The columns of the version's test data, and what it said of them."""
    columns: dict[str, Reference] = {}
    not_columns = {_id(evaluate), evaluate.target, TRUE}
    for path in (evaluate.data, evaluate.predictions):
        if path is None or not path.lower().endswith(batches.SUFFIXES):
            continue
        frame = _kept(project, version, path, _id(evaluate)).frame
        for name in (name for name in map(str, frame) if name not in not_columns):
            said = path == evaluate.predictions and (name == "y_pred" or name.startswith("y_score"))
            columns.setdefault(name, Reference(frame[name], "prediction" if said else "feature"))
    predictions = None
    if evaluate.predictions is not None:
        content = _content(project, version, evaluate.predictions)
        predictions = read(content, evaluate.predictions, evaluate)
    return Side(columns, predictions)


def _kept(project: Project, version: Version, path: str, id_column: str) -> Table:
    return read_table(_content(project, version, path), f"{version.label}:{path}", text_column=id_column)


def _content(project: Project, version: Version, path: str) -> bytes:
    content = project.store.read(version.commit, path)
    if content is None:
        raise ConfigError(
            f"{version.label} has no file {path} in git, in DVC's cache or on its remote",
            "dvc remote list; was the remote cleaned with dvc gc?",
        )
    return content


def _performance(
    project: Project, version: Version, side: Side, known: tuple[batches.Batch, ...], today: date
) -> Performance | str | None:
    """The metrics on rows whose labels are there; words where they cannot be judged, None where none are kept."""
    settings = _settings(project)
    if settings.actuals is None:
        return None
    if side.predictions is None:
        return "the version wrote no predictions to compare with"
    old = batches.labelled_by(known, today, settings.label_delay)
    files = bring(project, settings.actuals, "actuals")
    if not old or not files:
        return "no batch is old enough for its labels" if files else "there are no labels yet"
    evaluate = project.settings.evaluate
    labels = Labels(_all(project, files, _id(evaluate)), _id(evaluate), evaluate.target)
    window = batches.newest(old, lambda batch: _table(project, batch.name, _id(evaluate)), version.version)
    rows, predicted = joined(window, labels)
    return performance(rows, window, predicted, side.predictions, evaluate)


def _all(project: Project, files: tuple[batches.Batch, ...], id_column: str) -> Table:
    """Every label, the newest last."""
    import pandas as pd

    tables = [_table(project, file.name, id_column) for file in files]
    frames: list[pd.DataFrame] = [table.frame for table in tables]
    return Table(tables[-1].name, pd.concat(frames, ignore_index=True))
