"""Along which axes two models differ, and in what: model, code and data are versioned apart."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from cdml.core.comparison import Axis, AxisChange
from cdml.core.serialize import digest
from cdml.core.settings import Gate, Settings
from cdml.evaluation.gates import gate_words
from cdml.state.snapshot import Snapshot, Store

MOST = 6
NAME_LENGTH = 80
TABLE_BYTES = 50_000_000


def changes(store: Store, base: Snapshot, head: Snapshot) -> tuple[AxisChange, ...]:
    """Every axis in the order of the design's report; details are few and short."""
    old, new = base.inputs, head.inputs
    return (
        _axis(Axis.DATA, _files(store, base, head, old.data, new.data)),
        _axis(Axis.PARAMETERS, _values(old.parameters, new.parameters)),
        _axis(Axis.CODE, _code(base, head)),
        _axis(Axis.ENVIRONMENT, _packages(base.environment, head.environment)),
        _axis(Axis.TEST_DATA, _files(store, base, head, old.test_data, new.test_data)),
        _axis(Axis.GATES, _gates(base.settings, head.settings)),
    )


def _axis(axis: Axis, details: list[str]) -> AxisChange:
    more = [f"{len(details) - MOST} more"] if len(details) > MOST else []
    return AxisChange(axis, bool(details), tuple(details[:MOST] + more))


def _code(base: Snapshot, head: Snapshot) -> list[str]:
    found = _names(base.inputs.code, head.inputs.code)
    return found + (["stages or target"] if base.inputs.recipe != head.inputs.recipe else [])


def _names(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return [f"{_mark(key, old, new)}{_short(key, NAME_LENGTH)}" for key in _differing(old, new)]


def _mark(key: str, old: Mapping[str, object], new: Mapping[str, object]) -> str:
    return "new " if key not in old else "without " if key not in new else ""


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """Keys whose value differs; 1, 1.0 and true are three values to a program, null is not the same as no key."""
    return sorted(k for k in {*old, *new} if k not in old or k not in new or digest(old[k]) != digest(new[k]))


def _values(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return [f"{_short(key, NAME_LENGTH)} {_change(key, old, new)}" for key in _differing(old, new)]


def _change(key: str, old: Mapping[str, object], new: Mapping[str, object]) -> str:
    before, after = (_value(key, values) for values in (old, new))
    if isinstance(old.get(key), list) and isinstance(new.get(key), list):
        return _items([_text(v) for v in old[key]], [_text(v) for v in new[key]])  # type: ignore[attr-defined]
    return f"{before}→{after}"


def _items(old: list[str], new: list[str]) -> str:
    """`+bmi +s4 −s1`: what a list gained and lost, which two cut lists would not show."""
    added, removed = Counter(new) - Counter(old), Counter(old) - Counter(new)
    words = [f"+{_short(v)}" for v in added.elements()] + [f"−{_short(v)}" for v in removed.elements()]
    more = [f"and {len(words) - MOST} more"] if len(words) > MOST else []
    return " ".join(words[:MOST] + more) or "in another order"


def _value(key: str, values: Mapping[str, object]) -> str:
    return _short(_text(values[key])) if key in values else "none"


def _text(value: object) -> str:
    """A value as a parameters file writes it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _short(text: str, most: int = 40) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else f"{text[: most - 1]}…"


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
    return [_gate(name, old, new) for name in _differing(old, new)]


def _gate(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    if name in old and name in new:
        return f"{name}: on-inconclusive {old[name]}→{new[name]}"
    return f"{'new' if name in new else 'removed'}: {name}"


def _named(gate: Gate, settings: Settings) -> Gate:
    metrics = settings.evaluate.metrics
    return replace(gate, metric=gate.metric or (metrics[0] if metrics else "the primary metric"))


def _files(
    store: Store, base: Snapshot, head: Snapshot, old: Mapping[str, str], new: Mapping[str, str]
) -> list[str]:
    return [
        _file(store, base, head, path) if path in old and path in new else name
        for path, name in zip(_differing(old, new), _names(old, new), strict=True)
    ]


def _file(store: Store, base: Snapshot, head: Snapshot, path: str) -> str:
    """`train.csv +8,214 rows (+9.1 %), new region`, or the name alone where it is no small table."""
    before, after = (_table(store, snapshot.code, path) for snapshot in (base, head))
    name = _short(path, NAME_LENGTH)
    if before is None or after is None:
        return name
    added = after[1] - before[1]
    share = f" ({added / before[1]:+.1%})".replace("%", " %") if before[1] else ""
    rows = f"{added:+,} rows{share}".replace("-", "−") if added else "same number of rows"
    columns = [f"new {_short(c)}" for c in sorted(after[0] - before[0])]
    columns += [f"without {_short(c)}" for c in sorted(before[0] - after[0])]
    more = [f"{len(columns) - MOST} more columns"] if len(columns) > MOST else []
    return ", ".join([f"{name} {rows}", *columns[:MOST], *more])


def _table(store: Store, commit: str, path: str) -> tuple[set[str], int] | None:
    """Columns and rows of a small CSV file; None of anything else."""
    size = store.size(commit, path) if path.endswith(".csv") else None
    if size is None or size > TABLE_BYTES:
        return None
    content = store.read(commit, path)
    if content is None:
        return None
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    try:
        names = {name.strip() for name in next(rows, [])}
        return names, sum(1 for row in rows if row)
    except csv.Error:  # a cell larger than any of a table's
        return None
