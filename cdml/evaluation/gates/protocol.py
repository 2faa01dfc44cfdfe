"""What every kind of gate is: a function from a measurement to a verdict, and a way of saying the demand."""

from __future__ import annotations

from typing import Protocol

from cdml.core.comparison import Verdict
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement


class Kind(Protocol):
    """A kind of gate."""

    @property
    def higher_is_stricter(self) -> bool:
        """Which way its limit tightens."""

    @property
    def compares(self) -> bool:
        """Whether it judges against the baseline, and not the candidate alone."""

    def judge(self, gate: Gate, measurement: Measurement) -> Verdict:
        """The verdict on what was measured; data, never an exception."""

    def words(self, gate: Gate) -> str:
        """The demand as people say it: `roc_auc at least 0.80`."""
