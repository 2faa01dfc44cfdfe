"""What was found beyond metrics and gates, as parts of the comment: two lines, and tables that are folded."""

from __future__ import annotations

from cdml.core.comparison import Comparison
from cdml.core.dialect import Dialect
from cdml.reports import escape
from cdml.reports.found import Found, constant_words, seeds_words, tables
from cdml.reports.parts import fixed, fold, optional, table
from cdml.reports.sections import FOUND, NOTES
from cdml.reports.shorten import Section

MOST_ROWS = 20


def constant(comparison: Comparison) -> Section:
    """What the best constant answer has."""
    return optional(escape.markdown(constant_words(comparison), 400), "the best constant answer", NOTES)


def seeds(comparison: Comparison) -> Section:
    """The spread of the primary metric over seeds."""
    return optional(escape.markdown(seeds_words(comparison), 400), "the spread over seeds", NOTES)


def folded(comparison: Comparison, dialect: Dialect) -> tuple[Section, ...]:
    """Every table by itself, folded; where nothing folds the report alone has them."""
    found = tables(comparison)
    if not found or not dialect.folds:
        return (fixed(""),)
    return tuple(optional(_folded(one, dialect), escape.markdown(_called(one)), FOUND) for one in found)


def _called(one: Found) -> str:
    """How a table is named in a list: `the fairness by sex`."""
    return one.title[:1].lower() + one.title[1:]


def _folded(one: Found, dialect: Dialect) -> str:
    heading = [escape.markdown(cell) for cell in one.heading]
    rows = [[escape.markdown(cell) for cell in row] for row in one.rows[:MOST_ROWS]]
    left = len(one.rows) - len(rows)
    more = f"{left} more rows are in the report." if left else ""
    body = [table([heading, *rows], one.right), escape.paragraph(one.said, 800) if one.said else "", more]
    return fold(escape.markdown(one.title), "\n\n".join(filter(None, body)), dialect)
