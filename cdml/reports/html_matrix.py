"""The confusion matrix and the flipped rows as tables: numbers with the words that the template escapes."""

from __future__ import annotations

from dataclasses import dataclass

from cdml.core.diagnostics import Confusion, FlippedRow, Flips
from cdml.evaluation.numbers import MINUS
from cdml.reports.escape import legible
from cdml.reports.flips import flips_words
from cdml.reports.html_axes import percent

SHADES = 8
# From here on a matrix shows counts alone: its cells are narrow.
MANY = 7


@dataclass(frozen=True)
class Cell:
    """Rows of one class that were taken for one: how many, their share of the class, the change, and the shade."""

    count: str
    share: str
    change: str
    look: str


@dataclass(frozen=True)
class Matrix:
    """Rows by truth; `shown` says what the small numbers are."""

    classes: list[str]
    rows: list[list[Cell]]
    note: str
    wide: bool


@dataclass(frozen=True)
class Flipped:
    """The rows whose answer flipped, or whose error changed: in a sentence, and some of them as a table."""

    title: str
    says: str
    opens: str
    note: str
    columns: list[str]
    rows: list[tuple[str, list[str], str, str, str, str, str]]


def matrix(found: Confusion | None, baseline: str) -> Matrix | None:
    """The candidate's matrix, with its change from the baseline's."""
    if found is None or not found.classes:
        return None
    wide = len(found.classes) > MANY
    before = found.baseline or ()
    rows = [
        [_cell(row, place, before[line] if before else None, line == place) for place in range(len(row))]
        for line, row in enumerate(found.candidate)
    ]
    parts = ["Rows are what is true, columns what was answered; the shade is the share of the row."]
    parts += [f"Signed numbers are the change from {baseline}."] if before else []
    parts += [f"The {found.others:,} rarest classes are counted as one."] if found.others else []
    return Matrix([legible(name) for name in found.classes], rows, " ".join(parts), wide)


def _cell(row: tuple[int, ...], place: int, before: tuple[int, ...] | None, right: bool) -> Cell:
    total, count = sum(row), row[place]
    share = count / total if total else 0.0
    change = count - before[place] if before else 0
    look = f"shade-{min(SHADES, round(share * SHADES))}{' right' if right else ''}"
    return Cell(
        f"{count:,}", percent(share) if total else "", f"{change:+,}".replace("-", MINUS) if change else "", look
    )


def flipped(found: Flips | None) -> Flipped | None:
    """The sentence and the table; None where no answer changed."""
    if found is None or not (found.fixed or found.broken or found.moved):
        return None
    some = len(found.examples) < found.fixed + found.broken
    opens = f"Show {len(found.examples)} of them" if some else "Show them"
    note = "Those whose score moved farthest, or the first ones where there are no scores." if some else ""
    left_out = " The rows themselves are left out." if found.fixed + found.broken and not found.examples else ""
    says = flips_words(found) + left_out
    return _table("Flipped answers", says, opens, note, found.examples, ("fixed", "broken"))


def moved(found: tuple[FlippedRow, ...]) -> Flipped | None:
    """The rows of a regression whose error changed most; None where none changed."""
    if not found:
        return None
    says = "Up to ten rows whose error grew most, and up to ten whose error shrank most."
    return _table("Rows whose error changed most", says, "Show them", "", found, ("nearer", "farther"))


def _table(
    title: str, says: str, opens: str, note: str, found: tuple[FlippedRow, ...], said: tuple[str, str]
) -> Flipped:
    """`said` are the words for a change to the better and to the worse."""
    columns = [name for name, _ in found[0].columns] if found else []
    rows = [_row(one, columns, said[0] if one.fixed else said[1]) for one in found]
    return Flipped(title, says, opens, note, [legible(name) for name in columns], rows)


def _row(one: FlippedRow, columns: list[str], said: str) -> tuple[str, list[str], str, str, str, str, str]:
    values = dict(one.columns)
    name = legible(one.id) if one.id else f"row {one.row:,}"
    return (
        name,
        [legible(values.get(column, "")) for column in columns],
        legible(one.truth),
        legible(one.before),
        legible(one.after),
        said,
        "good" if one.fixed else "bad",
    )
