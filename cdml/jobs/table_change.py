"""What differs between two tables, in a few words: rows, columns, their types, and values of categories."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from cdml.jobs.axis_words import MOST, first, short
from cdml.jobs.tables import Table

MOST_VALUES = 50
_ABSENT = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"})
_LONGEST = 110  # characters: with the file's name it stays a line that a report shows whole


@dataclass
class Column:
    """One column as it is read: its distinct values while they are few, and whether all are numbers."""

    values: set[str] | None = field(default_factory=set)
    number: bool = True
    filled: bool = False

    def add(self, cells: Sequence[str]) -> None:
        """Take the cells of a block."""
        if self.values is not None:
            self.values |= set(cells)
            self.values = self.values if len(self.values) <= MOST_VALUES else None
        if self.number and not _all_numbers(cells):
            self.number = _all_numbers(set(cells) - _ABSENT)
        self.filled = self.filled or any(cell not in _ABSENT for cell in cells)

    @property
    def kind(self) -> str:
        """The type of a column of text cells; empty where none is filled."""
        return "" if not self.filled else "number" if self.number else "text"


@dataclass(frozen=True)
class Seen:
    """A whole table: its rows' number, its columns, and a digest of each row (of the columns that both have)."""

    rows: int
    columns: dict[str, Column]
    kinds: dict[str, str]
    digests: array[int]

    def category(self, name: str) -> set[str] | None:
        """The values of a column of text that has few of them, each more than once on average; else None."""
        values = self.columns[name].values
        if self.kinds[name] != "text" or values is None or self.rows < 2 * len(values):
            return None
        return values - {""}


def table_change(old: Table, new: Table) -> str:
    """`+8,214 rows (+9.1 %), new region, without y, age number→text, new sex=x`."""
    both = [name for name in dict.fromkeys(old.names) if name in new.names]
    before, after = (_read(table, both) for table in (old, new))
    columns = [f"new {short(name)}" for name in sorted({*new.names} - {*old.names})]
    columns += [f"without {short(name)}" for name in sorted({*old.names} - {*new.names})]
    columns += [words for name in sorted(both) for words in _column(name, before, after)]
    rows = _rows(before, after, bool(both))
    if columns and rows == "same rows":
        rows = "same number of rows"
    return ", ".join([rows, *_within(columns)])


def _within(words: list[str]) -> list[str]:
    """As many as a reader reads; never more than there is room for."""
    room, kept = _LONGEST, 0
    for word in words:
        room -= len(word) + 2
        kept += room >= 0
    return first(words, "{} more changes of columns", min(kept, MOST))


def _read(table: Table, both: Sequence[str]) -> Seen:
    """One pass over a table."""
    place = {name: at for at, name in reversed([*enumerate(table.names)])}
    columns = {name: Column() for name in place}
    digests: array[int] = array("q")
    chosen = [place[name] for name in both]
    for block in table.blocks():
        for cells, name in zip(zip(*block, strict=True), table.names, strict=True):
            columns[name].add(cells)
        digests.extend(_digests(block, chosen))
    kinds = {name: table.kinds[name] if table.kinds else column.kind for name, column in columns.items()}
    return Seen(len(digests), columns, kinds, digests)


def _digests(block: Sequence[Sequence[str]], chosen: list[int]) -> Iterable[int]:
    """A number for each row that only equal rows share, as good as always: 64 bits, of this process alone."""
    return map(hash, map(itemgetter(*chosen), block)) if chosen else [0] * len(block)


def _rows(old: Seen, new: Seen, comparable: bool) -> str:
    """`+60 −50 rows (+1.7 %)`: rows are the same when their cells are; a changed one went and came."""
    change = new.rows - old.rows
    added, removed = _moved(old.digests, new.digests) if comparable else (max(change, 0), max(-change, 0))
    if added == removed:
        if added:
            return f"{added:,} of {new.rows:,} rows changed"
        return "same rows" if old.digests == new.digests or not comparable else "the same rows in another order"
    signed = [f"{sign}{count:,}" for sign, count in (("+", added), ("−", removed)) if count]
    noun = "row" if added + removed == 1 else "rows"
    return f"{' '.join(signed)} {noun}{_share(change, old.rows)}"


def _moved(old: array[int], new: array[int]) -> tuple[int, int]:
    """How many rows only the new table has, and how many only the old one; equal rows are counted."""
    import numpy as np

    sides = [np.frombuffer(digests, dtype=np.int64) for digests in (old, new)]
    values, place = np.unique(np.concatenate(sides), return_inverse=True)
    counts = [np.bincount(part, minlength=len(values)) for part in np.split(place, [len(old)])]
    more = counts[1] - counts[0]
    return int(more[more > 0].sum()), int(-more[more < 0].sum())


def _share(change: int, before: int) -> str:
    """` (+9.1 %)`; a share that would round to nothing with one more digit, and none where there was no row."""
    share = 100 * change / before if before else 0.0
    if abs(share) < 0.0001:
        return ""
    digits = 1 if abs(share) >= 0.05 else 2 if abs(share) >= 0.005 else 4
    return f" ({share:+,.{digits}f} %)".replace("-", "−")


def _column(name: str, old: Seen, new: Seen) -> list[str]:
    """How one column that both have differs: its type, or else the values of a category."""
    before, after = old.kinds[name], new.kinds[name]
    if before and after and before != after:
        return [f"{short(name)} {before}→{after}"]
    was, now = old.category(name), new.category(name)
    if was is None or now is None:
        return []
    words = [f"new {short(name)}={short(value)}" for value in sorted(now - was)]
    return words + [f"without {short(name)}={short(value)}" for value in sorted(was - now)]


def _all_numbers(cells: Iterable[str]) -> bool:
    try:
        deque(map(float, cells), maxlen=0)
    except ValueError:
        return False
    return True
