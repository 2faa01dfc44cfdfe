"""The built-in evaluator: scores the artifact on every test set and writes predictions, for projects without one.

The model is loaded in the interpreter of the project; this process only reads and writes tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdml.config.load import load
from cdml.core.crosses import columns_of
from cdml.core.errors import ConfigError, UsageError
from cdml.core.files import write
from cdml.core.interpreter import project_python
from cdml.core.serialize import dump
from cdml.core.settings import Evaluate
from cdml.evaluation.predictions import Predictions, read
from cdml.jobs.importance import Columns, Importances, measure_importances, sample_of
from cdml.jobs.serving_cost import measure_serving
from cdml.serving.client import LoadedModel, Prediction, Worker
from cdml.serving.model import positive_scores
from cdml.state.git import words

if TYPE_CHECKING:
    from pandas import DataFrame

# Stands in the generated command, so that DVC never serves a result that an older evaluator wrote.
SPEC = 1
PARQUET = (".parquet", ".pq")
LINES = (".jsonl", ".ndjson")


def evaluate(root: Path, spec: int) -> None:
    """Write the predictions files of the project in `root`; ConfigError where data, target or model do not fit.

    Nothing is written unless every test set could be scored.
    """
    if spec != SPEC:
        raise UsageError(f"dvc.yaml asks for evaluator {spec}, this is {SPEC}", "cdml generate")
    settings = load(root)
    judged = settings.evaluate
    frame = read_data(root / str(judged.data), str(judged.data), judged)
    with Worker(project_python(root), cwd=root) as worker:
        model = worker.load(root / settings.register.artifact, settings.register.trusted)
        tables = {str(judged.predictions): score(worker, model, frame, str(judged.data), judged)}
        for one in judged.datasets:
            name = str(one.data)
            more = read_data(root / name, name, judged, key=f"evaluate.datasets.{one.name}.data")
            tables[one.predictions] = score(worker, model, more, name, judged)
        drawn = _importances(worker, model, frame, judged) if judged.importance else None
        cost = _cost(worker, model, frame, root / settings.register.artifact, judged)
    for path, table in tables.items():
        write(root / path, table_bytes(table, Path(path).suffix))
    for path in measured_files(judged):
        write(root / path, dump(cost))
    if judged.importance and drawn:
        write(root / judged.importance, dump(drawn))


def score(worker: Worker, model: LoadedModel, frame: DataFrame, name: str, judged: Evaluate) -> DataFrame:
    """The predictions file of a loaded model on the rows of `frame`, which come from the file `name`.

    Raises ConfigError where columns are missing, and what `Worker.predict` raises.
    """
    said = worker.predict(inputs_of(model, frame, name, judged))
    return _table(frame, judged, said, name)


def inputs_of(model: LoadedModel, frame: DataFrame, name: str, judged: Evaluate) -> dict[str, list[Any]]:
    """The columns that a model wants of rows which come from the file `name`; ConfigError where one is missing."""
    known = [column for column in frame.columns if column not in (judged.id or "id", judged.target)]
    wanted = list(model.features or (column for column in known if column != judged.group))
    missing = [column for column in wanted if column not in known]
    if missing:
        raise ConfigError(f"{name} has no column {words(missing)}, which the model was trained on")
    return {column: plain_values(frame[column]) for column in wanted}


def _importances(worker: Worker, model: LoadedModel, frame: DataFrame, judged: Evaluate) -> Importances:
    """Of rows taken evenly from the test data."""
    name = str(judged.data)
    sample = sample_of(frame, judged)

    def ask(columns: Columns) -> Predictions:
        table = _table(sample, judged, worker.predict(columns), name)
        return read(table_bytes(table, ".csv"), "predictions.csv", judged)

    return measure_importances(ask, inputs_of(model, sample, name, judged), judged)


def measured_files(judged: Evaluate) -> tuple[str, ...]:
    """Where the evaluator writes what serving costs; nothing where no gate asks for it."""
    return judged.stage.metrics if judged.stage and judged.builtin else ()


def _cost(
    worker: Worker, model: LoadedModel, frame: DataFrame, artifact: Path, judged: Evaluate
) -> dict[str, float]:
    if not measured_files(judged):
        return {}
    return measure_serving(worker, inputs_of(model, frame, str(judged.data), judged), artifact)


def table_bytes(table: DataFrame, suffix: str) -> bytes:
    """A table as a file whose name ends in `suffix`: Parquet, JSON lines or CSV."""
    if suffix in PARQUET:
        content: bytes = table.to_parquet(None, index=False)
        return content
    if suffix in LINES:
        return table.to_json(None, orient="records", lines=True, force_ascii=False).encode()
    return table.to_csv(index=False).encode()


def read_data(path: Path, name: str, judged: Evaluate, *, key: str = "evaluate.data") -> DataFrame:
    """The test data of one file; `name` is how mlops.yaml calls it, under `key`.

    Of evaluate.data every column to slice by is demanded. Raises ConfigError where it cannot be read or lacks one.
    """
    if not path.is_file():
        raise ConfigError(f"{name} is not there", f"dvc pull, or correct {key} in mlops.yaml")
    frame = read_table(path, name)
    by = _slicing_columns(judged, frame) if key == "evaluate.data" else ()
    wanted = [(own, getattr(judged, own)) for own in ("target", "id", "group")]
    wanted += [("by", column) for column in by]
    for setting, column in wanted:
        if column is not None and column not in frame.columns:
            raise ConfigError(f"{name} has no column {column!r}", f"correct evaluate.{setting} in mlops.yaml")
    return frame


def read_table(path: Path, name: str) -> DataFrame:
    """A table by what the file's name ends in; ConfigError, which calls it `name`, where it is none."""
    import pandas

    try:
        frame = _table_of(path)
    except (ValueError, OSError, ImportError) as error:
        raise ConfigError(f"{name} cannot be read: {error}") from None
    frame.columns = pandas.Index([str(column) for column in frame.columns])
    return frame


def _table_of(path: Path) -> DataFrame:
    import pandas

    if path.suffix in PARQUET:
        return pandas.read_parquet(path)
    return pandas.read_json(path, lines=True) if path.suffix in LINES else pandas.read_csv(path)


def _slicing_columns(judged: Evaluate, frame: DataFrame) -> tuple[str, ...]:
    """The columns that evaluate.by needs; y_true is in every predictions file."""
    return tuple(name for name in columns_of(judged.by, frame.columns) if name != "y_true")


def plain_values(column: Any) -> list[Any]:
    """A column as JSON knows it: numbers, text, booleans, None for what is missing, other values as text."""
    missing = column.isna().tolist()
    values = zip(column.tolist(), missing, strict=True)
    return [None if gone else v if isinstance(v, (bool, int, float, str)) else str(v) for v, gone in values]


def _table(frame: DataFrame, judged: Evaluate, said: Prediction, data: str) -> DataFrame:
    """The predictions file: id, y_true, y_pred, scores where they are probabilities, and columns to slice by."""
    import pandas

    if len(said.predictions) != len(frame):
        raise ConfigError(
            f"the model gives {len(said.predictions):,} predictions for {len(frame):,} rows of {data}"
        )
    name = judged.id or "id"
    columns: dict[str, Any] = {name: frame[name]} if name in frame.columns else {}
    columns |= {"y_true": frame[judged.target], "y_pred": list(said.predictions)}
    columns |= {"y_score": list(said.predictions)} if judged.task == "ranking" else _scores(judged, said)
    every = [column for column in frame.columns if column != judged.target] if judged.discover else []
    wanted = (*_slicing_columns(judged, frame), *([judged.group] if judged.group else []), *every)
    columns |= {column: frame[column] for column in wanted if column in frame.columns and column not in columns}
    return pandas.DataFrame(columns)


def _scores(judged: Evaluate, said: Prediction) -> dict[str, list[Any]]:
    """`y_score` of the positive class of two, or `y_score_<class>` of each of more.

    Empty where the model gives no probabilities: a distance from the decision boundary is none.
    """
    classes = tuple(_label(value) for value in said.classes or ())
    scores = said.scores
    if scores is None or len(classes) < 2:
        return {}
    if len(classes) == 2 and judged.task != "multiclass":
        score = positive_scores(replace(said, classes=classes), _positive(judged, said))
        return {"y_score": score} if score is not None and _are_probabilities(score) else {}
    if not all(isinstance(row, list) and _are_probabilities(row) and abs(sum(row) - 1) < 0.02 for row in scores):
        return {}
    return {f"y_score_{name}": [row[place] for row in scores] for place, name in enumerate(classes)}


def _positive(judged: Evaluate, said: Prediction) -> str | None:
    """The positive class as its label; of true and false it may be written in any of YAML's ways."""
    text = judged.positive
    if text is not None and any(isinstance(value, bool) for value in said.classes or ()):
        return "1" if text.lower() in ("1", "true", "yes") else "0"
    try:
        return text and _label(float(text))
    except ValueError:
        return text


def _label(value: object) -> str:
    """A class as the predictions file's reader names it: 1, 1.0 and true are one label."""
    if isinstance(value, (bool, float)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _are_probabilities(values: Sequence[Any]) -> bool:
    return all(isinstance(value, (int, float)) and 0 <= value <= 1 for value in values)
