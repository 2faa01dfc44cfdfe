"""The verdict in a line: what a reader takes away in two seconds, on a terminal and on a pull request alike."""

from __future__ import annotations

from collections.abc import Iterable

from cdml.core.comparison import Comparison, Interval, Judgement, MetricResult, Outcome, Verdict
from cdml.evaluation import numbers
from cdml.evaluation.rows import more_rows

MOST_NAMED = 4
_SEVERITY = {Outcome.FAIL: 0, Outcome.INCONCLUSIVE: 1, Outcome.PASS: 2}


def headline(judgement: Judgement) -> str:
    """`churn: better on roc_auc, f1 undecided (3 gates pass, 1 inconclusive)`; plain text, not escaped."""
    comparison = judgement.comparison
    counted = gate_counts(judgement.verdicts)
    return f"{comparison.model}: {_gist(judgement)}" + (f" ({counted})" if counted else "")


def sentence(comparison: Comparison) -> str:
    """Every metric in one sentence, without gates.

    `better on roc_auc by 0.019 (0.011 to 0.027); f1: can't tell, 6,000 more rows would decide`. The rows are those
    after which the interval of the difference would no longer hold zero.
    """
    if comparison.baseline is None:
        return "first model: nothing to compare with"
    if comparison.unpaired:
        return f"can't compare: {comparison.unpaired}"
    return "; ".join(_clause(result) for result in comparison.metrics) or "no metric to compare"


def judged(result: MetricResult) -> str:
    """`better`, `can't tell`; `can't tell among 20` of a change that is proven by itself, not among so many."""
    return f"{result.judgement} among {result.held_back}" if result.held_back else result.judgement


def worst_first(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Failures, then inconclusive ones, then waived ones, then passes, each in the order of writing."""
    return sorted(verdicts, key=_severity)


def _severity(verdict: Verdict) -> tuple[int, int]:
    # A waived failure stops nothing, but is looked at before what passes by itself.
    counted = Outcome.PASS if verdict.waived else verdict.effective
    return _SEVERITY[counted], _SEVERITY[verdict.outcome]


def gate_counts(verdicts: Iterable[Verdict]) -> str:
    """`1 gate fails, 2 pass`; empty without gates. Each counts as its own on-inconclusive has it."""
    listed = list(verdicts)
    outcomes = [verdict.effective for verdict in listed if not verdict.waived]
    parts: list[str] = []
    failing, passing, open_ = (outcomes.count(o) for o in (Outcome.FAIL, Outcome.PASS, Outcome.INCONCLUSIVE))
    waived = len(listed) - len(outcomes)
    for count, one, many in (
        (failing, "fails", "fail"),
        (waived, "waived", ""),
        (passing, "passes", "pass"),
        (open_, "inconclusive", ""),
    ):
        if not count:
            continue
        gates = "" if parts else (" gate" if count == 1 else " gates")
        parts.append(f"{count}{gates} {one if count == 1 and gates else many or one}")
    return ", ".join(parts)


def _gist(judgement: Judgement) -> str:
    comparison = judgement.comparison
    if comparison.baseline is None:
        return "first model, nothing to compare with"
    if comparison.unpaired:
        return f"not comparable with {comparison.baseline.label}"
    if not comparison.metrics:
        return "no metric to compare"
    primary, *others = comparison.metrics
    overall = [v for v in judgement.verdicts if not (v.gate.by or v.gate.dataset or v.gate.against)]
    gated = {v.gate.metric for v in overall if v.outcome is Outcome.INCONCLUSIVE}
    worse = [m.name for m in others if m.judgement == "worse"]
    undecided = [m.name for m in others if m.name in gated and m.name not in worse]
    passed = primary.name in {v.gate.metric for v in overall} - gated
    parts = [_primary(primary, worse if primary.judgement == "worse" else [], passed)]
    if worse and primary.judgement != "worse":
        parts.append(f"worse on {_listed(worse)}")
    if undecided:
        parts.append(f"{_listed(undecided)} undecided")
    return ", ".join(parts)


def _primary(result: MetricResult, also_worse: list[str], gate_decided: bool) -> str:
    known = {"better": "better on", "worse": "worse on", "same": "no change of", "changed": "change of"}
    words = known.get(result.judgement)
    if gate_decided and result.judgement == "can't tell":
        words = "no clear change of"
    if words:
        return f"{words} {_listed([result.name, *also_worse])}"
    return f"{result.name} {'undecided' if result.judgement else 'not tested'}"


def _clause(result: MetricResult) -> str:
    if result.interval is None or result.difference is None:
        return f"{result.name}: not tested ({result.method})"
    if result.judgement == "same":
        return f"{result.name}: same"
    if result.judgement == "can't tell":
        more = more_rows(result.rows, result.difference, 0, (result.interval.low, result.interval.high))
        rows = f", {more:,} more rows would decide" if more else ""
        return f"{result.name}: can't tell{rows}"
    if result.judgement == "changed":
        return f"{result.name} changed by {_signed(result.difference, result.interval, numbers.decimals(result))}"
    gain = result.difference > 0
    low, high = (
        (result.interval.low, result.interval.high) if gain else (-result.interval.high, -result.interval.low)
    )
    digits = numbers.decimals(result)
    amount, least, most = (numbers.value(v, digits) for v in (abs(result.difference), low, high))
    return f"{result.judgement} on {result.name} by {amount} ({least} to {most})"


def _signed(difference: float, interval: Interval, digits: int) -> str:
    moved, low, high = (numbers.change(v, digits) for v in (difference, interval.low, interval.high))
    return f"{moved} ({low} to {high})"


def _listed(names: list[str]) -> str:
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
