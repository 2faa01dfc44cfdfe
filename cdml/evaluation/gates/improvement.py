"""`min-improvement`: superiority on paired rows. `max-improvement`: better than anybody believes.

A leak of the labels into the features shows as an improvement that no honest change makes (Kaufman et al. 2012,
"Leakage in data mining", ACM TKDD 6(4)). It is an alarm: what lies within the limit by its value alone passes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cdml.core.comparison import Outcome
from cdml.core.settings import Gate
from cdml.evaluation.compare import CONFIDENCE, Measured
from cdml.evaluation.gates.change import asked, change, compared
from cdml.evaluation.gates.question import Question, gain_question
from cdml.evaluation.gates.subject import amount, subject


@dataclass(frozen=True)
class Improvement:
    """How much better than the baseline the candidate must be, in the metric's units or relative to its value."""

    higher_is_stricter: bool = True
    first: str | None = "first model: nothing to be better than"

    def words(self, gate: Gate) -> str:
        """`roc_auc at least 0.01 better`."""
        return f"{subject(gate)} at least {amount(gate)} better"

    def ask(self, gate: Gate, measured: Measured) -> Question | None:
        """Whether the gain reaches the limit."""
        confidence = gate.confidence or CONFIDENCE
        return gain_question(measured, gate.limit, confidence, relative=gate.relative, above=False)

    def say(self, gate: Gate, question: Question, outcome: Outcome, where: str) -> tuple[str, str]:
        """`+0.012 at worst`, and what is sure of the gain or what it could be."""
        failed = outcome is Outcome.FAIL
        gain = question.best if failed else question.worst
        wanted = f"at least {asked(question, gain)} better is asked for."
        if question.estimate is None:
            return change(question, gain), f"{gate.metric} is {compared(question, gain)}; {wanted}"
        measured = f"{change(question, gain)} at {'best' if failed else 'worst'}"
        sure = {Outcome.FAIL: "at best ", Outcome.PASS: "at least ", Outcome.INCONCLUSIVE: "possibly only "}
        how = "" if gain == 0 and outcome is Outcome.PASS else sure[outcome]
        return measured, f"{gate.metric}{where} is {how}{compared(question, gain)}; {wanted}"


@dataclass(frozen=True)
class TooGood:
    """How much better than the baseline is too good to be true."""

    higher_is_stricter: bool = False
    first: str | None = "first model: nothing to be better than"

    def words(self, gate: Gate) -> str:
        """`roc_auc at most 0.10 better`."""
        return f"{subject(gate)} at most {amount(gate)} better"

    def ask(self, gate: Gate, measured: Measured) -> Question | None:
        """Whether the gain stays within the limit; by its value alone it passes."""
        confidence = gate.confidence or CONFIDENCE
        found = gain_question(measured, gate.limit, confidence, relative=gate.relative, above=True)
        return replace(found, by_value="pass") if found and found.estimate else found

    def say(self, gate: Gate, question: Question, outcome: Outcome, where: str) -> tuple[str, str]:
        """`+0.21 at worst`, and where to look."""
        failed = outcome is Outcome.FAIL
        gain = question.best if failed else question.value
        least = "at least " if failed and question.estimate else ""
        measured = f"{least}{change(question, gain)}"
        limit = asked(question, gain)
        is_ = f"{gate.metric}{where} is {least}{compared(question, gain)}"
        if outcome is Outcome.PASS:
            return measured, f"{is_}; more than {limit} would be too good to be true."
        sure = "" if failed else ", though not surely"
        return measured, f"{is_}{sure}; more than {limit} is too good to be true: look for a leak."
