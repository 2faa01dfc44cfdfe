"""Gates: demands on metrics, one module per kind, named in one dictionary, judged together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cdml.core.comparison import Comparison, Verdict
from cdml.core.serialize import digest
from cdml.core.settings import Gate, GateKind
from cdml.evaluation.compare import Measurement
from cdml.evaluation.gates import loosening
from cdml.evaluation.gates.identity import gate_id, gate_ids
from cdml.evaluation.gates.protocol import Kind
from cdml.evaluation.gates.regression import Regression
from cdml.evaluation.gates.threshold import Threshold

__all__ = ["GATES", "effective", "gate_id", "gate_ids", "gate_rule", "gate_words", "judge"]

GATES: dict[GateKind, Kind] = {
    "min": Threshold(higher_is_stricter=True),
    "max": Threshold(higher_is_stricter=False),
    "max-regression": Regression(),
}


def gate_words(gate: Gate) -> str:
    """The demand as people say it: `roc_auc at most 0.01 worse`, `roc_auc at least 0.80`."""
    return GATES[gate.kind].words(gate)


def gate_rule(gate: Gate, comparison: Comparison) -> str:
    """A digest of what a gate asks for: its settings, and of one that compares also the version it compares with.

    Whoever accepts a loss against one champion has accepted nothing against the next.
    """
    against = comparison.baseline.version if comparison.baseline and GATES[gate.kind].compares else None
    return digest([replace(gate, line=None), against])


def judge(
    gates: Sequence[Gate], measurement: Measurement, base_gates: Sequence[Gate] | None = None
) -> tuple[Verdict, ...]:
    """One verdict per gate, the head's in order of writing, then those that it removed.

    `gates` are the head's, `base_gates` those of the branch it wants to merge into (None: there is no such
    branch). A gate of the base that the head loosened or removed is judged as the base has it, and its verdict
    says so. Gates are the same when kind and metric are; written twice, each of the base's must be met by the
    head's of the same place.
    """
    verdicts = [
        replace(_one(gate, measurement), loosened=how) for gate, how in effective(tuple(gates), base_gates or ())
    ]
    return tuple(verdicts)


def _one(gate: Gate, measurement: Measurement) -> Verdict:
    return GATES[gate.kind].judge(gate, measurement)


def effective(head: tuple[Gate, ...], base: Sequence[Gate]) -> list[tuple[Gate, str | None]]:
    """The gates that count of the head's and the base's, each with how it was loosened."""
    left = list(base)
    chosen: list[tuple[Gate, str | None]] = []
    for gate in head:
        partner = next((b for b in left if (b.kind, b.metric) == (gate.kind, gate.metric)), None)
        if partner is None:
            chosen.append((gate, None))
            continue
        left.remove(partner)
        how = loosening.loosened(partner, gate, GATES[gate.kind].higher_is_stricter)
        # Its line is the head's: that is where a reader finds it.
        chosen.append((replace(partner, line=gate.line), how) if how else (gate, None))
    return chosen + [(replace(gate, line=None), loosening.removed(gate, gate_words)) for gate in left]
