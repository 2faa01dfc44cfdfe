"""`max-gap`: how far the groups of a column may lie apart, on one metric of the candidate.

The gap is the largest value of any group minus the smallest: fairlearn's `MetricFrame.difference()`, which of
`selection_rate` is the demographic parity difference; the larger one of `true_positive_rate` and
`false_positive_rate` is the equalised odds difference. Groups are disjoint rows, thus independent: the difference
of two has the interval of Zou and Donner (2008, Stat. Med. 27:1693-1702) from their own ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdml.core.comparison import Direction, Outcome
from cdml.core.settings import Gate
from cdml.evaluation import numbers
from cdml.evaluation.compare import CONFIDENCE, Measured
from cdml.evaluation.estimate import Bounds, Estimate
from cdml.evaluation.gates.question import Question
from cdml.evaluation.gates.subject import amount

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "gap between independent groups (MOVER)"


@dataclass(frozen=True)
class GapQuestion(Question):
    """The same of a gap; `lowest` and `highest` are the groups it lies between: name, value and rows."""

    lowest: tuple[str, float, int] = ("", 0.0, 0)
    highest: tuple[str, float, int] = ("", 0.0, 0)


@dataclass(frozen=True)
class Gap:
    """The largest difference of the metric between any two groups."""

    higher_is_stricter: bool = False
    first: str | None = None

    def words(self, gate: Gate) -> str:
        """`f1 gap by sex at most 0.05`."""
        return f"{gate.metric} gap by {gate.by} at most {amount(gate)}"

    def ask_groups(self, gate: Gate, groups: Mapping[str, Measured]) -> Question | None:
        """The gap of the groups that have an interval of their own."""
        known = {name: one for name, one in groups.items() if one.own is not None}
        if len(known) < 2:
            return None
        ordered = sorted(known, key=lambda name: known[name].candidate or 0.0)
        confidence = gate.confidence or CONFIDENCE
        estimate = gap([one.own for one in known.values() if one.own])
        low, high = ((name, known[name].candidate or 0.0, known[name].rows) for name in (ordered[0], ordered[-1]))
        result = replace(known[ordered[0]].at(confidence), interval=estimate.interval(confidence))
        return GapQuestion(
            result, estimate.value, estimate, gate.limit, True, confidence, lowest=low, highest=high
        )

    def say(self, gate: Gate, question: Question, outcome: Outcome, where: str) -> tuple[str, str]:
        """`0.021 (0.004 to 0.038)`, and the two groups; the better-off one is the reference."""
        assert isinstance(question, GapQuestion)  # noqa: S101 - it is this kind's own
        ends = (question.value, question.best, question.worst)
        digits = max(numbers.apart(end, gate.limit, numbers.decimals(question.result)) for end in ends)
        value, best, worst = (numbers.value(end, digits) for end in ends)
        measured = f"{value} ({best} to {worst})"
        reference, other = question.highest, question.lowest
        if question.result.direction is Direction.LOWER:
            reference, other = other, reference
        groups = " and ".join(
            f"{numbers.value(number, digits)} for {gate.by} {name} ({rows:,} rows{role})"
            for (name, number, rows), role in ((other, ""), (reference, ", the reference"))
        )
        return measured, (
            f"{gate.metric} is {groups}: a gap of {measured}; at most {numbers.limit(gate.limit)} is allowed."
        )


def gap(own: Sequence[Estimate]) -> Estimate:
    """The largest value minus the smallest of independent estimates, with its interval.

    Its upper end is the largest upper end of any two's difference: that of the two which truly lie farthest apart
    is among them. Its lower end is the largest lower end of all k(k - 1)/2 differences, each at the confidence
    that Bonferroni leaves it, for the two that seem farthest apart were chosen for it.
    """
    import numpy as np

    values = np.array([estimate.value for estimate in own])
    pairs = len(own) * (len(own) - 1) // 2

    def bounds(confidence: float) -> Bounds:
        below, above = _distances(own, 1 - (1 - confidence) / pairs)
        apart = values[:, None] - values[None, :]
        low = float((apart - np.hypot(below[:, None], above[None, :])).max())
        below, above = _distances(own, confidence)
        reach = np.hypot(above[:, None], below[None, :])
        np.fill_diagonal(reach, 0.0)
        return max(low, 0.0), float((apart + reach).max())

    return Estimate(float(np.ptp(values)), bounds, METHOD, finest=pairs * max(one.finest for one in own))


def _distances(own: Sequence[Estimate], confidence: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """How far each one's interval reaches below and above its value, shapes (k,)."""
    import numpy as np

    ends = [(estimate.value, *estimate.bounds(confidence)) for estimate in own]
    return np.array([v - low for v, low, _ in ends]), np.array([high - v for v, _, high in ends])
