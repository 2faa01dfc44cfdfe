"""What breaks a contract, as data: every reporter says it in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["fail", "warn"]

SHOWN = 3
_LONGEST = 40
_NAME = 80


@dataclass(frozen=True)
class Finding:
    """One broken rule.

    `data` is the name of the file under contract, `column` is empty where the whole table is meant. `said` is the
    sentence without its column, `rows` how many of `total` rows break the rule (0 of a rule that is not on rows),
    `examples` at most three of them in words.
    """

    data: str
    path: str
    column: str
    rule: str
    said: str
    severity: Level = "fail"
    rows: int = 0
    total: int = 0
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line: the column, the rule, how many rows, and three of them."""
        where = f"{named(self.column)}: " if self.column else ""
        count = f"{self.rows:,} of {self.total:,} rows: " if self.rows else ""
        shown = f": {', '.join(self.examples)}" if self.examples else ""
        return f"{where}{self.rule}: {count}{self.said}{shown}"


def named(text: str) -> str:
    """A column's name in a line: printable, and never longer than a reader follows."""
    return _printable(text, _NAME)


def value(cell: object) -> str:
    """A cell in a line: quoted, printable and short."""
    text = "true" if cell is True else "false" if cell is False else str(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        text = str(int(cell))
    return repr(_printable(text, _LONGEST)) if isinstance(cell, str) else _printable(text, _LONGEST)


def _printable(text: str, most: int) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text.encode("utf-8", "backslashreplace").decode())
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"
