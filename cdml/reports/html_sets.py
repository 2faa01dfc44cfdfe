"""Other test sets as the HTML report shows them: rows like those of slices, and sentences."""

from __future__ import annotations

from dataclasses import replace

from cdml.core.comparison import Comparison, SliceResult
from cdml.reports.escape import legible
from cdml.reports.html_rows import Row, slice_rows
from cdml.reports.sets import gap


def set_tables(comparison: Comparison) -> list[tuple[str, list[Row]]]:
    """A table of all other test sets for each metric by its name, the primary one's first."""
    found: dict[str, list[SliceResult]] = {}
    for one in comparison.datasets:
        for metric in one.metrics:
            # A set that is not compared says so in its own row, whatever the test data allow.
            known = replace(metric, method=one.unpaired or metric.method)
            found.setdefault(metric.name, []).append(SliceResult("", one.name, known))
    alone = replace(comparison, unpaired=None)
    return [(legible(name), _named(slice_rows(alone, rows))) for name, rows in found.items()]


def _named(rows: list[Row]) -> list[Row]:
    return [replace(row, name=row.name.strip(), note="") for row in rows]


def set_words(comparison: Comparison) -> list[str]:
    """The gap to training, and sets of which nothing is known."""
    empty = [f"{one.name}: {one.unpaired or 'no predictions'}." for one in comparison.datasets if not one.metrics]
    return [legible(line) for line in (gap(comparison), *empty) if line]


def set_kind(comparison: Comparison) -> str:
    """What the columns of those tables are: as in the report's `sides`."""
    if comparison.baseline is None:
        return "alone"
    return "paired" if any(not one.unpaired for one in comparison.datasets) else "unpaired"
