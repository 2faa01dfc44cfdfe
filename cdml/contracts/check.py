"""The rules of a contract on the cells of a table, block by block."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cdml.contracts.cells import Cells, words
from cdml.contracts.finding import SHOWN, Finding, Level, named, value
from cdml.contracts.schema import Column, Schema, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

LISTED = 5  # values or names in a sentence
KINDS = {
    "text": "text",
    "integer": "a whole number",
    "number": "a finite number",
    "boolean": "true or false",
    "time": "an ISO date or time",
}


@dataclass
class Tally:
    """How often a rule was broken so far, and the first few times."""

    rows: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Checker:
    """A contract's rules on the columns of one table, whose blocks come one after the other.

    `serving` says that the table is what a model is asked: columns that only training data have are not missed.
    """

    schema: Schema
    data: str
    path: str
    serving: bool = False
    rows: int = 0
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    absent: dict[str, None] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)

    def add(self, names: list[str], cells: Mapping[str, Cells], rows: int) -> None:
        """Look at a block of `rows` rows with these columns; `cells` are those that the contract names."""
        known = {column.name for column in self.schema.columns}
        self.others.update(dict.fromkeys(name for name in names if name not in known))
        for column in self.schema.columns:
            if column.name in cells:
                self._column(column, cells[column.name])
            else:
                self.absent[column.name] = None
        self.rows += rows

    def _column(self, column: Column, cells: Cells) -> None:
        good = cells.good
        self._note(column, "type", cells.wrong, cells)
        self._note(column, "nulls", cells.empty, cells)
        for rule, bound in (("min", column.min), ("max", column.max)):
            if bound is not None:
                limit = _bound(column, bound)
                beyond = cells.values < limit if rule == "min" else cells.values > limit
                self._note(column, rule, good & beyond, cells)
        if column.values is not None:
            self._note(column, "values", good & ~_among(column, cells.values, good, column.values), cells)
        if column.pattern is not None:
            fits = re.compile(column.pattern)
            self._note(column, "pattern", good & ~_matching(fits, cells.values, good), cells)

    def _note(self, column: Column, rule: str, broken: NDArray[Any], cells: Cells) -> None:
        count = int(broken.sum())
        if not count:
            return
        tally = self.tallies.setdefault((column.name, rule), Tally())
        tally.rows += count
        for place in broken.nonzero()[0][: SHOWN - len(tally.examples)]:
            row = f"row {self.rows + int(place) + 1:,}"
            shown = self.schema.examples and rule != "nulls"
            tally.examples.append(f"{_cell(column, cells, int(place))} ({row})" if shown else row)

    def findings(self) -> tuple[Finding, ...]:
        """What was found, the table first, then column by column."""
        found = [*self._table()]
        for column in self.schema.columns:
            found += [
                self._finding(column.name, rule, said, severity, tally)
                for (name, rule), tally in self.tallies.items()
                if name == column.name
                for said, severity in [self._judged(column, rule, tally)]
                if severity != "allow"
            ]
        return tuple(found)

    def _table(self) -> list[Finding]:
        schema, found = self.schema, []
        if not self.rows:
            return [self._of_table("rows", "there is none")]
        least, most = (None, None) if self.serving else (schema.rows_min, schema.rows_max)
        if least is not None and self.rows < least:
            found.append(self._of_table("rows", f"there are {self.rows:,}, at least {least:,} are asked for"))
        if most is not None and self.rows > most:
            found.append(self._of_table("rows", f"there are {self.rows:,}, at most {most:,} are allowed"))
        for column in schema.columns:
            wanted = column.serving if self.serving else column.training
            if wanted and column.name in self.absent:
                found.append(self._finding(column.name, "column", "is missing", "fail"))
        if self.others and schema.other_columns != "allow":
            names = [named(name) for name in [*self.others][:LISTED]]
            more = f" and {len(self.others) - LISTED} more" if len(self.others) > LISTED else ""
            said = f"the contract does not name {', '.join(names)}{more}"
            found.append(self._of_table("other-columns", said, schema.other_columns))
        return found

    def _judged(self, column: Column, rule: str, tally: Tally) -> tuple[str, Severity]:
        """The sentence of a broken rule, and how bad it is."""
        if rule == "type":
            return f"not {KINDS[column.type]}", "fail"
        if rule == "nulls":
            share = tally.rows / self.rows
            said = f"empty, at most {percent(column.nulls)} may be" if column.nulls else "empty"
            return said, "fail" if share > column.nulls else "allow"
        if rule == "values":
            severity = "allow" if tally.rows <= column.unseen_share * self.rows else column.unseen
            return f"not among {_listed(column)}", severity
        if rule == "pattern":
            return f"not of the form {value(column.pattern)}", "fail"
        bound = column.min if rule == "min" else column.max
        return f"{'below' if rule == 'min' else 'above'} {value_of(bound)}", "fail"

    def _of_table(self, rule: str, said: str, severity: Severity = "fail") -> Finding:
        return self._finding("", rule, said, severity)

    def _finding(
        self, column: str, rule: str, said: str, severity: Severity, tally: Tally | None = None
    ) -> Finding:
        level: Level = "warn" if severity == "warn" else "fail"
        rows, examples = (tally.rows, tuple(tally.examples)) if tally else (0, ())
        return Finding(self.data, self.path, column, rule, said, level, rows, self.rows, examples)


def percent(share: float) -> str:
    """A share in percent with the digits that it was written with."""
    return f"{share * 100:.10g} %"


def value_of(bound: object) -> str:
    """A bound as the contract writes it."""
    return f"{bound:.12g}" if isinstance(bound, (int, float)) else str(bound)


def _bound(column: Column, bound: float | str) -> Any:
    import pandas as pd

    if column.type != "time":
        return bound
    time = pd.Timestamp(bound)
    return (time if time.tz is None else time.tz_convert("UTC").tz_localize(None)).to_datetime64()


def _among(column: Column, values: Any, good: NDArray[Any], allowed: tuple[str, ...]) -> NDArray[Any]:
    """Which of the good cells hold one of the allowed values; the distinct ones are looked up."""
    import numpy as np
    import pandas as pd

    found = np.zeros(len(values), dtype=bool)
    codes, distinct = pd.factorize(values[good])
    known = np.isin(words(distinct, column.type).astype(str), np.array(allowed, dtype=str))
    found[good] = known[codes] if len(codes) else False
    return found


def _matching(fits: re.Pattern[str], values: Any, good: NDArray[Any]) -> NDArray[Any]:
    import numpy as np
    import pandas as pd

    found = np.zeros(len(values), dtype=bool)
    codes, distinct = pd.factorize(values[good])
    known = np.array([fits.fullmatch(text) is not None for text in distinct], dtype=bool)
    found[good] = known[codes] if len(codes) else False
    return found


def _cell(column: Column, cells: Cells, place: int) -> str:
    """A cell as people read it: a number as one, however its block was read."""
    if column.numeric and math.isfinite(cells.values[place]):
        return value(float(cells.values[place]))
    raw = cells.raw.iloc[place]
    return value(raw.item() if hasattr(raw, "item") else raw)


def _listed(column: Column) -> str:
    values = column.values or ()
    shown = ", ".join(value(item) if column.type == "text" else item for item in values[:LISTED])
    return shown + (f" and {len(values) - LISTED} more" if len(values) > LISTED else "")
