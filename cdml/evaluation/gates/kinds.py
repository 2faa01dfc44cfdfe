"""Every kind of gate by its name in mlops.yaml: one module and one line each."""

from __future__ import annotations

from cdml.core.settings import Gate, GateKind
from cdml.evaluation import numbers
from cdml.evaluation.compare import CONFIDENCE
from cdml.evaluation.gates.behaviour import Behaviour
from cdml.evaluation.gates.gap import Gap
from cdml.evaluation.gates.improvement import Improvement, TooGood
from cdml.evaluation.gates.protocol import Kind
from cdml.evaluation.gates.regression import Regression
from cdml.evaluation.gates.threshold import Threshold

GATES: dict[GateKind, Kind] = {
    "min": Threshold(higher_is_stricter=True),
    "max": Threshold(higher_is_stricter=False),
    "max-regression": Regression(),
    "min-improvement": Improvement(),
    "max-improvement": TooGood(),
    "max-gap": Gap(),
    "behaviour": Behaviour(),
}


def default_confidence(gate: Gate) -> float | None:
    """The confidence of a gate that names none; None where the value alone then decides."""
    return None if gate.kind in ("min", "max", "behaviour") else CONFIDENCE


def sureness(gate: Gate) -> tuple[float, float]:
    """The confidence with which it passes, and that with which it fails; 0 where the value alone decides."""
    given = gate.confidence or default_confidence(gate) or 0.0
    if gate.kind == "max-improvement":
        return 0.0, given
    return given, (given or CONFIDENCE) if gate.by else given


def gate_words(gate: Gate) -> str:
    """The demand as people say it: `roc_auc at most 0.01 worse`, `f1 gap by sex at most 0.05 on last-month`."""
    places = [f" on {gate.dataset}" if gate.dataset else "", f" against {gate.against}" if gate.against else ""]
    marks = []
    if gate.confidence not in (None, default_confidence(gate)):
        marks.append(f"{numbers.percent(gate.confidence or 0.0)} sure")
    if gate.min_rows is not None:
        marks.append(f"{gate.min_rows:,} rows or more each")
    tail = f" ({', '.join(marks)})" if marks else ""
    return f"{GATES[gate.kind].words(gate)}{''.join(places)}{tail}"
