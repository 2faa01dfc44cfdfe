"""The Markdown that every comment is made of: tables, folds, the lines at its end. What comes in is escaped."""

from __future__ import annotations

from collections.abc import Container, Sequence

from cdml.core.dialect import Dialect
from cdml.core.run import Around
from cdml.reports import escape
from cdml.reports.reasons import duration
from cdml.reports.shorten import Form, Section


def table(rows: Sequence[Sequence[str]], right: Container[int] = ()) -> str:
    """Heading and rows, all of the same number of cells; the columns in `right` are set right."""
    sides = "|".join("--:" if column in right else ":--" for column in range(len(rows[0])))
    heading, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([heading, f"|{sides}|", *body])


def fold(title: str, body: str, dialect: Dialect) -> str:
    """A part that opens on a click; where nothing folds, the same below a line in bold."""
    if not dialect.folds:
        return f"**{title}**\n\n{body}"
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def fixed(text: str) -> Section:
    """A section that is never shortened."""
    return Section((Form(text),))


def optional(text: str, name: str, importance: int) -> Section:
    """A section that is there as a whole or not at all; `name` says what is missing then."""
    return Section((Form(text), Form("", name)), importance) if text else fixed("")


def last_lines(around: Around, stamp: str, reproduce: str = "") -> str:
    """How to get the same again, where to read more, and which commits this is about."""
    pieces = [
        reproduce,
        f"trained {duration(around.seconds)}" if around.seconds is not None else "",
        escape.link("report", around.report_url),
        escape.link("run", around.run_url),
        "`/cdml help`" if around.commands else "",
    ]
    line = " · ".join(piece for piece in pieces if piece)
    # A paragraph each: forges do not agree on whether a line's end is one.
    return "\n\n".join(filter(None, [line, f"<sub>{stamp}</sub>"]))


def left_out(what: str, around: Around, reproduce: str = "") -> str:
    """The line that says what a page had no room for, and where it is."""
    report = escape.link("report", around.report_url)
    where = f"The {report} has all of it." if report else f"{reproduce or '`cdml compare`'} shows it."
    return f"Too long for one comment, left out here: {what}. {where}"
