"""Two prediction files, no git and no YAML: the whole idea in thirty seconds."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

from cdml.core.comparison import Judgement, Side
from cdml.core.errors import ConfigError
from cdml.core.settings import COSTS, Gate, MetricSpec, Task
from cdml.evaluation.compare import compare
from cdml.evaluation.gates import judge
from cdml.evaluation.metrics import METRICS, default_metrics, find
from cdml.evaluation.predictions import Predictions, demand_columns, read_predictions
from cdml.reports import words


def compare_files(  # noqa: PLR0913 - one option of the command each
    old: Path,
    new: Path,
    *,
    metrics: tuple[str, ...] = (),
    by: tuple[str, ...] = (),
    positive: str | None = None,
    task: Task | None = None,
    id_column: str | None = None,
    group: str | None = None,
    gates: tuple[Gate, ...] = (),
) -> Judgement:
    """`new` against `old`; without `metrics` those of the task. Raises ConfigError for files that do not fit.

    A metric is a name, or defined in place: `cost:fp=1,fn=20`, `bleu:higher` (the column's mean).
    """
    specs = tuple(spec for spec in map(metric_spec, metrics) if spec)
    before, after = (
        read_predictions(
            file,
            str(file),
            task=task,
            positive=positive,
            id_column=id_column,
            group=group,
            defined=specs,
        )
        for file in (old, new)
    )
    _same_rows(before, after)
    chosen = tuple(name.partition(":")[0] for name in metrics) or default_metrics(
        after.task, after.score is not None
    )
    _check(chosen, after)
    measurement = compare(before, after, metrics=chosen, by=by)
    names = (old.name, new.name) if old.name != new.name else (str(old), str(new))
    comparison = measurement.comparison(new.stem, Side(names[0]), Side(names[1]))
    return Judgement(comparison, judge(gates, measurement))


def metric_spec(text: str) -> MetricSpec | None:
    """The metric that an option defines, None where it only names one; ConfigError where it cannot be read."""
    name, colon, how = text.partition(":")
    if not colon:
        return None
    if how in ("higher", "lower"):
        return MetricSpec(name, "column", how, column=name)  # type: ignore[arg-type]
    prices = dict(part.partition("=")[::2] for part in how.split(","))
    try:
        costs = {key: float(value) for key, value in prices.items()}
    except ValueError:
        costs = {}
    if name != "cost" or not costs or not set(costs) <= set(COSTS) or not all(map(isfinite, costs.values())):
        raise ConfigError(
            f"'{text}' is not a metric",
            "Write a name, the mean of a column as bleu:higher, or prices as cost:fp=1,fn=20.",
        )
    return MetricSpec(name, "cost", "lower", costs=tuple(costs.get(key, 0.0) for key in COSTS))  # type: ignore[arg-type]


def sentence(judgement: Judgement) -> str:
    """The verdict: `better on roc_auc by 0.019 (0.011 to 0.027); f1: can't tell, 6,000 more rows would decide`."""
    return words.sentence(judgement.comparison)


def _same_rows(old: Predictions, new: Predictions) -> None:
    """With ids in one file alone nothing says that a row of the other is the same case."""
    if (old.ids is None) != (new.ids is None):
        with_ids, without = (new, old) if old.ids is None else (old, new)
        raise ConfigError(
            f"{with_ids.name} names its rows by id, {without.name} does not: they cannot be paired",
            "give both the column, or name another one: --id COLUMN; without it in both, their order pairs them",
        )


def _check(metrics: tuple[str, ...], predictions: Predictions) -> None:
    """A metric that a person asked for by name and cannot have is a mistake to hear of."""
    for name in metrics:
        found = find(name, predictions.defined)
        if found is None:
            known = [key for key, metric in METRICS.items() if predictions.task in metric.tasks]
            raise ConfigError(f"'{name}' is not a metric", f"For a {predictions.task} task: {', '.join(known)}.")
        if predictions.task not in found[0].tasks:
            raise ConfigError(f"{predictions.name}: {name} is not a metric of a {predictions.task} task")
    demand_columns(predictions)
