"""What every kind of gate is: a way of saying the demand, and of judging it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from cdml.core.comparison import Outcome, Verdict
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measured, Measurement
from cdml.evaluation.gates.question import Question


class Kind(Protocol):
    """A kind of gate; each is also one of those below."""

    @property
    def higher_is_stricter(self) -> bool:
        """Which way its limit tightens."""

    @property
    def first(self) -> str | None:
        """Why the first model passes it; None where it judges the candidate alone, and so the first one too."""

    def words(self, gate: Gate) -> str:
        """The demand as people say it: `roc_auc at least 0.80`, `f1 by sex at most 0.01 worse`."""


@runtime_checkable
class OfMetric(Protocol):
    """Asks something of a metric, on all rows or on each slice."""

    def ask(self, gate: Gate, measured: Measured) -> Question | None:
        """What is asked of the metric on some rows; None where these rows do not tell."""

    def say(self, gate: Gate, question: Question, outcome: Outcome, where: str) -> tuple[str, str]:
        """What was measured, in words fit for a table cell, and a sentence on it.

        `where` is empty, or the slice: ` for sex female`.
        """


@runtime_checkable
class OfGroups(Protocol):
    """Compares the groups of a column with each other, instead of asking the same of each."""

    def ask_groups(self, gate: Gate, groups: Mapping[str, Measured]) -> Question | None:
        """What is asked of the groups together; None where fewer than two of them tell."""

    def say(self, gate: Gate, question: Question, outcome: Outcome, where: str) -> tuple[str, str]:
        """As that of a metric; `where` is empty."""


@runtime_checkable
class OfCounts(Protocol):
    """Judges by what was counted, without any statistics."""

    def judge(self, gate: Gate, measurement: Measurement) -> Verdict:
        """The verdict on what was counted; data, never an exception."""
