"""`max-regression`: non-inferiority on paired rows, with a third answer for too few of them.

The whole two-sided interval of the loss against the baseline must stay within the margin (Piaggio et al. 2012, the
CONSORT extension for non-inferiority, JAMA 308:2594-2604).
"""

from __future__ import annotations

from dataclasses import dataclass

from cdml.core.comparison import Outcome
from cdml.core.settings import Gate
from cdml.evaluation import numbers
from cdml.evaluation.compare import CONFIDENCE, Measured
from cdml.evaluation.gates.change import change, compared
from cdml.evaluation.gates.question import Question, gain_question
from cdml.evaluation.gates.subject import amount, subject


@dataclass(frozen=True)
class Regression:
    """How much worse than the baseline the candidate may be, in the metric's units or relative to its value."""

    higher_is_stricter: bool = False
    first: str | None = "first model: nothing to be worse than"

    def words(self, gate: Gate) -> str:
        """`roc_auc at most 0.01 worse`, `roc_auc at most 1 % worse`."""
        return f"{subject(gate)} at most {amount(gate)} worse"

    def ask(self, gate: Gate, measured: Measured) -> Question | None:
        """Whether the gain lies above minus the margin."""
        confidence = gate.confidence or CONFIDENCE
        return gain_question(measured, -gate.limit, confidence, relative=gate.relative, above=False)

    def say(self, gate: Gate, question: Question, outcome: Outcome, where: str) -> tuple[str, str]:
        """`−0.012 at worst`, and how much worse it could be; of a failure how much it is at least."""
        margin, failed = -question.limit, outcome is Outcome.FAIL
        if question.estimate is None:
            gain, allowed = question.value, numbers.value(margin, numbers.decimals(question.result))
            return change(
                question, gain
            ), f"{gate.metric} is {compared(question, gain)}; {allowed} worse is allowed."
        loss = -(question.best if failed else question.worst)
        measured = f"{change(question, -loss)} at {'best' if failed else 'worst'}"
        digits = numbers.apart(loss, margin, numbers.decimals(question.result))
        lost = numbers.value(loss, digits)
        allowed = f"{numbers.value(margin, digits)} is allowed."
        if failed:
            return measured, f"{gate.metric}{where} is at least {lost} worse; {allowed}"
        if loss <= 0:
            return measured, f"{gate.metric}{where} is not worse; {allowed}"
        return measured, f"{gate.metric}{where} could be up to {lost} worse; {allowed}"
