"""What every gate comes down to: one number, one limit, and three possible answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cdml.core.comparison import Direction, MetricResult, Outcome
from cdml.evaluation.compare import Measured
from cdml.evaluation.estimate import Estimate
from cdml.evaluation.holm import Claim
from cdml.evaluation.rows import more_rows
from cdml.evaluation.serving import SERVING


@dataclass(frozen=True)
class Question:
    """Whether a number surely lies within a gate's limit; the limit itself is within.

    `result` is the metric asked about, `value` the number: its value, its gain over the baseline, its gap between
    groups. `estimate` is that number with its interval, None where there is none. With `above` what lies above the
    limit is beyond it, else what lies below. `by_value` says what the number alone decides: nothing, a pass, or
    all.
    """

    result: MetricResult
    value: float
    estimate: Estimate | None
    limit: float
    above: bool
    confidence: float
    by_value: Literal["nothing", "pass", "all"] = "nothing"

    def within(self, number: float) -> bool:
        """Whether a number is on the good side of the limit."""
        return number <= self.limit if self.above else number >= self.limit

    @property
    def worst(self) -> float:
        """The end of the interval that is nearest to beyond the limit; the number itself where there is none."""
        return self._ends()[1 if self.above else 0]

    @property
    def best(self) -> float:
        """The other end."""
        return self._ends()[0 if self.above else 1]

    def badness(self, outcome: Outcome) -> tuple[float, float]:
        """What the worst of several with this answer has most of: how far beyond the limit it lies.

        The number counts, then the interval's end; of passes that rest on the interval its end alone.
        """
        sign = 1 if self.above else -1
        number, end = sign * (self.value - self.limit), sign * (self.worst - self.limit)
        return (end, end) if outcome is Outcome.PASS and self.by_value == "nothing" else (number, end)

    @property
    def claim(self) -> Claim | None:
        """What a failure claims, where it rests on an interval."""
        if self.estimate is None or self.by_value == "all":
            return None
        return Claim(self.estimate, self.limit, self.above, 1 - self.confidence)

    def outcome(self) -> Outcome:
        """The answer by itself, before any correction for the other questions."""
        if self.by_value == "all" or (self.by_value == "pass" and self.within(self.value)):
            return Outcome.PASS if self.within(self.value) else Outcome.FAIL
        if self.estimate is None:
            return Outcome.INCONCLUSIVE
        if self.within(self.worst):
            return Outcome.PASS
        return Outcome.INCONCLUSIVE if self.within(self.best) else Outcome.FAIL

    def more_rows(self, rows: int, divisor: int = 1) -> int | None:
        """How many further rows of a test set of so many would decide; after a correction by `divisor`."""
        assert self.estimate is not None  # noqa: S101 - without one nothing is undecided by these rows
        interval = self.estimate.interval(1 - (1 - self.confidence) / divisor)
        return more_rows(rows, self.value, self.limit, (interval.low, interval.high))

    def _ends(self) -> tuple[float, float]:
        if self.estimate is None:
            return self.value, self.value
        interval = self.estimate.interval(self.confidence)
        return interval.low, interval.high


def gain_question(
    measured: Measured, limit: float, confidence: float, *, relative: bool, above: bool
) -> Question | None:
    """The gain over the baseline, in the direction that is better, against a limit in units or relative to it.

    None where no difference is known, or neither direction is better. What serving costs is known by its value
    alone, which decides.
    """
    before, after, direction = measured.baseline, measured.candidate, measured.direction
    if before is None or after is None or direction is Direction.NEITHER:
        return None
    asked = limit * abs(before) if relative else limit
    result = measured.at(confidence)
    if measured.difference is None:
        if measured.name not in SERVING:
            return None
        return Question(result, before - after, None, asked, above, confidence, "all")  # less is better of these
    gain_estimate = measured.difference if direction is Direction.HIGHER else _negated(measured.difference)
    return Question(result, gain_estimate.value, gain_estimate, asked, above, confidence)


def _negated(estimate: Estimate) -> Estimate:
    def bounds(confidence: float) -> tuple[float, float]:
        low, high = estimate.bounds(confidence)
        return -high, -low

    return Estimate(-estimate.value, bounds, estimate.method, estimate.p_value, estimate.finest)
