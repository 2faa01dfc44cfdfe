"""Rows and cells of the comment's tables: every piece of text in them is escaped here."""

from __future__ import annotations

import math

from cdml.core.comparison import Comparison, Direction, MetricResult, Outcome, Side, SliceResult, Verdict
from cdml.evaluation import numbers
from cdml.evaluation.gates import gate_words
from cdml.reports import escape
from cdml.reports.reasons import outcome_words
from cdml.reports.words import judged

MARKS = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INCONCLUSIVE: "❔"}
ARROWS = {Direction.HIGHER: "↑", Direction.LOWER: "↓", Direction.NEITHER: "↕"}


def reference(comparison: Comparison, side: Side | None) -> str:
    """What a person types to mean this side: its version, else its commit, else its name; empty for no side."""
    if side is None:
        return ""
    if side.version:
        return escape.code(side.version if "@" in side.version else f"{comparison.model}@{side.version}")
    return escape.code(side.commit[:7] if side.commit else side.label)


def metrics_table(comparison: Comparison) -> list[list[str]]:
    """Heading and rows; the first column names the metric, the rest depends on what may be claimed."""
    rows = f"{comparison.rows:,} "
    if comparison.baseline is None:
        heading = [
            f"{rows}test rows" if comparison.rows else "metric",
            _label(comparison.candidate),
            "95 % interval",
        ]
        return [heading, *([_name(m, i == 0), *_alone(m)] for i, m in enumerate(comparison.metrics))]
    sides = [_label(comparison.baseline), _label(comparison.candidate)]
    if comparison.unpaired:
        heading = ["not the same test rows", *sides, " "]
        cells = [[_name(m, i == 0), *_values(m), _no_value(m)] for i, m in enumerate(comparison.metrics)]
        return [heading, *cells]
    heading = [f"{rows}same test rows" if comparison.rows else "metric", *sides, "change (95 %)", " "]
    return [heading, *([_name(m, i == 0), *_paired(m)] for i, m in enumerate(comparison.metrics))]


def metric_cells(comparison: Comparison, result: MetricResult, unpaired: str | None) -> list[str]:
    """One row of such a table: the metric's name, and what may be claimed of both sides."""
    if comparison.baseline is None:
        return [_name(result, False), *_alone(result)]
    if unpaired:
        return [_name(result, False), *_values(result), "–", _no_value(result)]
    return [_name(result, False), *_paired(result)]


def _label(side: Side) -> str:
    return escape.markdown(side.label)


def _name(result: MetricResult, primary: bool) -> str:
    name = escape.markdown(result.name)
    return f"{f'**{name}**' if primary else name} {ARROWS[result.direction]}"


def _values(result: MetricResult) -> list[str]:
    digits = numbers.decimals(result)
    return [numbers.value(result.baseline, digits), numbers.value(result.candidate, digits)]


def _alone(result: MetricResult) -> list[str]:
    digits = numbers.decimals(result)
    own = result.own_interval
    interval = f"{numbers.value(own.low, digits)} to {numbers.value(own.high, digits)}" if own else ""
    return [numbers.value(result.candidate, digits), interval or escape.markdown(result.method)]


def _no_value(result: MetricResult) -> str:
    unknown = result.candidate is None or result.method.startswith("baseline: ")
    return escape.markdown(result.method) if unknown else "no claim"


def _paired(result: MetricResult) -> list[str]:
    digits = numbers.decimals(result)
    if result.difference is None:
        return [*_values(result), "–", escape.markdown(result.method)]
    moved = numbers.change(result.difference, digits)
    if result.interval is None:
        return [*_values(result), moved, escape.markdown(result.method)]
    low, high = numbers.change(result.interval.low, digits), numbers.change(result.interval.high, digits)
    return [*_values(result), f"{moved} ({low} to {high})", judged(result)]


def gates_table(verdicts: list[Verdict]) -> list[list[str]]:
    """Heading and rows: the demand, what was measured, and the answer."""
    return [["gate", "measured", " "], *(_gate(verdict) for verdict in verdicts)]


def _gate(verdict: Verdict) -> list[str]:
    words = escape.markdown(gate_words(verdict.gate)) + (" ⚠️" if verdict.loosened else "")
    said = escape.markdown(outcome_words(verdict))
    if verdict.waived:
        mark = f"{MARKS[Outcome.PASS]} {said} (was {MARKS[verdict.effective]} {verdict.outcome})"
    else:
        mark = f"{MARKS[verdict.effective]} {said}"
    return [words, escape.markdown(verdict.measured), mark]


def change(axis: str, details: tuple[str, ...]) -> str:
    return f"{axis} {', '.join(escape.markdown(d) for d in details)}".strip()


def weakest(comparison: Comparison) -> str:
    """The slice where the candidate's primary metric is worst, in a line; empty without slices."""
    known = [s for s in comparison.slices if s.metric.candidate is not None]
    return _slice_line(weakest_first(tuple(known))[0]) if len(known) > 1 else ""


def _slice_line(weakest: SliceResult) -> str:
    metric = weakest.metric
    before, after = _values(metric)
    moved = after if metric.baseline is None else f"{before}→{after}"
    answer = f", {judged(metric)}" if metric.judgement else ""
    name = escape.markdown(f"{weakest.name}, {metric.name}")
    return f"{name} {moved}{answer} ({metric.rows:,} rows)"


def slices_table(comparison: Comparison, shown: tuple[SliceResult, ...]) -> list[list[str]]:
    """Heading and rows of these slices; the columns are those of the metrics' table, and the rows' number."""
    first = comparison.baseline is None
    rows = []
    for one in shown:
        cells = _alone(one.metric) if first else _paired(one.metric)
        rows.append([escape.markdown(one.name), f"{one.metric.rows:,}", *cells])
    sides = [] if comparison.baseline is None else [_label(comparison.baseline)]
    tail = ["95 % interval"] if first else ["change (95 %)", " "]
    return [["slice", "rows", *sides, _label(comparison.candidate), *tail], *rows]


def weakest_first(slices: tuple[SliceResult, ...]) -> list[SliceResult]:
    """By the candidate's primary metric, the worst first; those without a value at the end."""
    return sorted(slices, key=_strength)


def _strength(one: SliceResult) -> float:
    value = one.metric.candidate
    if value is None:
        return math.inf
    return value if one.metric.direction is Direction.HIGHER else -value
