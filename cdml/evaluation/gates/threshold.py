"""`min` and `max`: the candidate's own value, alone or with the confidence that the gate asks for.

Of many slices one is always low by chance. So with `by` a value within the limit passes, and only one that surely
lies beyond it fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cdml.core.comparison import Outcome
from cdml.core.settings import Gate
from cdml.evaluation import numbers
from cdml.evaluation.compare import CONFIDENCE, Measured
from cdml.evaluation.gates.question import Question
from cdml.evaluation.gates.subject import amount, subject


@dataclass(frozen=True)
class Threshold:
    """A bound on the candidate's value; reaching it exactly is within it."""

    higher_is_stricter: bool
    first: str | None = None

    def words(self, gate: Gate) -> str:
        """`roc_auc at least 0.80`."""
        return f"{subject(gate)} {self._at()} {amount(gate)}"

    def ask(self, gate: Gate, measured: Measured) -> Question | None:
        """By the value alone, or by the candidate's own interval where the gate names a confidence."""
        if measured.candidate is None:
            return None
        confidence = gate.confidence or CONFIDENCE
        result = measured.at(confidence)
        by_value: Literal["nothing", "pass", "all"] = "nothing"
        if gate.confidence is None:
            by_value = "pass" if gate.by else "all"
        above = not self.higher_is_stricter
        return Question(result, measured.candidate, measured.own, gate.limit, above, confidence, by_value)

    def say(self, gate: Gate, question: Question, outcome: Outcome, where: str) -> tuple[str, str]:
        """The value, or its interval where that decided."""
        wanted = f"{self._at()} {numbers.limit(gate.limit)} is asked for."
        alone = question.by_value != "nothing" and outcome is Outcome.PASS
        digits = numbers.decimals(question.result)
        if question.by_value == "all" or question.estimate is None or alone:
            measured = numbers.value(question.value, numbers.apart(question.value, gate.limit, digits))
        else:
            ends = sorted((question.worst, question.best))
            digits = max(numbers.apart(end, gate.limit, digits) for end in ends)
            measured = f"{numbers.value(ends[0], digits)} to {numbers.value(ends[1], digits)}"
        return measured, f"{gate.metric}{where} is {measured}; {wanted}"

    def _at(self) -> str:
        return "at least" if self.higher_is_stricter else "at most"
