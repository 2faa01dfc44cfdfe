"""What differs between two contracts, in words, and whether it lets more data pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cdml.contracts.check import LISTED, percent, value_of
from cdml.contracts.finding import named, value
from cdml.contracts.schema import Bound, Column, Schema

_WEIGHT = {"allow": 0, "warn": 1, "fail": 2}


@dataclass(frozen=True)
class Difference:
    """One rule that differs; `column` is empty for a rule on the table. `loosens`: data may pass that did not."""

    column: str
    said: str
    loosens: bool

    def __str__(self) -> str:
        return f"{named(self.column)}: {self.said}" if self.column else self.said


def differences(old: Schema, new: Schema) -> tuple[Difference, ...]:
    """From one contract to another: the table first, then columns in the order of the new one."""
    found = list(_table(old, new))
    for column in new.columns:
        before = old.column(column.name)
        if before is None:
            found.append(Difference(column.name, "new", False))
        else:
            found += [Difference(column.name, said, loosens) for said, loosens in _column(before, column)]
    found += [Difference(c.name, "removed", True) for c in old.columns if new.column(c.name) is None]
    return tuple(found)


def _table(old: Schema, new: Schema) -> Iterator[Difference]:
    for name, before, after in (("target", old.target, new.target), ("id", old.id, new.id)):
        if before != after:
            said = f"{name} {named(before or 'none')} → {named(after or 'none')}"
            yield Difference("", said, before is not None)
    for said, loosens in _bounds("rows min", old.rows_min, new.rows_min, 1):
        yield Difference("", said, loosens)
    for said, loosens in _bounds("rows max", old.rows_max, new.rows_max, -1):
        yield Difference("", said, loosens)
    for name, one, two in (
        ("other-columns", old.other_columns, new.other_columns),
        ("leaks", old.leaks, new.leaks),
        ("skew", old.skew, new.skew),
    ):
        if one != two:
            yield Difference("", f"{name} {one} → {two}", _WEIGHT[two] < _WEIGHT[one])
    for said, loosens in _sets("missing", old.missing, new.missing):
        yield Difference("", said, loosens)


def _column(old: Column, new: Column) -> Iterator[tuple[str, bool]]:
    if old.type != new.type:
        yield f"{old.type} → {new.type}", (old.type, new.type) != ("number", "integer")
    yield from _bounds("min", old.min, new.min, 1)
    yield from _bounds("max", old.max, new.max, -1)
    if old.nulls != new.nulls:
        yield f"nulls {percent(old.nulls)} → {percent(new.nulls)}", new.nulls > old.nulls
    yield from _values(old, new)
    if old.unique != new.unique:
        yield ("unique" if new.unique else "no longer unique"), old.unique
    if old.pattern != new.pattern:
        was, now = (value(p) if p else "none" for p in (old.pattern, new.pattern))
        yield f"pattern {was} → {now}", old.pattern is not None
    for place, before, after in (("serving", old.serving, new.serving), ("training", old.training, new.training)):
        if before != after:
            yield (f"there in {place}" if after else f"not there in {place}"), before
    yield from _sets("allow", old.allow, new.allow)


def _values(old: Column, new: Column) -> Iterator[tuple[str, bool]]:
    if old.values is None or new.values is None:
        if old.values != new.values:
            yield ("any value" if new.values is None else "listed values only"), new.values is None
        return
    yield from _sets("values", old.values, new.values)
    before, after = _unseen(old), _unseen(new)
    if before != after:
        weaker = _WEIGHT[new.unseen] < _WEIGHT[old.unseen] or new.unseen_share > old.unseen_share
        yield f"unseen {before} → {after}", weaker


def _unseen(column: Column) -> str:
    return percent(column.unseen_share) if column.unseen_share else column.unseen


def _bounds(name: str, old: Bound | None, new: Bound | None, sign: int) -> Iterator[tuple[str, bool]]:
    """`sign` is 1 for a least value, where less is looser, and -1 for a greatest one."""
    if old == new:
        return
    said = f"{name} {'none' if old is None else value_of(old)} → {'none' if new is None else value_of(new)}"
    if old is None or new is None:
        yield said, old is not None
    elif isinstance(old, str) or isinstance(new, str):
        yield said, (str(new) < str(old)) == (sign > 0)
    else:
        yield said, sign * new < sign * old


def _sets(name: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """What a list gained lets more pass; what it lost, less."""
    added = [item for item in new if item not in old]
    removed = [item for item in old if item not in new]
    if added:
        yield f"{name} + {_few(added)}", True
    if removed:
        yield f"{name} - {_few(removed)}", False


def _few(items: list[str]) -> str:
    more = f" and {len(items) - LISTED} more" if len(items) > LISTED else ""
    return ", ".join(value(item) for item in items[:LISTED]) + more
