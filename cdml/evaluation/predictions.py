"""A predictions file, read once and checked wholly: no statistic below ever meets a hole or a stray label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cdml.core.errors import ConfigError
from cdml.core.settings import Evaluate, MetricSpec, Task
from cdml.evaluation import columns, target
from cdml.evaluation.table import Table, read_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRUE, PRED, SCORE = "y_true", "y_pred", "y_score"
QUERY_COLUMNS = ("query", "group")

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model said of n test rows, and what was true.

    `y_true` and `y_pred` have shape (n,): numbers for regression and ranking (the relevance), zeros for a table
    of scores, else indices into `classes` (binary: 1 is the positive class). `score` is P(positive), (n,), or one
    column for each of k classes, shape (n, k), rows adding up to one, or what ranks the rows. `ids` are (n,)
    strings without duplicates. `columns` are all other columns of the file. `groups` (n,) are whole numbers, the
    same for rows that belong together, and `grouped_by` the column that was asked for. `defined` are the metrics
    that the project defines over the columns.
    """

    name: str
    task: Task
    y_true: NDArray[Any]
    y_pred: NDArray[Any] | None
    score: NDArray[Any] | None
    classes: tuple[str, ...] = ()
    ids: NDArray[Any] | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    groups: NDArray[Any] | None = None
    defined: tuple[MetricSpec, ...] = ()
    grouped_by: str | None = None
    _kept: dict[object, object] = field(default_factory=dict, init=False, repr=False)

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

    @property
    def order(self) -> NDArray[Any]:
        """The rows by their score, lowest first, shape (n,); `score` has to be there."""
        import numpy as np

        return self.once("order", lambda: np.argsort(self.scored))

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, computed once for these rows: a rank serves a value and two intervals."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])


def read(source: Path | bytes, name: str, evaluate: Evaluate) -> Predictions:
    """Predictions read as a project's settings say: its task, labels, ids, groups and own metrics."""
    return read_predictions(
        source,
        name,
        task=evaluate.task,
        positive=evaluate.positive,
        id_column=evaluate.id,
        group=evaluate.group,
        defined=evaluate.defined,
    )


def read_predictions(
    source: Path | bytes,
    name: str,
    *,
    task: Task | None = None,
    positive: str | None = None,
    id_column: str | None = None,
    group: str | None = None,
    defined: tuple[MetricSpec, ...] = (),
) -> Predictions:
    """Read predictions from a file: Parquet, JSON lines or CSV, by what `name` ends in.

    Columns: `y_true`; `y_pred` and/or `y_score` (binary: P(positive)) or `y_score_<class>` (multiclass); an id
    column (`id` unless named); any other column can be sliced by. A binary file without y_pred predicts the
    positive class where y_score >= 0.5. Ranking, and a table of scores without a truth, are never inferred: `task`
    says them. A `group` that the file lacks leaves `groups` None, for the other file of a pair may have it. See
    `cdml.evaluation.target.infer_task` for how the task is read off y_true. Raises ConfigError that names the
    file, the column and the first bad row (counted from 1, without the header).
    """
    table = read_table(source, name, text_column=id_column or "id")
    parts, task = _parts(table, task, positive, group)
    ids = columns.ids(table, id_column)
    taken = {TRUE, PRED, SCORE, id_column or "id", *(f"{SCORE}_{label}" for label in parts.classes)}
    others = {key: table.frame[key].to_numpy() for key in table.frame.columns if key not in taken}
    groups = parts.groups if task == "ranking" else _groups(table, group)
    for column in {spec.column for spec in defined if spec.kind == "column"} & set(others):
        others[column] = columns.numbers(table, column)
    return Predictions(
        name, task, parts.y_true, parts.y_pred, parts.score, parts.classes, ids, others, groups, defined, group
    )


def demand_groups(p: Predictions) -> None:
    """Raise ConfigError where nothing says which rows belong together, although the project says that some do."""
    if p.grouped_by is not None and p.groups is None:
        raise ConfigError(
            f"{p.name}: no column {p.grouped_by}, whose rows belong together",
            "Write it to the predictions, or correct evaluate.group in mlops.yaml.",
        )


def demand_columns(p: Predictions) -> None:
    """Raise ConfigError where a column is missing that the project groups or measures by."""
    demand_groups(p)
    lacking = next((s for s in p.defined if s.kind == "column" and s.column not in p.columns), None)
    if lacking is not None:
        raise ConfigError(
            f"{p.name}: no column {lacking.column}, which is a metric",
            "Write it to the predictions, or correct evaluate.metrics in mlops.yaml.",
        )


@dataclass(frozen=True)
class _Parts:
    y_true: NDArray[Any]
    y_pred: NDArray[Any] | None
    score: NDArray[Any] | None
    classes: tuple[str, ...] = ()
    groups: NDArray[Any] | None = None


def _parts(table: Table, task: Task | None, positive: str | None, group: str | None) -> tuple[_Parts, Task]:
    """The columns that the task asks for, and the task."""
    if task == "scores":
        return _Parts(_zeros(table), None, None), task
    if task == "ranking":
        return _ranking(table, group), task
    truth = target.parse(table, TRUE)
    task = task or target.infer_task(table, truth, positive)
    if task == "regression":
        return _regression(table, truth), task
    if task == "binary":
        return _binary(table, truth, positive), task
    return _multiclass(table, truth, positive), task


def _zeros(table: Table) -> NDArray[Any]:
    import numpy as np

    return np.zeros(len(table.frame))


def _groups(table: Table, group: str | None) -> NDArray[Any] | None:
    return columns.groups(table, group) if group is not None and group in table.frame else None


def _ranking(table: Table, group: str | None) -> _Parts:
    """Relevance and score of each row, and the query that it answers."""
    found = [name for name in ((group,) if group else QUERY_COLUMNS) if name in table.frame]
    if not found:
        raise table.missing(group or "query")
    relevance = columns.numbers(table, TRUE)
    columns.first_bad(table, TRUE, relevance < 0, relevance, "is no relevance, which is 0 or more")
    return _Parts(relevance, None, columns.numbers(table, SCORE), groups=columns.groups(table, found[0]))


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
