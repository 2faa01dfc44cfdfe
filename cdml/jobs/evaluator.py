"""The built-in evaluator: scores the artifact on `evaluate.data` and writes predictions, for projects without one.

The model is loaded in the interpreter of the project; this process only reads and writes tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdml.config.load import load
from cdml.core.errors import ConfigError, UsageError
from cdml.core.files import write
from cdml.core.interpreter import project_python
from cdml.core.settings import Evaluate
from cdml.serving.client import Prediction, Worker
from cdml.serving.model import positive_scores
from cdml.state.git import words

if TYPE_CHECKING:
    from pandas import DataFrame

# Stands in the generated command, so that DVC never serves a result that an older evaluator wrote.
SPEC = 1
PARQUET = (".parquet", ".pq")


def evaluate(root: Path, spec: int) -> None:
    """Write the predictions file of the project in `root`; ConfigError where data, target or model do not fit."""
    if spec != SPEC:
        raise UsageError(f"dvc.yaml asks for evaluator {spec}, this is {SPEC}", "cdml generate")
    settings = load(root)
    judged = settings.evaluate
    frame = _data(root, judged)
    features = frame.drop(columns=[c for c in (judged.id or "id", judged.target) if c in frame.columns])
    with Worker(project_python(root), cwd=root) as worker:
        model = worker.load(root / settings.register.artifact, settings.register.trusted)
        names = list(model.features or features.columns)
        missing = [name for name in names if name not in features.columns]
        if missing:
            raise ConfigError(f"{judged.data} has no column {words(missing)}, which the model was trained on")
        said = worker.predict({name: _plain(features[name]) for name in names})
    _write(root / str(judged.predictions), _table(frame, judged, said))


def _write(path: Path, table: DataFrame) -> None:
    if path.suffix in PARQUET:
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_parquet(path, index=False)
    else:
        write(path, table.to_csv(index=False))


def _data(root: Path, judged: Evaluate) -> DataFrame:
    import pandas

    path = root / str(judged.data)
    if not path.is_file():
        raise ConfigError(f"{judged.data} is not there", "dvc pull, or correct evaluate.data in mlops.yaml")
    try:
        frame = pandas.read_parquet(path) if path.suffix in PARQUET else pandas.read_csv(path)
    except (ValueError, OSError, ImportError) as error:
        raise ConfigError(f"{judged.data} cannot be read: {error}") from None
    frame.columns = pandas.Index([str(name) for name in frame.columns])
    wanted = [("target", judged.target), ("id", judged.id), *(("by", name) for name in judged.by)]
    for key, name in wanted:
        if name is not None and name not in frame.columns:
            raise ConfigError(f"{judged.data} has no column {name!r}", f"correct evaluate.{key} in mlops.yaml")
    return frame


def _plain(column: Any) -> list[Any]:
    """A column as JSON knows it: numbers, text, booleans, None for what is missing, other values as text."""
    missing = column.isna().tolist()
    values = zip(column.tolist(), missing, strict=True)
    return [None if gone else v if isinstance(v, (bool, int, float, str)) else str(v) for v, gone in values]


def _table(frame: DataFrame, judged: Evaluate, said: Prediction) -> DataFrame:
    """The predictions file: id, y_true, y_pred, scores where they are probabilities, and columns to slice by."""
    import pandas

    if len(said.predictions) != len(frame):
        raise ConfigError(
            f"the model gives {len(said.predictions):,} predictions for {len(frame):,} rows of {judged.data}"
        )
    name = judged.id or "id"
    columns: dict[str, Any] = {name: frame[name]} if name in frame.columns else {}
    columns |= {"y_true": frame[judged.target], "y_pred": list(said.predictions)}
    columns |= _scores(judged, said)
    columns |= {column: frame[column] for column in judged.by if column not in columns}
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
