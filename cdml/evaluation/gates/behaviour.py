"""`behaviour`: a behavioural test, of whose cases at most so many may fail (Ribeiro et al. 2020, ACL)."""

from __future__ import annotations

from dataclasses import dataclass

from cdml.core.comparison import Outcome, Verdict
from cdml.core.findings import BehaviourResult
from cdml.core.settings import Gate
from cdml.evaluation import numbers
from cdml.evaluation.compare import Measurement


@dataclass(frozen=True)
class Behaviour:
    """A bound on how many cases fail, or on their share; reaching it exactly is within it."""

    higher_is_stricter: bool = False
    first: str | None = None

    def words(self, gate: Gate) -> str:
        """`sex does not matter (at most 1 % of the cases fail)`; the limit is left out where none may fail."""
        if gate.limit == 0:
            return gate.metric
        most = f"{numbers.percent(gate.limit)} of the cases" if gate.relative else _cases(gate.limit)
        return f"{gate.metric} (at most {most} fail)"

    def judge(self, gate: Gate, measurement: Measurement) -> Verdict:
        """By the count alone; what was not tried fails, as does a test that is another one than the gate means."""
        found = next((one for one in measurement.behaviour if one.name == gate.metric), None)
        if found is None:
            return Verdict(gate, Outcome.FAIL, "missing", f"The behavioural test “{gate.metric}” was not run.")
        if found.definition != gate.definition:
            reason = f"“{gate.metric}” was changed: what it asked before was not tried."
            return Verdict(gate, Outcome.FAIL, "another test", reason)
        if not found.cases:
            return Verdict(gate, Outcome.FAIL, "no case", f"“{gate.metric}” was tried on no row at all.")
        allowed = gate.limit * found.cases if gate.relative else gate.limit
        outcome = Outcome.PASS if found.failed <= allowed + 1e-9 else Outcome.FAIL
        measured = f"{found.failed:,} of {found.cases:,} cases fail"
        return Verdict(gate, outcome, measured, _reason(gate, found, measured))


def _reason(gate: Gate, found: BehaviourResult, measured: str) -> str:
    example = f", such as {found.examples[0]}" if found.failed and found.examples else ""
    return f"“{gate.metric}”: {measured}{example}."


def _cases(limit: float) -> str:
    return "1 case" if limit == 1 else f"{limit:,.0f} cases"
