"""Metrics of mlops.yaml: names of built-in ones, prices of mistakes, columns of scores, directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import ConfigDict, Field, JsonValue

from cdml.config import words
from cdml.config.fields import Absent, Strict, Text, without
from cdml.core.settings import COSTS, MetricSpec

if TYPE_CHECKING:
    from cdml.config.model import EvaluateModel
    from cdml.config.source import Path, Source

METRIC_SHAPES: list[JsonValue] = [
    {"required": ["cost"], **without("column", "direction")},
    {"required": ["column", "direction"], **without("cost")},
    {"required": ["name", "direction"], **without("cost", "column")},
]
_TAKEN = ("y_true", "y_pred", "y_score")


Answer = Literal["tn", "fp", "fn", "tp"]
Costs = Annotated[dict[Answer, float], Field(min_length=1)]


class MetricModel(Strict):
    """A metric that the project defines: `cost`, `column` and direction, or the direction of a reported one."""

    model_config = ConfigDict(json_schema_extra={"oneOf": METRIC_SHAPES})

    cost: Costs | Absent = Field(
        None,
        description="Prices of a true negative, false positive, false negative and true positive (binary tasks), "
        "0 unless named; the metric is the mean price of a row, and less is better.",
    )
    column: Text | Absent = Field(None, description="A column of the predictions whose mean is the metric.")
    name: Text | Absent = Field(
        None,
        description="The metric's name. Default: cost, or the column's. Alone with `direction` it is that of a "
        "number in the project's own metrics files.",
    )
    direction: Literal["higher", "lower"] | Absent = Field(None, description="Which values are better.")


def names(evaluate: EvaluateModel | None) -> tuple[str, ...]:
    """All metrics by name, in order."""
    items = (evaluate.metrics if evaluate else None) or ()
    return tuple(item if isinstance(item, str) else _name(item) for item in items)


def specs(evaluate: EvaluateModel) -> tuple[MetricSpec, ...]:
    """The metrics that are no built-in ones."""
    return tuple(_spec(item) for _, item in _defined(evaluate))


def _defined(evaluate: EvaluateModel) -> Iterator[tuple[int, MetricModel]]:
    for index, item in enumerate(evaluate.metrics or ()):
        if isinstance(item, MetricModel):
            yield index, item


def _name(item: MetricModel) -> str:
    return item.name or item.column or "cost"


def _spec(item: MetricModel) -> MetricSpec:
    if item.cost is not None:
        prices = item.cost
        tn, fp, fn, tp = (prices.get(key, 0.0) for key in get_args(Answer))
        return MetricSpec(_name(item), "cost", "lower", costs=(tn, fp, fn, tp))
    assert item.direction is not None  # noqa: S101 - the checks have seen to it
    return MetricSpec(_name(item), "column" if item.column else "reported", item.direction, item.column or "")


def check(source: Source, evaluate: EvaluateModel) -> None:
    """Note definitions that say too little or too much, and metrics that do not fit the task."""
    for index, item in _defined(evaluate):
        for message, hint in _flaws(item, evaluate):
            source.report(("evaluate", "metrics", index), message, hint)
    _task(source, evaluate)
    if evaluate.group is not None and evaluate.group in (evaluate.target, evaluate.id or "id"):
        source.report(("evaluate", "group"), f"{evaluate.group!r} is the target or the id, not what rows share")


def _flaws(item: MetricModel, evaluate: EvaluateModel) -> Iterator[tuple[str, str]]:
    from cdml.evaluation.metrics import METRICS

    if item.cost is None and item.column is None and item.name is None:
        yield "defines nothing.", "Write {cost: {fp: 1, fn: 20}}, {column: bleu, direction: higher} or a name."
        return
    if item.cost is not None and item.column is not None:
        yield "is either a `cost` or a `column`", ""
    if item.cost is not None and item.direction is not None:
        yield "needs no `direction`: a lower cost is better", ""
    if item.cost is not None and not any(item.cost.values()):
        yield "costs nothing.", "Name prices: {cost: {fp: 1, fn: 20}}."
    if item.cost is None and item.direction is None:
        yield f"needs `direction`: whether more of {words.shown(_name(item))} is better", ""
    if _name(item) in METRICS:
        yield f"{_name(item)!r} is a built-in metric.", "Give this one another `name`, or write the name alone."
    yield from _unwritten(item, evaluate)


def _unwritten(item: MetricModel, evaluate: EvaluateModel) -> Iterator[tuple[str, str]]:
    """What nobody writes: the built-in evaluator knows no scores, and only own stages have metrics files."""
    builtin = evaluate.cmd is None and evaluate.stages is None
    if item.column is not None and (item.column in _TAKEN or item.column == (evaluate.id or "id")):
        yield f"{item.column!r} has a meaning of its own and is no score", ""
    elif item.column is not None and builtin:
        yield "needs a `cmd` or `stages`: the built-in evaluator writes no scores of its own", ""
    elif item.cost is None and item.column is None and evaluate.stages is None:
        yield "is in no metrics file: only `stages` of your own dvc.yaml have some", ""


def _task(source: Source, evaluate: EvaluateModel) -> None:
    from cdml.evaluation.metrics import METRICS

    path: Path = ("evaluate", "task")
    builtin = evaluate.cmd is None and evaluate.stages is None
    if evaluate.task == "scores" and builtin:
        source.report(path, "needs a `cmd` or `stages`: the built-in evaluator writes no scores of its own")
    elif evaluate.task == "scores" and not evaluate.metrics:
        source.report(path, "has no usual metrics.", "Name columns: metrics: [{column: bleu, direction: higher}].")
    elif evaluate.task == "ranking" and builtin and evaluate.group is None:
        source.report(path, "needs `group`: the column of the query that a row answers")
    if evaluate.task is None:
        return
    for index, item in enumerate(evaluate.metrics or ()):
        known = METRICS.get(item) if isinstance(item, str) else None
        fits = [name for name, metric in METRICS.items() if evaluate.task in metric.tasks]
        cost = isinstance(item, MetricModel) and item.cost is not None and evaluate.task != "binary"
        if cost or (known is not None and item not in fits):
            hint = f"Metrics of it: {', '.join(fits)}." if fits else "Its metrics are columns."
            name = item if isinstance(item, str) else _name(item)
            source.report(
                ("evaluate", "metrics", index), f"{name!r} is no metric of a {evaluate.task} task.", hint
            )


def shown(names: tuple[str, ...], defined: tuple[MetricSpec, ...]) -> list[object]:
    """Metrics as mlops.yaml has them."""
    by_name = {spec.name: spec for spec in defined}
    return [_shown(by_name[name]) if name in by_name else name for name in names]


def _shown(spec: MetricSpec) -> dict[str, object]:
    if spec.kind == "cost":
        prices = {key: price for key, price in zip(COSTS, spec.costs, strict=True) if price}
        return {"cost": prices, **({} if spec.name == "cost" else {"name": spec.name})}
    if spec.kind == "reported":
        return {"name": spec.name, "direction": spec.direction}
    named = {} if spec.name == spec.column else {"name": spec.name}
    return {"column": spec.column, **named, "direction": spec.direction}
