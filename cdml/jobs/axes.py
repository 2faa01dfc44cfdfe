"""Along which axes two models differ, and in what: model, code and data are versioned apart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from cdml.core.comparison import Axis, AxisChange
from cdml.core.settings import Gate, Settings
from cdml.evaluation.gates import gate_words
from cdml.jobs.axis_files import Side, file_changes
from cdml.jobs.axis_words import NAME_LENGTH, differing, first, marked, short
from cdml.state.snapshot import Snapshot, Store


def changes(store: Store, base: Snapshot, head: Snapshot) -> tuple[AxisChange, ...]:
    """Every axis in the order of the design's report; details are few and short."""
    old, new = base.inputs, head.inputs
    return (
        _axis(Axis.DATA, file_changes(store, Side(base.code, old.data), Side(head.code, new.data))),
        _axis(Axis.PARAMETERS, _values(old.parameters, new.parameters)),
        _axis(Axis.CODE, _code(base, head)),
        _axis(Axis.ENVIRONMENT, _packages(base.environment, head.environment)),
        _axis(Axis.TEST_DATA, file_changes(store, Side(base.code, old.test_data), Side(head.code, new.test_data))),
        _axis(Axis.GATES, _gates(base.settings, head.settings)),
    )


def _axis(axis: Axis, details: list[str]) -> AxisChange:
    return AxisChange(axis, bool(details), tuple(first(details)))


def _code(base: Snapshot, head: Snapshot) -> list[str]:
    old, new = base.inputs.code, head.inputs.code
    found = [marked(path, old, new) for path in differing(old, new)]
    return found + (["stages or target"] if base.inputs.recipe != head.inputs.recipe else [])


def _values(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return [f"{short(key, NAME_LENGTH)} {_change(key, old, new)}" for key in differing(old, new)]


def _change(key: str, old: Mapping[str, object], new: Mapping[str, object]) -> str:
    before, after = (_value(key, values) for values in (old, new))
    if isinstance(old.get(key), list) and isinstance(new.get(key), list):
        return _items([_text(v) for v in old[key]], [_text(v) for v in new[key]])  # type: ignore[attr-defined]
    return f"{before}→{after}"


def _items(old: list[str], new: list[str]) -> str:
    """`+bmi +s4 −s1`: what a list gained and lost, which two cut lists would not show."""
    added, removed = Counter(new) - Counter(old), Counter(old) - Counter(new)
    words = [f"+{short(v)}" for v in added.elements()] + [f"−{short(v)}" for v in removed.elements()]
    return " ".join(first(words, "and {} more")) or "in another order"


def _value(key: str, values: Mapping[str, object]) -> str:
    return short(_text(values[key])) if key in values else "none"


def _text(value: object) -> str:
    """A value as a parameters file writes it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _packages(old: str, new: str) -> list[str]:
    return _values(_lines(old), _lines(new))


def _lines(text: str) -> dict[str, object]:
    """Versions by package; the interpreter's own stands in the first line's comment."""
    found: dict[str, object] = {}
    for line in text.splitlines():
        name, mark, version = line.partition("==")
        if mark:
            found[name] = version
        elif line.startswith("# python "):
            found["python"] = line.removeprefix("# python ")
    return found


def _gates(base: Settings, head: Settings) -> list[str]:
    """Gates in words; one whose demand is the same but not what it does when undecided, with that."""
    old, new = ({gate_words(_named(g, s)): g.on_inconclusive for g in s.evaluate.gates} for s in (base, head))
    return [_gate(name, old, new) for name in differing(old, new)]


def _gate(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    if name in old and name in new:
        return f"{name}: on-inconclusive {old[name]}→{new[name]}"
    return f"{'new' if name in new else 'removed'}: {name}"


def _named(gate: Gate, settings: Settings) -> Gate:
    metrics = settings.evaluate.metrics
    return replace(gate, metric=gate.metric or (metrics[0] if metrics else "the primary metric"))
