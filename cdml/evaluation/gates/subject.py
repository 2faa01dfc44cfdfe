"""How a gate's metric is named in its demand."""

from __future__ import annotations

from cdml.core.settings import Gate
from cdml.evaluation import numbers


def subject(gate: Gate) -> str:
    """`f1`, `f1 by sex`."""
    return f"{gate.metric} by {gate.by}" if gate.by else gate.metric


def amount(gate: Gate) -> str:
    """The limit as it was written: `0.01`, `1 %`."""
    return numbers.percent(gate.limit) if gate.relative else numbers.limit(gate.limit)
