"""`max-regression`: non-inferiority on paired rows, with a third answer for too few of them.

The whole two-sided interval of the loss against the baseline must stay within the margin (Piaggio et al. 2012, the
CONSORT extension for non-inferiority, JAMA 308:2594-2604).
"""

from __future__ import annotations

from dataclasses import dataclass

from cdml.core.comparison import Direction, MetricResult, Outcome, Verdict
from cdml.core.settings import Gate
from cdml.evaluation import numbers
from cdml.evaluation.compare import CONFIDENCE, REPORTED, Measurement
from cdml.evaluation.rows import more_rows


@dataclass(frozen=True)
class Regression:
    """How much worse than the baseline the candidate may be, in the metric's units or relative to its value."""

    higher_is_stricter: bool = False
    compares: bool = True

    def words(self, gate: Gate) -> str:
        """`roc_auc at most 0.01 worse`, `roc_auc at most 1 % worse`."""
        margin = numbers.percent(gate.limit) if gate.relative else numbers.limit(gate.limit)
        sure = "" if gate.confidence in (None, CONFIDENCE) else f" ({numbers.percent(gate.confidence)} sure)"
        return f"{gate.metric} at most {margin} worse{sure}"

    def judge(self, gate: Gate, measurement: Measurement) -> Verdict:
        """Pass when the loss surely stays within the margin, fail when it surely exceeds it, else inconclusive."""
        result = measurement.at(gate.metric, gate.confidence or CONFIDENCE)
        if result is None or result.candidate is None:
            why = result.method if result else "it is not among the metrics"
            return Verdict(gate, Outcome.FAIL, "missing", f"{gate.metric} was not measured: {why}.")
        if measurement.first:
            return Verdict(gate, Outcome.PASS, "–", "first model: nothing to be worse than")
        if result.interval is None:
            return Verdict(gate, Outcome.INCONCLUSIVE, "no interval", _why_no_interval(gate, result, measurement))
        return _judged(gate, result)


def _judged(gate: Gate, result: MetricResult) -> Verdict:
    assert result.interval is not None  # noqa: S101 - judge has asked
    assert result.difference is not None  # noqa: S101
    assert result.baseline is not None  # noqa: S101
    margin = gate.limit * abs(result.baseline) if gate.relative else gate.limit
    interval = result.interval
    if result.direction is Direction.HIGHER:
        loss, least, most = -result.difference, -interval.high, -interval.low
    else:
        loss, least, most = result.difference, interval.low, interval.high
    if most <= margin:
        return Verdict(gate, Outcome.PASS, _worst(result, most, margin), _reason(gate, result, most, margin))
    if least > margin:
        measured = f"{_change(result, least, margin)} at best"
        return Verdict(gate, Outcome.FAIL, measured, _surely_worse(gate, result, least, margin))
    more = more_rows(result.rows, loss, margin, (least, most))
    reason = _reason(gate, result, most, margin)
    return Verdict(gate, Outcome.INCONCLUSIVE, _worst(result, most, margin), reason, more)


def _change(result: MetricResult, loss: float, margin: float) -> str:
    """A loss as a change of the metric: a loss of 0.012 is −0.012 of an accuracy and +0.012 of an error."""
    signed = -loss if result.direction is Direction.HIGHER else loss
    return numbers.change(signed, numbers.apart(loss, margin, numbers.decimals(result)))


def _worst(result: MetricResult, most: float, margin: float) -> str:
    return f"{_change(result, most, margin)} at worst"


def _reason(gate: Gate, result: MetricResult, most: float, margin: float) -> str:
    digits = numbers.apart(most, margin, numbers.decimals(result))
    allowed = f"{numbers.value(margin, digits)} is allowed."
    if most <= 0:
        return f"{gate.metric} is not worse; {allowed}"
    return f"{gate.metric} could be up to {numbers.value(most, digits)} worse; {allowed}"


def _surely_worse(gate: Gate, result: MetricResult, least: float, margin: float) -> str:
    digits = numbers.apart(least, margin, numbers.decimals(result))
    lost = numbers.value(least, digits)
    return f"{gate.metric} is at least {lost} worse; {numbers.value(margin, digits)} is allowed."


def _why_no_interval(gate: Gate, result: MetricResult, measurement: Measurement) -> str:
    if measurement.unpaired:
        return f"{measurement.unpaired}: same rows or no claim."
    if result.method == REPORTED:
        return f"{gate.metric} is reported by the project, without predictions to test it on."
    if result.baseline is None:
        return f"{gate.metric} of the baseline is not known ({result.method})."
    return f"{gate.metric} has no interval: {result.method}."
