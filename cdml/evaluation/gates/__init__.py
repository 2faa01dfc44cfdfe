"""Gates: demands on metrics, one module per kind, named in one dictionary, judged together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cdml.core.comparison import Comparison, Verdict
from cdml.core.serialize import digest
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement
from cdml.evaluation.gates import loosening
from cdml.evaluation.gates.identity import gate_id, gate_ids
from cdml.evaluation.gates.judging import Chosen, verdicts
from cdml.evaluation.gates.kinds import GATES, gate_words

__all__ = ["GATES", "effective", "gate_id", "gate_ids", "gate_rule", "gate_words", "judge"]


def gate_rule(gate: Gate, comparison: Comparison) -> str:
    """A digest of what a gate asks for: its settings, and of one that compares also the version it compares with.

    Whoever accepts a loss against one champion (or one `latest`) has accepted nothing against the next.
    """
    against = None
    if GATES[gate.kind].first is not None:
        version = comparison.baseline.version if comparison.baseline else None
        against = dict(comparison.opponents).get(gate.against) if gate.against else version
    return digest([replace(gate, line=None), against])


def judge(
    gates: Sequence[Gate],
    measurement: Measurement,
    base_gates: Sequence[Gate] | None = None,
    *,
    others: Mapping[tuple[str, str], Measurement] | None = None,
) -> tuple[Verdict, ...]:
    """One verdict per gate, the head's in order of writing, then those that it removed.

    `gates` are the head's, `base_gates` those of the branch it wants to merge into (None: there is no such
    branch). A gate of the base that the head loosened or removed is judged as the base has it, and its verdict
    says so. Gates are the same when kind, metric and what they are judged on are; written twice, each of the
    base's must be met by the head's of the same place. `others` holds, by (dataset, against), what was measured
    for gates that name either.
    """
    return verdicts(_chosen(tuple(gates), base_gates or ()), {("", ""): measurement, **(others or {})})


def effective(head: tuple[Gate, ...], base: Sequence[Gate]) -> list[tuple[Gate, str | None]]:
    """The gates that count of the head's and the base's, each with how it was loosened."""
    return [(one.gate, one.loosened) for one in _chosen(head, base)]


def _chosen(head: tuple[Gate, ...], base: Sequence[Gate]) -> list[Chosen]:
    left = list(base)
    chosen: list[Chosen] = []
    for gate in head:
        partner = next((other for other in left if _place(other) == _place(gate)), None)
        if partner is None:
            chosen.append(Chosen(gate))
            continue
        left.remove(partner)
        how = loosening.loosened(partner, gate, GATES[gate.kind].higher_is_stricter)
        # Its line is the head's: that is where a reader finds it.
        chosen.append(Chosen(replace(partner, line=gate.line) if how else gate, how, known=True))
    gone = (Chosen(replace(gate, line=None), loosening.REMOVED, known=True) for gate in left)
    return [*chosen, *gone]


def _place(gate: Gate) -> tuple[str, ...]:
    """What two gates have in common that ask for the same thing, each as much of it as it likes."""
    return gate.kind, gate.metric, gate.by, gate.dataset, gate.against
