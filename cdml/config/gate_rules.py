"""What must hold between the keys of one gate, and between a gate and the rest of `evaluate`; in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdml.config import words
from cdml.config.gate_model import COMPARING, KINDS
from cdml.core.crosses import columns_of
from cdml.core.settings import GateKind

if TYPE_CHECKING:
    from cdml.config.gate_model import GateModel
    from cdml.config.model import EvaluateModel
    from cdml.config.read import Draft
    from cdml.config.source import Path, Source


def given(gate: GateModel) -> tuple[GateKind, ...]:
    """The demands that are written in one gate."""
    return tuple(kind for kind in KINDS if getattr(gate, kind.replace("-", "_")) is not None)


def check(source: Source, draft: Draft, index: int) -> None:
    """Note what is wrong with one gate, apart from its metric's name."""
    gate, path = draft.gates[index], ("evaluate", "gates", index)
    kinds = given(gate)
    if len(kinds) != 1:
        found = f"has {words.listed([f'`{kind}`' for kind in kinds], 'and')}" if kinds else "asks for nothing"
        known = words.listed([f"`{kind}`" for kind in KINDS], "and")
        source.report(path, f"{found}: a gate has exactly one of {known}")
    else:
        _comparing(source, path, gate, kinds[0])
    _slices(source, path, gate, kinds)
    if draft.evaluate is not None:
        _columns(source, path, gate, draft.evaluate)
        _dataset(source, path, gate, draft.evaluate)


def _comparing(source: Source, path: Path, gate: GateModel, kind: GateKind) -> None:
    from cdml.core.comparison import Direction
    from cdml.evaluation.metrics import METRICS

    if kind not in COMPARING:
        if gate.against is not None:
            source.report((*path, "against"), f"`{kind}` judges the candidate alone and compares it with nothing")
        return
    metric = METRICS.get(gate.metric)
    if metric is not None and metric.direction is Direction.NEITHER:
        hint = "Use `min`, `max` or `max-gap`."
        source.report((*path, kind), f"{gate.metric} is better neither higher nor lower.", hint)


def _slices(source: Source, path: Path, gate: GateModel, kinds: tuple[GateKind, ...]) -> None:
    from cdml.evaluation.serving import SERVING

    if gate.by is None:
        if kinds == ("max-gap",):
            source.report(path, "`max-gap` needs `by`: the column whose groups are compared")
        if gate.min_rows is not None:
            source.report((*path, "min-rows"), "is about slices, but there is no `by`")
    elif gate.metric in SERVING:
        source.report((*path, "by"), f"{gate.metric} is measured of the whole model and has no slices")


def _columns(source: Source, path: Path, gate: GateModel, evaluate: EvaluateModel) -> None:
    """The built-in evaluator writes the columns of evaluate.by; an own command whatever it likes."""
    if gate.by is None or source.has(("evaluate", "by")):
        return
    if evaluate.stages is not None and evaluate.predictions is None:
        source.report((*path, "by"), "needs evaluate.predictions: slices are cut from it")
        return
    if evaluate.cmd is not None or evaluate.stages is not None:
        return
    shown = columns_of(name for item in evaluate.by for name in ([item] if isinstance(item, str) else item))
    missing = [column for column in columns_of([gate.by]) if column not in (*shown, "y_true")]
    if missing:
        listed = words.listed([words.shown(column) for column in missing], "and")
        hint = words.suggestion(missing[0], shown) or f"Add {words.listed(missing, 'and')} to it."
        source.report((*path, "by"), f"{listed} is not in evaluate.by.", hint)


def _dataset(source: Source, path: Path, gate: GateModel, evaluate: EvaluateModel) -> None:
    known = tuple(evaluate.datasets)
    if gate.dataset is None or gate.dataset in known or source.has(("evaluate", "datasets")):
        return
    datasets = f"Datasets: {', '.join(known)}." if known else "There is no evaluate.datasets."
    hint = words.suggestion(gate.dataset, known) or datasets
    source.report((*path, "dataset"), f"{words.shown(gate.dataset)} is not in evaluate.datasets.", hint)
