"""`cdml explain`: what was tested, how and why, in sentences that a reviewer without statistics can follow.

Everything said here is read off a judgement: nothing is computed again, so that it explains what really decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from cdml.core.comparison import Comparison, Direction, Interval, Judgement, MetricResult, Outcome, Verdict
from cdml.core.errors import UsageError
from cdml.evaluation import numbers
from cdml.evaluation.gates import gate_ids, gate_words
from cdml.reports.tested import SLICES, kind_words, method_words
from cdml.reports.words import worst_first

SEEDS = "Seeds are fixed: the same files give the same numbers."
UNDECIDED = {
    "warn": "An undecided gate warns and stops nothing (on-inconclusive: warn).",
    "fail": "An undecided gate stops the merge (on-inconclusive: fail).",
    "pass": "An undecided gate counts as passed (on-inconclusive: pass).",
}
BETTER = {
    Direction.HIGHER: "more",
    Direction.LOWER: "less",
    Direction.NEITHER: "neither more nor less",
}
ANSWERS = {
    "better": "All of the interval lies on the better side of no change: better.",
    "worse": "All of the interval lies on the worse side of no change: worse.",
    "changed": "All of the interval lies on one side of no change: it changed, neither for better nor worse.",
    "same": "Both models say the same of every row.",
    "can't tell": "The interval holds no change at all: these rows cannot tell the two models apart.",
}


@dataclass(frozen=True)
class Explanation:
    """One gate, or one metric that no gate asks about. `name` is the gate's id or the metric, `title` the demand.

    `outcome` is the gate's effective answer, or the metric's (`better`, `can't tell`). All of it is plain text,
    not escaped.
    """

    name: str
    title: str
    outcome: str
    sentences: tuple[str, ...]


def explain(judgement: Judgement, name: str = "") -> tuple[Explanation, ...]:
    """The gates, worst first, then the metrics that no gate asks about.

    With `name` a gate by its id, or all that is asked of a metric. Raises UsageError for one that is neither.
    """
    comparison = judgement.comparison
    ids = gate_ids([verdict.gate for verdict in judgement.verdicts])
    called = {id(verdict): own for verdict, own in zip(judgement.verdicts, ids, strict=True)}
    verdicts = [
        v
        for v in worst_first(judgement.verdicts)
        if name in ("", called[id(v)], unquote(called[id(v)]), v.gate.metric)
    ]
    asked = {verdict.gate.metric for verdict in judgement.verdicts}
    metrics = [m for m in comparison.metrics if m.name not in asked and name in ("", m.name)]
    found = (
        *(_gate(called[id(verdict)], verdict, comparison) for verdict in verdicts),
        *(_metric(result, comparison) for result in metrics),
    )
    if name and not found:
        known = dict.fromkeys([*ids, *(result.name for result in comparison.metrics)])
        raise UsageError(
            f"{name!r} is neither a gate nor a metric of this comparison", f"Known: {', '.join(known)}."
        )
    return found


def _gate(name: str, verdict: Verdict, comparison: Comparison) -> Explanation:
    gate = verdict.gate
    sets = {one.name: one.metrics for one in comparison.datasets}
    results = sets.get(gate.dataset, ()) if gate.dataset else comparison.metrics
    result = next((r for r in results if r.name == gate.metric), None)
    # Of another test set only what was measured on the same rows; its gate's own reason says the rest.
    apart = gate.dataset and (comparison.unpaired or (result and result.interval is None))
    overall = not (gate.by or gate.against or apart)
    sentences = [kind_words(gate.kind), *([SLICES] if gate.by and gate.kind != "max-gap" else [])]
    sentences += _measured(result, comparison) if result and overall else []
    sentences.append(f"Here: {verdict.reason}")
    if verdict.more_rows:
        sentences.append(
            f"About {verdict.more_rows:,} more test rows would decide, if the numbers stay as they are."
        )
    if verdict.outcome is Outcome.INCONCLUSIVE:
        sentences.append(UNDECIDED[gate.on_inconclusive])
    if verdict.loosened:
        sentences.append(f"The change loosens this gate ({verdict.loosened}); it is judged as the base has it.")
    if verdict.waived:
        sentences.append(f"{verdict.waived.who} answers for it: {verdict.waived.why}")
    return Explanation(name, gate_words(gate), str(verdict.effective), tuple(sentences))


def _metric(result: MetricResult, comparison: Comparison) -> Explanation:
    answer = ANSWERS.get(result.judgement)
    sentences = [*_measured(result, comparison), *([answer] if answer else [])]
    return Explanation(result.name, f"{result.name} (no gate asks about it)", result.judgement, tuple(sentences))


def _measured(result: MetricResult, comparison: Comparison) -> list[str]:
    """The numbers, and how their interval came about."""
    digits = numbers.decimals(result)
    better = BETTER[result.direction]
    own = f"{result.name} of {comparison.candidate.label} is {numbers.value(result.candidate, digits)}"
    if result.candidate is None:
        return [f"{result.name} was not measured: {result.method}."]
    if comparison.baseline is None or result.baseline is None:
        return [f"{own}{_span(result.own_interval, digits)}; {better} is better.", *_how(result)]
    before = f"of {comparison.baseline.label} {numbers.value(result.baseline, digits)}"
    said = [f"{own}, {before}; {better} is better."]
    if comparison.unpaired:
        return [*said, f"They were not measured on the same rows ({comparison.unpaired}), so nothing is claimed."]
    if result.interval is None or result.difference is None:
        return [*said, f"There is no interval of the change: {result.method}."]
    change = numbers.change(result.difference, digits)
    rows = f"{result.rows:,} test rows, both models on each of them"
    said.append(f"Measured on {rows}: the change is {change}{_span(result.interval, digits, signed=True)}.")
    return [*said, *_how(result)]


def _span(interval: Interval | None, digits: int, *, signed: bool = False) -> str:
    if interval is None:
        return ""
    write = numbers.change if signed else numbers.value
    sure = numbers.percent(interval.confidence)
    return f", with {sure} confidence {write(interval.low, digits)} to {write(interval.high, digits)}"


def _how(result: MetricResult) -> list[str]:
    words = method_words(result.method)
    p = result.p_value
    exact = "" if p is None else f" Chance alone would do as much with probability {p:.2g}."
    return [f"How: {result.method}. {words}{exact}"] if words else []
