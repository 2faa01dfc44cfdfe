"""Along which axes two models differ, and in what: model, code and data are versioned apart, so a report names each."""

from __future__ import annotations

from collections.abc import Mapping

from cdml.core.comparison import Axis, AxisChange
from cdml.core.settings import Gate
from cdml.evaluation.gates import gate_words
from cdml.state.snapshot import Snapshot, Store

MOST = 6
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
        _axis(Axis.GATES, _gates(base.settings.evaluate.gates, head.settings.evaluate.gates)),
    )


def _axis(axis: Axis, details: list[str]) -> AxisChange:
    more = [f"{len(details) - MOST} more"] if len(details) > MOST else []
    return AxisChange(axis, bool(details), tuple(details[:MOST] + more))


def _code(base: Snapshot, head: Snapshot) -> list[str]:
    found = _differing(base.inputs.code, head.inputs.code)
    if not found and base.inputs.recipe != head.inputs.recipe:
        return ["commands in mlops.yaml"]
    return found


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return sorted(key for key in {*old, *new} if old.get(key) != new.get(key))


def _values(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return [f"{key} {_short(old.get(key))}→{_short(new.get(key))}" for key in _differing(old, new)]


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _packages(old: str, new: str) -> list[str]:
    return _values(_lines(old), _lines(new))


def _lines(text: str) -> dict[str, object]:
    pairs = (line.lstrip("# ").partition("==") for line in text.splitlines() if line.strip())
    return {name if mark else "python": value if mark else name for name, mark, value in pairs}


def _gates(old: tuple[Gate, ...], new: tuple[Gate, ...]) -> list[str]:
    before, after = ({gate_words(g): g.on_inconclusive for g in gates} for gates in (old, new))
    return [f"{'removed' if name not in after else 'new'}: {name}" for name in _differing(before, after)]


def _files(
    store: Store, base: Snapshot, head: Snapshot, old: Mapping[str, str], new: Mapping[str, str]
) -> list[str]:
    return [_file(store, base, head, path) for path in _differing(old, new)]


def _file(store: Store, base: Snapshot, head: Snapshot, path: str) -> str:
    """`train.csv +8,214 rows (+9.1 %), new region`, or the name alone where it is no small table."""
    before, after = (_table(store.read(snapshot.code, path), path) for snapshot in (base, head))
    if before is None or after is None:
        return path
    added = after[1] - before[1]
    share = f" ({added / before[1]:+.1%})".replace("%", " %") if before[1] else ""
    rows = f"{added:+,} rows{share}".replace("-", "−") if added else "same number of rows"
    names = [f"new {c}" for c in sorted(after[0] - before[0])]
    names += [f"without {c}" for c in sorted(before[0] - after[0])]
    return ", ".join([f"{path} {rows}", *names])


def _table(content: bytes | None, path: str) -> tuple[set[str], int] | None:
    """Columns and rows of a CSV file."""
    if content is None or not path.endswith(".csv") or len(content) > TABLE_BYTES:
        return None
    head, _, _ = content.partition(b"\n")
    names = {name.strip().strip('"') for name in head.decode("utf-8", "replace").split(",")}
    return names, max(0, content.rstrip(b"\n").count(b"\n"))
