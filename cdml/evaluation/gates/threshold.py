"""`min` and `max`: the candidate's own value, alone or with the confidence that the gate asks for."""

from __future__ import annotations

from dataclasses import dataclass

from cdml.core.comparison import MetricResult, Outcome, Verdict
from cdml.core.settings import Gate
from cdml.evaluation import numbers
from cdml.evaluation.compare import CONFIDENCE, Measurement
from cdml.evaluation.rows import more_rows


@dataclass(frozen=True)
class Threshold:
    """A bound on the candidate's value; reaching it exactly is within it."""

    higher_is_stricter: bool
    compares: bool = False

    def words(self, gate: Gate) -> str:
        """`roc_auc at least 0.80`, with the confidence where one is asked for."""
        sure = "" if gate.confidence is None else f" ({numbers.percent(gate.confidence)} sure)"
        return (
            f"{gate.metric} at {'least' if self.higher_is_stricter else 'most'} {numbers.limit(gate.limit)}{sure}"
        )

    def judge(self, gate: Gate, measurement: Measurement) -> Verdict:
        """By the point estimate, or by the candidate's own interval where the gate names a confidence."""
        result = measurement.at(gate.metric, gate.confidence or CONFIDENCE)
        if result is None or result.candidate is None:
            why = result.method if result else "it is not among the metrics"
            return Verdict(gate, Outcome.FAIL, "missing", f"{gate.metric} was not measured: {why}.")
        verdict = self._by_value(gate, result) if gate.confidence is None else self._by_interval(gate, result)
        if verdict.outcome is Outcome.PASS and measurement.missing_rows:
            reason = (
                f"{measurement.missing_rows:,} of the baseline's test rows are missing: {gate.metric} is no proof."
            )
            return Verdict(gate, Outcome.INCONCLUSIVE, verdict.measured, reason)
        return verdict

    def _by_value(self, gate: Gate, result: MetricResult) -> Verdict:
        assert result.candidate is not None  # noqa: S101 - judge has asked
        outcome = Outcome.PASS if self._within(result.candidate, gate.limit) else Outcome.FAIL
        digits = numbers.apart(result.candidate, gate.limit, numbers.decimals(result))
        measured = numbers.value(result.candidate, digits)
        return Verdict(gate, outcome, measured, self._reason(gate, measured))

    def _by_interval(self, gate: Gate, result: MetricResult) -> Verdict:
        own, centre = result.own_interval, result.candidate
        assert centre is not None  # noqa: S101 - judge has asked
        digits = numbers.decimals(result)
        if own is None:
            reason = f"{gate.metric} has no interval: {result.method}."
            return Verdict(gate, Outcome.INCONCLUSIVE, numbers.value(centre, digits), reason)
        worst, best = (own.low, own.high) if self.higher_is_stricter else (own.high, own.low)
        digits = max(numbers.apart(worst, gate.limit, digits), numbers.apart(best, gate.limit, digits))
        span = f"{numbers.value(own.low, digits)} to {numbers.value(own.high, digits)}"
        if self._within(worst, gate.limit):
            return Verdict(gate, Outcome.PASS, span, self._reason(gate, span))
        if not self._within(best, gate.limit):
            return Verdict(gate, Outcome.FAIL, span, self._reason(gate, span))
        more = more_rows(result.rows, centre, gate.limit, (own.low, own.high))
        return Verdict(gate, Outcome.INCONCLUSIVE, span, self._reason(gate, span), more)

    def _within(self, value: float, limit: float) -> bool:
        return value >= limit if self.higher_is_stricter else value <= limit

    def _reason(self, gate: Gate, measured: str) -> str:
        asked = "at least" if self.higher_is_stricter else "at most"
        return f"{gate.metric} is {measured}; {asked} {numbers.limit(gate.limit)} is asked for."
