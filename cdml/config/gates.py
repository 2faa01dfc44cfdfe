"""Gates and metric names: what is asked of a model, and whether anything measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cdml.config import words
from cdml.core.settings import Gate, GateKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cdml.config.model import GateModel
    from cdml.config.read import Draft
    from cdml.config.source import Path, Source

KINDS: tuple[GateKind, ...] = ("min", "max", "max-regression")
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
        _names(source, evaluate.metrics or (), own)
        _twice(source, ("evaluate", "metrics"), evaluate.metrics or ())
        _twice(source, ("evaluate", "by"), evaluate.by)
    first: dict[tuple[str, str], int] = {}
    for index, gate in draft.gates.items():
        path: Path = ("evaluate", "gates", index)
        kinds = given(gate)
        if len(kinds) != 1:
            found = f"has {words.listed([f'`{kind}`' for kind in kinds], 'and')}" if kinds else "asks for nothing"
            source.report(path, f"{found}: a gate has exactly one of `min`, `max` and `max-regression`")
        for kind in kinds:
            earlier = first.setdefault((kind, gate.metric), index)
            if earlier != index:
                line = source.line(("evaluate", "gates", earlier))
                source.report((*path, kind), f"{gate.metric} has a `{kind}` gate on line {line} already")
        _measured(source, draft, index, gate, own)


def given(gate: GateModel) -> tuple[GateKind, ...]:
    """The demands that are written in one gate."""
    values = (gate.min, gate.max, gate.max_regression)
    return tuple(kind for kind, value in zip(KINDS, values, strict=True) if value is not None)


def _names(source: Source, metrics: tuple[str, ...], own: bool) -> None:
    from cdml.evaluation.metrics import METRICS

    for index, metric in enumerate(metrics):
        if metric not in METRICS and not own:
            hint = words.suggestion(metric, METRICS) or f"Metrics: {', '.join(sorted(METRICS))}."
            source.report(("evaluate", "metrics", index), f"{words.shown(metric)} is not a metric.", hint)


def _measured(source: Source, draft: Draft, index: int, gate: GateModel, own: bool) -> None:
    from cdml.evaluation.metrics import METRICS

    path: Path = ("evaluate", "gates", index, "metric")
    metrics = draft.evaluate.metrics if draft.evaluate else None
    if gate.metric in (metrics or ()) or own:
        return
    if gate.metric not in METRICS:
        known = metrics or METRICS
        hint = words.suggestion(gate.metric, known) or f"Metrics: {', '.join(sorted(known))}."
        source.report(path, f"{words.shown(gate.metric)} is not a metric.", hint)
    elif metrics is not None and not source.has(("evaluate", "metrics")):
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
    if draft.evaluate.gates is None:
        primary = draft.evaluate.metrics[0] if draft.evaluate.metrics else ""
        return (Gate("max-regression", primary, DEFAULT_LIMIT, relative=True, confidence=CONFIDENCE),)
    return tuple(
        _gate(gate, source.line(("evaluate", "gates", index))) for index, gate in sorted(draft.gates.items())
    )


def _gate(gate: GateModel, line: int | None) -> Gate:
    kind = given(gate)[0]
    raw = {"min": gate.min, "max": gate.max, "max-regression": gate.max_regression}[kind]
    relative = isinstance(raw, str)
    limit = float(raw.removesuffix("%")) / 100 if isinstance(raw, str) else float(cast(float, raw))
    confidence = gate.confidence
    if confidence is None and kind == "max-regression":
        confidence = CONFIDENCE
    return Gate(kind, gate.metric, limit, relative, confidence, gate.on_inconclusive, line)
