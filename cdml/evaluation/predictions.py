"""A predictions file, read once and checked wholly: no statistic below ever meets a hole or a stray label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdml.core.settings import Task
from cdml.evaluation import columns, target
from cdml.evaluation.table import Table, read_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRUE, PRED, SCORE = "y_true", "y_pred", "y_score"


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model said of n test rows, and what was true.

    `y_true` and `y_pred` have shape (n,): numbers for regression, else indices into `classes` (binary: 1 is the
    positive class). `score` is P(positive), shape (n,), or one column for each of k classes, shape (n, k), rows
    adding up to one. `ids` are (n,) strings without duplicates. `columns` are all other columns of the file, for
    slices.
    """

    name: str
    task: Task
    y_true: NDArray[Any]
    y_pred: NDArray[Any] | None
    score: NDArray[Any] | None
    classes: tuple[str, ...] = ()
    ids: NDArray[Any] | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many test rows there are."""
        return len(self.y_true)

    @property
    def predicted(self) -> NDArray[Any]:
        """`y_pred`, for who has asked that it is there (`Metric.why_not`)."""
        assert self.y_pred is not None  # noqa: S101
        return self.y_pred

    @property
    def scored(self) -> NDArray[Any]:
        """`score`, for who has asked that it is there (`Metric.why_not`)."""
        assert self.score is not None  # noqa: S101
        return self.score


def read_predictions(
    source: Path | bytes,
    name: str,
    *,
    task: Task | None = None,
    positive: str | None = None,
    id_column: str | None = None,
) -> Predictions:
    """Read predictions from a CSV file, or from Parquet where `name` ends in .parquet or .pq.

    Columns: `y_true`; `y_pred` and/or `y_score` (binary: P(positive)) or `y_score_<class>` (multiclass); an id
    column (`id` unless named); any other column can be sliced by. A binary file without y_pred predicts the
    positive class where y_score >= 0.5. See `cdml.evaluation.target.infer_task` for how the task is read off
    y_true. Raises ConfigError that names the file, the column and the first bad row (counted from 1, without the
    header).
    """
    table = read_table(source, name, text_column=id_column or "id")
    truth = target.parse(table, TRUE)
    task = task or target.infer_task(table, truth, positive)
    ids = columns.ids(table, id_column)
    taken = {TRUE, PRED, SCORE, id_column or "id"}
    if task == "regression":
        parts = _regression(table, truth)
    elif task == "binary":
        parts = _binary(table, truth, positive)
    else:
        parts = _multiclass(table, truth, positive)
        taken |= {f"{SCORE}_{label}" for label in parts.classes}
    others = {key: table.frame[key].to_numpy() for key in table.frame.columns if key not in taken}
    return Predictions(name, task, parts.y_true, parts.y_pred, parts.score, parts.classes, ids, others)


@dataclass(frozen=True)
class _Parts:
    y_true: NDArray[Any]
    y_pred: NDArray[Any] | None
    score: NDArray[Any] | None
    classes: tuple[str, ...] = ()


def _regression(table: Table, truth: target.Target) -> _Parts:
    if not truth.numeric:
        raise table.error(TRUE, f"regression needs numbers; {truth.labels[0]!r} is none")
    return _Parts(columns.numbers(table, TRUE), columns.numbers(table, PRED), None)


def _binary(table: Table, truth: target.Target, positive: str | None) -> _Parts:
    prediction = target.parse(table, PRED) if PRED in table.frame else None
    classes = target.binary_classes(table, truth, prediction, positive)
    score = columns.probabilities(table, SCORE) if SCORE in table.frame else None
    if prediction is not None:
        y_pred = prediction.codes_in(classes, table)
    elif score is not None:
        y_pred = (score >= 0.5).astype("int64")
    else:
        raise table.missing(f"{PRED} or {SCORE}")
    return _Parts(truth.codes_in(classes, table), y_pred, score, classes)


def _multiclass(table: Table, truth: target.Target, positive: str | None) -> _Parts:
    if positive is not None:
        raise table.error(TRUE, f"`positive` is for two classes; this column has {len(truth.labels)}")
    prediction = target.parse(table, PRED) if PRED in table.frame else None
    scored = [str(key).removeprefix(f"{SCORE}_") for key in table.frame if str(key).startswith(f"{SCORE}_")]
    if prediction is None and not scored:
        raise table.missing(f"{PRED} or {SCORE}_<class>")
    seen = set(truth.labels) | set(prediction.labels if prediction else ()) | set(scored)
    classes = tuple(sorted(seen, key=target.label_order))
    score = _class_scores(table, classes) if scored else None
    if prediction is not None:
        y_pred = prediction.codes_in(classes, table)
    else:
        assert score is not None  # noqa: S101 - one of the two was demanded above
        y_pred = score.argmax(axis=1)
    return _Parts(truth.codes_in(classes, table), y_pred, score, classes)


def _class_scores(table: Table, classes: tuple[str, ...]) -> NDArray[Any]:
    """(n, k) probabilities; rounding in the file is levelled out so that every row adds up to one."""
    import numpy as np

    absent = [label for label in classes if f"{SCORE}_{label}" not in table.frame]
    if absent:
        raise table.missing(f"{SCORE}_{absent[0]}")
    score = np.column_stack([columns.probabilities(table, f"{SCORE}_{label}") for label in classes])
    total = score.sum(axis=1)
    columns.first_bad(table, f"{SCORE}_<class>", np.abs(total - 1) > 0.02, total, "is the scores' sum, not 1")
    return np.asarray(score / total[:, None])
