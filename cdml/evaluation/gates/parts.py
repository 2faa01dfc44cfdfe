"""What a gate is judged on: all rows together, every slice of a column, or its groups beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdml.core.comparison import Direction, Outcome
from cdml.core.errors import ConfigError
from cdml.core.settings import Gate
from cdml.evaluation import numbers
from cdml.evaluation.compare import REPORTED, Measured, Measurement, measure
from cdml.evaluation.gates.kinds import GATES
from cdml.evaluation.gates.protocol import OfGroups, OfMetric
from cdml.evaluation.gates.question import Question
from cdml.evaluation.serving import SERVING
from cdml.evaluation.slices import EverySlice, every_slice

# Slices of fewer rows do not count: of 30 rows no interval here is narrow enough to decide much.
MIN_ROWS = 30
# More than anybody reads, and each of them asks more proof of all others.
MOST_SLICES = 200
MOST_NAMED = 3
LONGEST_NAME = 60


@dataclass(frozen=True)
class Part:
    """One thing that is judged. `name` is empty for all rows, else the slice: `sex female`.

    Without a question `outcome`, `measured` and `why` are the answer.
    """

    name: str = ""
    question: Question | None = None
    outcome: Outcome = Outcome.FAIL
    measured: str = "missing"
    why: str = ""


@dataclass(frozen=True)
class Asked:
    """All that is judged for one gate; at least one part. `rows` counts the test rows, `notes` are sentences.

    `missing_rows` are those of the baseline's that the candidate left out.
    """

    parts: tuple[Part, ...]
    rows: int = 0
    missing_rows: int = 0
    notes: tuple[str, ...] = ()


@dataclass
class Slices:
    """The slices of a measurement and what was measured on them, kept for the next gate that asks."""

    cuts: dict[tuple[int, str, int], EverySlice] = field(default_factory=dict)
    values: dict[tuple[int, str, int, str], dict[str, Measured]] = field(default_factory=dict)

    def cut(self, measurement: Measurement, by: str, fewest: int) -> EverySlice:
        """Every slice of so many rows. Raises ConfigError where there is no such column."""
        assert measurement.pair is not None  # noqa: S101 - `_of_slices` has looked
        key = (id(measurement), by, fewest)
        if key not in self.cuts:
            self.cuts[key] = every_slice(measurement.pair, by, fewest)
        return self.cuts[key]

    def measured(self, measurement: Measurement, by: str, fewest: int, metric: str) -> dict[str, Measured]:
        """A metric on each of them, by the slice's value."""
        key = (id(measurement), by, fewest, metric)
        if key not in self.values:
            found = self.cut(measurement, by, fewest).slices
            self.values[key] = {one.value: measure(one.pair, metric) for one in found}
        return self.values[key]


def ask(gate: Gate, measurement: Measurement, slices: Slices) -> Asked:
    """What a gate asks of a measurement: one question for each thing that it judges."""
    measured = measurement.known(gate.metric)
    if measured is None or measured.candidate is None:
        why = measured.method if measured else "it is not among the metrics"
        return _fixed(Outcome.FAIL, "missing", f"{gate.metric} was not measured: {why}.")
    if measurement.first and (passes := GATES[gate.kind].first):
        return _fixed(Outcome.PASS, "–", passes)
    missing = 0 if gate.metric in SERVING else measurement.missing_rows
    if not gate.by:
        return Asked((_part(gate, measured, measurement),), measured.rows, missing)
    if measurement.pair is None or measured.method.startswith(REPORTED):
        return _fixed(Outcome.FAIL, "missing", f"{gate.metric} is reported without predictions: no slices of it.")
    return _of_slices(gate, measurement, slices, measured.rows, missing)


def _fixed(outcome: Outcome, measured: str, why: str) -> Asked:
    return Asked((Part("", None, outcome, measured, why),))


def _of_slices(gate: Gate, measurement: Measurement, slices: Slices, rows: int, missing: int) -> Asked:
    fewest = gate.min_rows or MIN_ROWS
    try:
        found = slices.cut(measurement, gate.by, fewest)
    except ConfigError:
        return _fixed(Outcome.FAIL, "missing", f"the predictions have no column {gate.by} to slice by.")
    count = len(found.slices)
    if count > MOST_SLICES:
        why = (
            f"{gate.by} has {count:,} values of {fewest} rows or more; a gate takes at most {MOST_SLICES}: "
            "name a coarser column, or more min-rows."
        )
        return _fixed(Outcome.FAIL, f"{count:,} slices", why)
    values = slices.measured(measurement, gate.by, fewest, gate.metric)
    parts = [_gone(gate, value, before) for value, before in found.gone.items()]
    kind = GATES[gate.kind]
    if isinstance(kind, OfGroups):
        parts += _groups(gate, kind, values)
    else:
        parts += [_part(gate, one, measurement, value) for value, one in values.items()]
    if not parts:
        why = f"{_short(gate.by)} has no value of {fewest} rows or more."
        parts = [Part("", None, Outcome.INCONCLUSIVE, "no slice", why)]
    return Asked(tuple(parts), rows, missing, _notes(gate, found, fewest))


def _groups(gate: Gate, kind: OfGroups, values: Mapping[str, Measured]) -> list[Part]:
    """The groups beside each other, and those that tell nothing."""
    untold = {value: one for value, one in values.items() if one.own is None}
    parts = [Part(_called(gate, value), None, *_no_interval(gate, value, one)) for value, one in untold.items()]
    question = kind.ask_groups(gate, values)
    if question is not None:
        return [Part("", question), *parts]
    if not parts and values:
        (only,) = values
        why = f"{_called(gate, only)} is the only group of enough rows: there is nothing to compare it with."
        parts.append(Part("", None, Outcome.INCONCLUSIVE, "one group", why))
    return parts


def _part(gate: Gate, measured: Measured, measurement: Measurement, value: str | None = None) -> Part:
    name = "" if value is None else _called(gate, value)
    if measured.candidate is None:
        return Part(name, None, *_no_interval(gate, value, measured))
    kind = GATES[gate.kind]
    question = kind.ask(gate, measured) if isinstance(kind, OfMetric) else None
    if question is None:
        return Part(name, None, *_no_change(gate, measured, measurement, value))
    if question.estimate is None and question.outcome() is Outcome.INCONCLUSIVE:
        _, _, why = _no_interval(gate, value, measured)
        told = numbers.value(question.value, numbers.decimals(question.result))
        return Part(name, None, Outcome.INCONCLUSIVE, told, why)
    return Part(name, question)


def _no_change(
    gate: Gate, measured: Measured, measurement: Measurement, value: str | None
) -> tuple[Outcome, str, str]:
    """Why these rows do not tell how the metric changed."""
    metric = f"{gate.metric}{_where(gate, value)}"
    if measured.direction is Direction.NEITHER:
        return Outcome.FAIL, "no direction", f"{metric} is better neither higher nor lower: no change is a gain."
    if measurement.unpaired:
        why = f"{measurement.unpaired}: same rows or no claim."
    elif measured.method.startswith(REPORTED):
        why = f"{metric} is reported by the project, without predictions to test it on."
    elif measured.baseline is None:
        why = f"{metric} of the baseline is not known ({measured.method})."
    else:
        why = f"{metric} has no interval: {measured.method}."
    return Outcome.INCONCLUSIVE, "no interval", why


def _no_interval(gate: Gate, value: str | None, measured: Measured) -> tuple[Outcome, str, str]:
    known = "has no interval" if measured.candidate is not None else "cannot be measured"
    why = f"{gate.metric}{_where(gate, value)} {known}: {measured.method}."
    return Outcome.INCONCLUSIVE, "no interval", why


def _gone(gate: Gate, value: str, before: int) -> Part:
    why = f"no test row has {_called(gate, value)} any more; the baseline had {before:,}."
    return Part(_called(gate, value), None, Outcome.FAIL, "missing", why)


def _notes(gate: Gate, found: EverySlice, fewest: int) -> tuple[str, ...]:
    notes = []
    if found.small:
        named = [f"{_short(value)} ({rows:,})" for value, rows in list(found.small.items())[:MOST_NAMED]]
        more = [f"{len(found.small) - MOST_NAMED:,} more"] if len(found.small) > MOST_NAMED else []
        notes.append(f"Too few rows (under {fewest}) to count: {', '.join([*named, *more])}.")
    if found.moved:
        notes.append(
            f"{_short(gate.by)} is another in {found.moved:,} of the same rows: the baseline's values count."
        )
    return tuple(notes)


def _where(gate: Gate, value: str | None) -> str:
    return "" if value is None else f" for {_called(gate, value)}"


def _called(gate: Gate, value: str) -> str:
    """A slice's name: `sex female`."""
    return f"{_short(gate.by)} {_short(value)}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"
