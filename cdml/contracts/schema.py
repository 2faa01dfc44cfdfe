"""A contract as frozen data: columns, and rules on the table as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "integer", "number", "boolean", "time"]
Severity = Literal["fail", "warn", "allow"]
Finds = Literal["leak", "id", "skew"]
Bound = float | str

NUMBERS: tuple[Type, ...] = ("integer", "number")


@dataclass(frozen=True)
class Column:
    """One column.

    `nulls` is the largest share of empty cells, from 0 to 1. `min` and `max` are inclusive: numbers, or ISO text
    of a time. `values` are the allowed ones as text (None: any); `unseen` says what another value is, and up to
    `unseen_share` of the rows may have one without a word. `pattern` must match the whole cell. A column with
    `serving` False is not there when the model is asked, one with `training` False not in training data. `allow`
    names findings that are known and accepted.
    """

    name: str
    type: Type = "text"
    nulls: float = 0.0
    min: Bound | None = None
    max: Bound | None = None
    values: tuple[str, ...] | None = None
    unseen: Severity = "fail"
    unseen_share: float = 0.0
    unique: bool = False
    pattern: str | None = None
    serving: bool = True
    training: bool = True
    allow: tuple[Finds, ...] = ()
    description: str = ""

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.type in NUMBERS


@dataclass(frozen=True)
class Schema:
    """A contract. `missing` are words that stand for an empty cell in columns that are no text.

    `other_columns`, `leaks` and `skew` say what a column that the contract does not name, a leak from the target
    or from training to test data, and a shift between training and other data are. `examples` says whether
    findings may show values: a comment may be read by more people than the data.
    """

    columns: tuple[Column, ...]
    rows_min: int | None = None
    rows_max: int | None = None
    target: str | None = None
    id: str | None = None
    missing: tuple[str, ...] = ()
    other_columns: Severity = "fail"
    leaks: Severity = "fail"
    skew: Severity = "warn"
    examples: bool = True

    def column(self, name: str) -> Column | None:
        """One column by name."""
        return next((column for column in self.columns if column.name == name), None)

    def features(self) -> tuple[Column, ...]:
        """What a model may learn from: there in training and in serving, and neither id nor target."""
        own = (self.target, self.id)
        return tuple(c for c in self.columns if c.serving and c.training and c.name not in own)
