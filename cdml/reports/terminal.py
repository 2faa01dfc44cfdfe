"""The same report for a terminal: a sentence, the metrics, the gates, what changed."""

from __future__ import annotations

from dataclasses import replace

from cdml.core.comparison import Comparison, Judgement, MetricResult, Outcome, Verdict
from cdml.core.serialize import dump
from cdml.evaluation import numbers
from cdml.evaluation.gates import gate_words
from cdml.reports.escape import LONGEST_PROSE, plain
from cdml.reports.found import Found, constant_words, tables
from cdml.reports.reasons import outcome_words
from cdml.reports.sets import gap
from cdml.reports.words import headline, sentence, worst_first

_CODES = {"better": "32", "pass": "32", "worse": "31", "fail": "31", "can't tell": "33", "inconclusive": "33"}


def table(judgement: Judgement, colour: bool) -> str:
    """The whole report as lines of text, ended by a newline; `colour` adds ANSI colours to verdicts."""
    comparison = judgement.comparison
    title = headline(judgement) if judgement.verdicts else sentence(comparison)
    blocks = [_painted(plain(title), "1", colour), _metrics(comparison, colour)]
    if judgement.verdicts:
        blocks.append(_gates(judgement, colour))
    if comparison.slices:
        blocks.append(_slices(comparison, colour))
    if comparison.datasets:
        blocks.append(_datasets(comparison, colour))
    blocks += [_found(one) for one in tables(comparison)]
    changes = [_axis(str(c.axis), c.details) for c in comparison.changes if c.changed]
    same = [str(c.axis) for c in comparison.changes if not c.changed]
    lines = [f"Changed: {' · '.join(changes)}"] if changes else []
    lines += [f"Same: {', '.join(same)}"] if same else []
    said = (
        *comparison.loosened,
        constant_words(comparison),
        *comparison.basis,
        gap(comparison),
        *comparison.notes,
    )
    lines += [plain(line, LONGEST_PROSE) for line in said if line]
    if lines:
        blocks.append("\n".join(lines))
    return "\n\n".join(block for block in blocks if block) + "\n"


def as_json(judgement: Judgement) -> str:
    """The judgement for machines; `cdml.core.serialize.load(Judgement, ...)` reads it back."""
    return dump(judgement)


def _metrics(comparison: Comparison, colour: bool) -> str:
    rows = [[plain(m.name), *_cells(m, comparison, colour)] for m in comparison.metrics]
    return _grid(["metric", *_headings(comparison)], rows) if rows else ""


def _slices(comparison: Comparison, colour: bool) -> str:
    rows = [
        [plain(s.name), f"{s.metric.rows:,}", *_cells(s.metric, comparison, colour)] for s in comparison.slices
    ]
    return _grid([f"slice ({plain(comparison.metrics[0].name)})", "rows", *_headings(comparison)], rows)


def _datasets(comparison: Comparison, colour: bool) -> str:
    rows = []
    for one in comparison.datasets:
        known = replace(comparison, unpaired=one.unpaired)
        cells = [[plain(m.name), *_cells(m, known, colour)] for m in one.metrics]
        empty = ["–", *[""] * (len(_headings(comparison)) - 1), plain(one.unpaired or "no predictions")]
        rows += [[plain(one.name), *row] for row in cells or [empty]]
    return _grid(["test set", "metric", *_headings(comparison)], rows)


def _found(one: Found) -> str:
    heading = [plain(cell) for cell in one.heading]
    lines = [plain(one.title), _grid(heading, [[plain(cell) for cell in row] for row in one.rows])]
    return "\n".join([*lines, *([plain(one.said, 1000)] if one.said else [])])


def _headings(comparison: Comparison) -> list[str]:
    if comparison.baseline is None:
        return [plain(comparison.candidate.label), "95 % interval"]
    sides = [plain(comparison.baseline.label), plain(comparison.candidate.label)]
    return [*sides, "change (95 %)", ""]


def _cells(result: MetricResult, comparison: Comparison, colour: bool) -> list[str]:
    digits = numbers.decimals(result)
    candidate = numbers.value(result.candidate, digits)
    if comparison.baseline is None:
        own = result.own_interval
        alone = f"{numbers.value(own.low, digits)} to {numbers.value(own.high, digits)}" if own else ""
        return [candidate, alone or plain(result.method)]
    moved = "–" if result.difference is None else numbers.change(result.difference, digits)
    if result.interval is not None:
        low, high = (numbers.change(v, digits) for v in (result.interval.low, result.interval.high))
        moved += f" ({low} to {high})"
    known = None not in (result.baseline, result.candidate)
    word = result.judgement or ("no claim" if comparison.unpaired and known else plain(result.method))
    return [numbers.value(result.baseline, digits), candidate, moved, _painted(word, _CODES.get(word, ""), colour)]


def _gates(judgement: Judgement, colour: bool) -> str:
    rows = [
        [plain(gate_words(v.gate)), plain(v.measured), _outcome(v, colour), plain(v.reason)]
        for v in worst_first(judgement.verdicts)
    ]
    lines = [
        f"Loosened: {plain(gate_words(v.gate))}: {plain(v.loosened)}" for v in judgement.verdicts if v.loosened
    ]
    return "\n".join([*lines, _grid(["gate", "measured", "", "why"], rows)])


def _outcome(verdict: Verdict, colour: bool) -> str:
    word = str(verdict.outcome)
    if verdict.outcome is Outcome.INCONCLUSIVE and verdict.more_rows:
        word += f", about {verdict.more_rows:,} more rows would decide"
    if verdict.waived:
        return _painted(f"{word}, {plain(outcome_words(verdict))}", _CODES[Outcome.INCONCLUSIVE], colour)
    return _painted(word, _CODES[verdict.effective], colour)


def _axis(axis: str, details: tuple[str, ...]) -> str:
    return f"{axis} {', '.join(plain(d) for d in details)}".strip()


def _grid(headings: list[str], rows: list[list[str]]) -> str:
    from tabulate import tabulate

    return tabulate(rows, headings, tablefmt="simple", disable_numparse=True, stralign="left")


def _painted(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text
