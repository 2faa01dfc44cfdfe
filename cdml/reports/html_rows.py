"""Rows of the HTML report's tables, as plain words that the template escapes, with what is drawn beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cdml.core.comparison import (
    Comparison,
    Direction,
    Interval,
    Judgement,
    MetricResult,
    Outcome,
    SliceResult,
    Verdict,
)
from cdml.evaluation import numbers
from cdml.evaluation.gates import gate_words
from cdml.reports import cells
from cdml.reports.escape import legible
from cdml.reports.html_plots import Bar, bounds, change_bar, margins, own_bar, reach
from cdml.reports.reasons import outcome_words
from cdml.reports.words import judged

OUTCOMES = {Outcome.FAIL: "bad", Outcome.INCONCLUSIVE: "doubt", Outcome.PASS: "good"}
BETTER = {
    Direction.HIGHER: "higher is better",
    Direction.LOWER: "lower is better",
    Direction.NEITHER: "neither higher nor lower is better",
}


@dataclass(frozen=True)
class Row:
    """One metric, or the primary one of a slice, in words; `order` is what its numbers are sorted by."""

    name: str
    note: str
    baseline: str
    candidate: str
    own: str
    change: str
    interval: str
    judged: str
    tone: str
    rows: str
    bar: Bar | None
    order: tuple[float | None, ...]


@dataclass(frozen=True)
class GateRow:
    """One gate: what it asks, its name in commands and statuses, what was measured, what follows and why."""

    words: str
    name: str
    measured: str
    outcome: str
    tone: str
    why: list[str]
    loosened: str


def metric_row(judgement: Judgement, result: MetricResult) -> Row:
    """One metric, drawn against what gates allow or ask."""
    alone = judgement.comparison.baseline is None
    bar = own_bar(result, bounds(judgement, result)) if alone else change_bar(result, margins(judgement, result))
    tested = result.interval or (result.own_interval if alone else None)
    note = f"{BETTER[result.direction]}, {legible(result.method)}" if tested else BETTER[result.direction]
    return _row(judgement.comparison, result, result.name, note, bar)


def slice_tables(comparison: Comparison) -> list[tuple[str, list[Row]]]:
    """A table of all slices for each metric by its name, the primary one's first."""
    by_metric: dict[str, list[SliceResult]] = {}
    for one in comparison.slices:
        for metric in (one.metric, *one.others):
            by_metric.setdefault(metric.name, []).append(replace(one, metric=metric, others=()))
    return [(legible(name), slice_rows(comparison, found)) for name, found in by_metric.items()]


def slice_rows(comparison: Comparison, slices: Sequence[SliceResult]) -> list[Row]:
    """Slices by one metric, drawn on one scale; the weakest is called so."""
    widest = reach(one.metric for one in slices)
    known = [one for one in slices if one.metric.candidate is not None]
    weakest = cells.weakest_first(tuple(known))[0] if len(known) > 1 else None
    return [_slice(comparison, one, widest, "weakest" if one is weakest else "") for one in slices]


def _slice(comparison: Comparison, one: SliceResult, widest: float, note: str) -> Row:
    bar = own_bar(one.metric) if comparison.baseline is None else change_bar(one.metric, widest=widest)
    return _row(comparison, one.metric, one.name, note, bar)


def _row(comparison: Comparison, result: MetricResult, name: str, note: str, bar: Bar | None) -> Row:
    digits = numbers.decimals(result)
    return Row(
        name=legible(name),
        note=note,
        baseline=numbers.value(result.baseline, digits),
        candidate=numbers.value(result.candidate, digits),
        own=_span(result.own_interval, lambda end: numbers.value(end, digits)),
        change="–" if result.difference is None else numbers.change(result.difference, digits),
        interval=_span(result.interval, lambda end: numbers.change(end, digits)),
        judged=_judged(comparison, result),
        tone=bar.tone if bar else "plain",
        rows=f"{result.rows:,}" if result.rows else "–",
        bar=bar,
        order=(result.rows, result.baseline, result.candidate, result.difference),
    )


def _judged(comparison: Comparison, result: MetricResult) -> str:
    """What may be said of the change, or why nothing may."""
    missing = result.candidate is None or result.method.startswith("baseline: ")
    if comparison.unpaired and not missing:
        return "no claim"
    return judged(result) or legible(result.method)


def _span(interval: Interval | None, words: Callable[[float], str]) -> str:
    return f"{words(interval.low)} to {words(interval.high)}" if interval else ""


def gate_row(verdict: Verdict, name: str) -> GateRow:
    """One gate; `name` is its id."""
    why = [verdict.reason]
    if verdict.more_rows:
        why.append(f"About {verdict.more_rows:,} more test rows would decide.")
    if verdict.waived:
        why.append(f"Waived by {verdict.waived.who}: {verdict.waived.why}")
    return GateRow(
        words=legible(gate_words(verdict.gate)),
        name=name,
        measured=legible(verdict.measured),
        outcome=f"{verdict.outcome}, waived" if verdict.waived else legible(outcome_words(verdict)),
        tone="doubt" if verdict.waived else OUTCOMES[verdict.effective],
        why=[legible(said) for said in why],
        loosened=legible(verdict.loosened or ""),
    )
