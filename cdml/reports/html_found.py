"""What was found beyond metrics and gates, as plain rows that the HTML report's template escapes."""

from __future__ import annotations

from dataclasses import dataclass

from cdml.core.comparison import Comparison
from cdml.reports.escape import legible
from cdml.reports.found import Found, constant_words, tables


@dataclass(frozen=True)
class FoundTable:
    """One table: its cells as (text, whether it is a number), the first cell of a row being its name."""

    title: str
    heading: list[tuple[str, bool]]
    rows: list[list[tuple[str, bool]]]
    said: str


def found_tables(comparison: Comparison) -> list[FoundTable]:
    """All tables, in the order in which they are shown."""
    return [_table(one) for one in tables(comparison, groups=True)]


def constant_line(comparison: Comparison) -> str:
    """What the best constant answer has, in a sentence; empty where no metric has one."""
    return legible(constant_words(comparison))


def _table(one: Found) -> FoundTable:
    return FoundTable(
        title=legible(one.title),
        heading=_cells(one.heading, one.right),
        rows=[_cells(row, one.right) for row in one.rows],
        said=legible(one.said),
    )


def _cells(row: tuple[str, ...], right: tuple[int, ...]) -> list[tuple[str, bool]]:
    return [(legible(cell), place in right) for place, cell in enumerate(row)]
