"""What was found beyond metrics and gates, as parts of the comment: a line, and tables that are folded."""

from __future__ import annotations

from cdml.core.comparison import Comparison
from cdml.core.dialect import Dialect
from cdml.reports import escape
from cdml.reports.flips import flips_words
from cdml.reports.found import Found, constant_words, seeds_words, tables
from cdml.reports.parts import fixed, fold, optional, table
from cdml.reports.sections import FOUND, NOTES
from cdml.reports.shorten import Section

MOST_ROWS = 20


def asides(comparison: Comparison) -> Section:
    """In a line: how many answers flipped, what the best constant answer has, how far seeds move the metric."""
    flips = comparison.diagnostics.flips if comparison.diagnostics else None
    said = (flips_words(flips), constant_words(comparison, 1), seeds_words(comparison))
    line = " ".join(escape.markdown(sentence, 400) for sentence in said if sentence)
    return optional(line, "flipped answers, the best constant answer and the spread over seeds", NOTES)


def folded(comparison: Comparison, dialect: Dialect) -> tuple[Section, ...]:
    """Every table by itself, folded; where nothing folds the report alone has them."""
    found = tables(comparison, seeds_too=False)  # a line says it
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
