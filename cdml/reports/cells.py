"""Rows and cells of the comment's tables: every piece of text in them is escaped here."""

from __future__ import annotations

from cdml.core.comparison import Comparison, Direction, MetricResult, Outcome, Side, SliceResult, Verdict
from cdml.evaluation import numbers
from cdml.evaluation.gates import gate_words
from cdml.reports import escape

MARKS = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INCONCLUSIVE: "❔"}
ARROWS = {Direction.HIGHER: "↑", Direction.LOWER: "↓"}
MOST_SLICES = 60


def reference(comparison: Comparison, side: Side | None) -> str:
    """What a person types to mean this side: its version, else its commit, else its name."""
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
    return [*_values(result), f"{moved} ({low} to {high})", result.judgement]


def gate_row(verdict: Verdict) -> tuple[str, str, str]:
    words = escape.markdown(gate_words(verdict.gate))
    if verdict.loosened:
        words += " ⚠️"
    mark = f"{MARKS[verdict.effective]} {verdict.outcome}"
    if verdict.outcome is not verdict.effective:
        mark += ", certainty is asked for" if verdict.blocks else ", allowed"
    return words, escape.markdown(verdict.measured), mark


def change(axis: str, details: tuple[str, ...]) -> str:
    return f"{axis} {', '.join(escape.markdown(d) for d in details)}".strip()


def weakest(comparison: Comparison) -> str:
    """The slice where the candidate's primary metric is worst, in a line; empty without slices."""
    known = [s for s in comparison.slices if s.metric.candidate is not None]
    if len(known) < 2:
        return ""
    sign = 1 if known[0].metric.direction is Direction.HIGHER else -1
    return _slice_line(min(known, key=lambda s: sign * (s.metric.candidate or 0.0)))


def _slice_line(weakest: SliceResult) -> str:
    metric = weakest.metric
    before, after = _values(metric)
    moved = after if metric.baseline is None else f"{before}→{after}"
    judged = f", {metric.judgement}" if metric.judgement else ""
    name = escape.markdown(f"{weakest.column} {weakest.value}, {metric.name}")
    return f"{name} {moved}{judged} ({metric.rows:,} rows)"


def slices(comparison: Comparison) -> dict[str, object]:
    """The folded table of all slices."""
    shown = comparison.slices[:MOST_SLICES]
    first = comparison.baseline is None
    rows = []
    for one in shown:
        cells = _alone(one.metric) if first else _paired(one.metric)
        rows.append([escape.markdown(f"{one.column} {one.value}"), f"{one.metric.rows:,}", *cells])
    sides = [] if comparison.baseline is None else [_label(comparison.baseline)]
    tail = ["95 % interval"] if first else ["change (95 %)", " "]
    count = len(comparison.slices)
    title = f"All {count} slices" if count == len(shown) else f"{len(shown)} of {count} slices"
    return {
        "title": f"{title} ({escape.markdown(comparison.metrics[0].name)})" if shown else "",
        "right": (1, 2) if first else (1, 2, 3),
        "rows": [["slice", "rows", *sides, _label(comparison.candidate), *tail], *rows] if shown else [],
    }
