"""How well the model does in production, on rows whose truth is known by now, against its own test data.

The rows are not those of the test data, so nothing is paired: the interval of a difference adds up both sides' own
(MOVER, Zou & Donner 2008). The project's gates are judged by it, always with confidence: a gate fails when
production surely does not meet it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cdml.core.comparison import MetricResult, Outcome, Verdict
from cdml.core.errors import ConfigError
from cdml.core.observation import Performance
from cdml.core.settings import Evaluate, Gate
from cdml.evaluation.compare import CONFIDENCE, Measured, Measurement, measure
from cdml.evaluation.estimate import unpaired_difference
from cdml.evaluation.gates import judge
from cdml.evaluation.metrics import default_metrics, find
from cdml.evaluation.pairing import pair
from cdml.evaluation.predictions import Predictions, read_predictions
from cdml.evaluation.table import Table
from cdml.monitoring.batches import Window

if TYPE_CHECKING:
    import pandas as pd

TRUE = "y_true"
KINDS = ("min", "max", "max-regression")
TASKS = ("binary", "multiclass", "regression")
NOT_PAIRED = "two sets of rows"


@dataclass(frozen=True)
class Labels:
    """What became known: `table` has the ids in `id_column` and the truth in y_true, or else in `target`."""

    table: Table
    id_column: str
    target: str | None

    @property
    def column(self) -> str:
        """The column of the truth; ConfigError where there is none."""
        found = next((name for name in (TRUE, self.target) if name and name in self.table.frame), None)
        if found is None:
            raise self.table.missing(f"{TRUE} or {self.target}" if self.target else TRUE)
        return found


def joined(window: Window, labels: Labels) -> tuple[pd.DataFrame, int]:
    """Rows of predictions with their truth as y_true, and how many predictions there were to label.

    Of two predictions with one id the later counts, and of two labels too: a label may be corrected. Raises
    ConfigError where a side has no ids.
    """
    name = labels.id_column
    if name not in window.frame:
        raise ConfigError(
            f"{window.last}: no column {name}, by which labels find their predictions",
            "write the id of each row that was asked about beside its prediction",
        )
    if name not in labels.table.frame:
        raise labels.table.missing(name)
    said = _by_id(window.frame, name)
    truth = _by_id(labels.table.frame, name)[[name, labels.column]].rename(columns={labels.column: TRUE})
    truth = truth[truth[TRUE].notna()]
    return said.drop(columns=[TRUE], errors="ignore").merge(truth, on=name, how="inner"), len(said)


def _by_id(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    known = frame[frame[name].notna()]
    ids = known[name]
    # A column of whole numbers with a hole is read as fractions.
    if ids.dtype.kind == "f" and (ids % 1 == 0).all():
        ids = ids.astype("int64")
    return known.assign(**{name: ids.astype(str)}).drop_duplicates(name, keep="last")


def performance(
    rows: pd.DataFrame, window: Window, predicted: int, reference: Predictions, evaluate: Evaluate
) -> Performance | str:
    """The metrics and gates on labelled rows, or why there are none yet. Raises ConfigError for bad data."""
    if reference.task not in TASKS:
        return f"a {reference.task} task has no labels by row"
    if reference.task != "regression" and rows[TRUE].nunique() < 2:
        return "the labels so far are all alike" if len(rows) else "no prediction has a label yet"
    if len(rows) == 0:
        return "no prediction has a label yet"
    # Prices need only the answers; columns of scores are not in what production writes.
    priced = tuple(spec for spec in evaluate.defined if spec.kind == "cost")
    reference = replace(reference, defined=priced)
    observed = replace(_predictions(rows, window, reference, evaluate), defined=priced)
    metrics = evaluate.metrics or default_metrics(reference.task, reference.score is not None)
    known = [name for name in metrics if find(name, priced)]
    measured = {name: _measured(reference, observed, name) for name in known}
    results = tuple(one.at(CONFIDENCE) for one in measured.values())
    gates = _gates(evaluate.gates, results)
    measurement = Measurement(results, (), observed.rows, measured=measured)
    verdicts = tuple(_said(verdict) for verdict in judge(gates, measurement))
    return Performance(observed.rows, predicted, window.first, window.last, results, verdicts)


def _predictions(rows: pd.DataFrame, window: Window, reference: Predictions, evaluate: Evaluate) -> Predictions:
    """Labelled rows as predictions, checked as any file of them is."""
    kept = [c for c in rows.columns if c == TRUE or str(c) == "y_pred" or str(c).startswith("y_score")]
    content = rows[kept].to_csv(index=False).encode()
    positive = reference.classes[1] if reference.task == "binary" else None
    positive = evaluate.positive or (positive if positive != "1" else None)
    return read_predictions(
        content, f"labelled rows of {window.first} to {window.last}", task=reference.task, positive=positive
    )


def _measured(reference: Predictions, observed: Predictions, name: str) -> Measured:
    """One metric of both sides, their difference as of two independent sets of rows."""
    before, now = measure(pair(None, reference), name), measure(pair(None, observed), name)
    result = replace(now, baseline=before.candidate)
    if before.own is None or now.own is None:
        return result
    return replace(result, difference=unpaired_difference(before.own, now.own, NOT_PAIRED), method=NOT_PAIRED)


def _gates(gates: Sequence[Gate], results: Sequence[MetricResult]) -> tuple[Gate, ...]:
    """The gates that can be asked of production: of all rows, on metrics that were measured there."""
    known = {result.name for result in results if result.candidate is not None}
    primary = results[0].name if results else ""
    named = (replace(gate, metric=gate.metric or primary) for gate in gates)
    return tuple(
        replace(gate, confidence=gate.confidence or CONFIDENCE, on_inconclusive="warn")
        for gate in named
        if gate.kind in KINDS and gate.metric in known and not (gate.by or gate.dataset or gate.against)
    )


def _said(verdict: Verdict) -> Verdict:
    """Without the number of test rows that would decide: production brings rows by itself."""
    return replace(verdict, more_rows=None) if verdict.outcome is Outcome.INCONCLUSIVE else verdict
