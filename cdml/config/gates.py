"""Gates and metric names: what is asked of a model, and whether anything measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cdml.config import gate_rules, metrics, slicing, words
from cdml.config.gate_rules import given
from cdml.core.settings import Gate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cdml.config.gate_model import GateModel
    from cdml.config.model import EvaluateModel
    from cdml.config.read import Draft
    from cdml.config.source import Path, Source

CONFIDENCE = 0.95
DEFAULT_LIMIT = 0.01


def check(source: Source, draft: Draft, own_metrics: bool) -> None:
    """Note gates that ask for nothing, twice, or for what nothing measures.

    With `own_metrics` the project keeps metrics files of its own, whose names only a run knows.
    """
    evaluate = draft.evaluate
    written = source.data.get("evaluate")
    own = own_metrics and isinstance(written, dict) and "stages" in written
    if evaluate is not None:
        metrics.check(source, evaluate)
        _names(source, evaluate, own)
        _twice(source, ("evaluate", "metrics"), metrics.names(evaluate))
        _twice(source, ("evaluate", "by"), slicing.names(evaluate))
    first: dict[tuple[object, ...], int] = {}
    for index, gate in draft.gates.items():
        path: Path = ("evaluate", "gates", index)
        gate_rules.check(source, draft, index)
        for kind in given(gate):
            earlier = first.setdefault((kind, gate.metric, gate.by, gate.dataset, gate.against), index)
            if earlier != index:
                line = source.line(("evaluate", "gates", earlier))
                source.report((*path, kind), f"{gate.metric} has a `{kind}` gate on line {line} already")
        _measured(source, draft, index, gate, own)


def _names(source: Source, evaluate: EvaluateModel, own: bool) -> None:
    from cdml.evaluation.metrics import METRICS

    for index, metric in enumerate(evaluate.metrics or ()):
        if isinstance(metric, str) and metric not in METRICS and not own:
            hint = words.suggestion(metric, METRICS) or f"Metrics: {', '.join(sorted(METRICS))}."
            source.report(("evaluate", "metrics", index), f"{words.shown(metric)} is not a metric.", hint)


def _measured(source: Source, draft: Draft, index: int, gate: GateModel, own: bool) -> None:
    from cdml.evaluation.metrics import METRICS
    from cdml.evaluation.serving import SERVING

    path: Path = ("evaluate", "gates", index, "metric")
    named = metrics.names(draft.evaluate)
    if gate.metric in (*named, *SERVING) or own:
        return
    if gate.metric not in METRICS:
        known = named or METRICS
        hint = words.suggestion(gate.metric, known) or f"Metrics: {', '.join(sorted(known))}."
        source.report(path, f"{words.shown(gate.metric)} is not a metric.", hint)
    elif named and not source.has(("evaluate", "metrics")):
        source.report(path, f"{gate.metric!r} is not among evaluate.metrics.", f"Add {gate.metric} to them.")


def _twice(source: Source, path: Path, items: Iterable[str]) -> None:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item in seen:
            source.report((*path, index), f"{item!r} stands here twice")
        seen.add(item)


def build(source: Source, draft: Draft) -> tuple[Gate, ...]:
    """The gates, complete with their defaults; the one default gate where the file has no `gates`."""
    assert draft.evaluate is not None  # noqa: S101 - only complete drafts are built
    written = tuple(
        _gate(gate, source.line(("evaluate", "gates", index))) for index, gate in sorted(draft.gates.items())
    )
    if draft.evaluate.gates is not None:
        return written
    primary = next(iter(metrics.names(draft.evaluate)), "")
    # Those that are written stand in datasets.
    return (Gate("max-regression", primary, DEFAULT_LIMIT, relative=True, confidence=CONFIDENCE), *written)


def _gate(gate: GateModel, line: int | None) -> Gate:
    kind = given(gate)[0]
    raw = getattr(gate, kind.replace("-", "_"))
    relative = isinstance(raw, str)
    limit = float(raw.removesuffix("%")) / 100 if isinstance(raw, str) else float(cast(float, raw))
    confidence = gate.confidence
    if confidence is None and kind not in ("min", "max"):
        confidence = CONFIDENCE
    return Gate(
        kind,
        gate.metric,
        limit,
        relative,
        confidence,
        gate.on_inconclusive,
        line,
        by=gate.by or "",
        min_rows=gate.min_rows,
        dataset=gate.dataset or "",
        against=gate.against or "",
    )
