"""The built-in evaluator: scores the artifact on `evaluate.data` and writes predictions, for projects without their own.

The model is loaded in the interpreter of the project; this process only reads and writes tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdml.config.load import load
from cdml.core.errors import ConfigError, UsageError
from cdml.core.files import write
from cdml.core.interpreter import project_python
from cdml.core.settings import Evaluate
from cdml.serving.client import Worker

if TYPE_CHECKING:
    from pandas import DataFrame

# Stands in the generated command, so that DVC never serves a result that an older evaluator wrote.
SPEC = 1


def evaluate(root: Path, spec: int) -> None:
    """Write the predictions file of the project in `root`; ConfigError where data, target or model do not fit."""
    if spec != SPEC:
        raise UsageError(f"dvc.yaml asks for evaluator {spec}, this is {SPEC}", "cdml generate")
    settings = load(root)
    judged = settings.evaluate
    frame = _data(root, judged)
    features = frame.drop(columns=[c for c in (judged.id or "id", judged.target) if c in frame.columns])
    with Worker(project_python(root)) as worker:
        model = worker.load(root / settings.register.artifact, settings.register.trusted)
        names = list(model.features or features.columns)
        missing = [name for name in names if name not in features.columns]
        if missing:
            raise ConfigError(f"{judged.data} has no column {', '.join(missing)}, which the model was trained on")
        said = worker.predict({name: _plain(features[name]) for name in names})
    table = _table(frame, judged, said.predictions, said.scores, said.classes)
    write(root / str(judged.predictions), table.to_csv(index=False))


def _data(root: Path, judged: Evaluate) -> DataFrame:
    import pandas

    path = root / str(judged.data)
    if not path.is_file():
        raise ConfigError(f"{judged.data} is not there", "dvc pull, or correct evaluate.data in mlops.yaml")
    try:
        frame = pandas.read_parquet(path) if path.suffix == ".parquet" else pandas.read_csv(path)
    except (ValueError, ImportError) as error:
        raise ConfigError(f"{judged.data} cannot be read: {error}") from None
    if judged.target not in frame.columns:
        raise ConfigError(
            f"{judged.data} has no column {judged.target!r}", "correct evaluate.target in mlops.yaml"
        )
    return frame


def _plain(column: Any) -> list[Any]:
    """A column as JSON knows it: numbers, text, booleans, None for what is missing."""
    return [None if value != value else value for value in column.tolist()]


def _table(
    frame: DataFrame,
    judged: Evaluate,
    predictions: Sequence[Any],
    scores: Sequence[Any] | None,
    classes: Sequence[Any] | None,
) -> DataFrame:
    import pandas

    name = judged.id or "id"
    table = pandas.DataFrame()
    if name in frame.columns:
        table["id"] = frame[name]
    table["y_true"] = frame[judged.target]
    table["y_pred"] = list(predictions)
    if scores is not None and classes:
        for column, values in _scores(judged, scores, [str(c) for c in classes]).items():
            table[column] = values
    for column in judged.by:
        if column not in frame.columns:
            raise ConfigError(
                f"{judged.data} has no column {column!r} to slice by", "correct evaluate.by in mlops.yaml"
            )
        table[column] = frame[column]
    return table


def _scores(judged: Evaluate, scores: Sequence[Any], classes: list[str]) -> dict[str, list[Any]]:
    """`y_score` of the positive class of two, or `y_score_<class>` of each of more."""
    if len(classes) > 2 or judged.task == "multiclass":
        return {f"y_score_{name}": [row[place] for row in scores] for place, name in enumerate(classes)}
    place = classes.index(judged.positive) if judged.positive in classes else len(classes) - 1
    flat = [row[place] if isinstance(row, (list, tuple)) else row for row in scores]
    return {"y_score": flat}
