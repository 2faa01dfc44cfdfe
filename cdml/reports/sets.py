"""Other test sets in words: their tables, the gap to training, and on which data both were compared."""

from __future__ import annotations

import math

from cdml.core.comparison import Comparison, DatasetResult, Direction, Interval, MetricResult
from cdml.core.dialect import Dialect
from cdml.evaluation import numbers
from cdml.reports import cells, escape
from cdml.reports.parts import fixed, fold, optional, table
from cdml.reports.sections import CHANGES, NOTES
from cdml.reports.shorten import Form, Section

TRAIN = "train"
MOST_ROWS = (60, 20, 5)


def gap(comparison: Comparison) -> str:
    """How much better the primary metric is in training than on test, as a sentence; empty where not known.

    The two are different rows, so the interval of the gap adds their variances.
    """
    train = next((one for one in comparison.datasets if one.name == TRAIN and one.metrics), None)
    if train is None or not comparison.metrics:
        return ""
    here = comparison.metrics[0]
    there = next((metric for metric in train.metrics if metric.name == here.name), None)
    if there is None or here.candidate is None or there.candidate is None or here.direction is Direction.NEITHER:
        return ""
    sign = 1 if here.direction is Direction.HIGHER else -1
    better = sign * (there.candidate - here.candidate)
    digits = numbers.decimals(here)
    known = f"{here.name} {numbers.value(there.candidate, digits)} in training, "
    known += f"{numbers.value(here.candidate, digits)} on test"
    spread = _spread(here.own_interval, there.own_interval)
    if spread is None:
        return f"{known}."
    if better - spread <= 0:
        return f"No overfit to be seen: {known}."
    low, high = (numbers.value(better + end, digits) for end in (-spread, spread))
    return f"Overfit: {known}, a gap of {numbers.value(better, digits)} ({low} to {high}){_before(there, here)}."


def _spread(one: Interval | None, other: Interval | None) -> float | None:
    if one is None or other is None:
        return None
    return math.hypot((one.high - one.low) / 2, (other.high - other.low) / 2)


def _before(there: MetricResult, here: MetricResult) -> str:
    if there.baseline is None or here.baseline is None:
        return ""
    sign = 1 if here.direction is Direction.HIGHER else -1
    return f"; the baseline's is {numbers.value(sign * (there.baseline - here.baseline), numbers.decimals(here))}"


def basis(comparison: Comparison) -> Section:
    """On which data both were compared, where that had to be brought about."""
    said = "\n\n".join(escape.paragraph(line, escape.LONGEST_PROSE) for line in comparison.basis)
    return optional(said, "on which data both were compared", CHANGES)


def overfit(comparison: Comparison) -> Section:
    """The gap between training and test."""
    return optional(escape.markdown(gap(comparison)), "the gap to training", NOTES)


def datasets(comparison: Comparison, dialect: Dialect) -> Section:
    """All metrics on all other test sets, folded; fewer are the first ones."""
    rows = _rows(comparison)
    if not rows:
        return fixed("")
    counts = [min(len(rows), MOST_ROWS[0]), *(n for n in MOST_ROWS[1:] if n < len(rows))]
    forms = [
        Form(
            fold(_title(comparison), table([_heading(comparison), *rows[:count]], (2, 3)), dialect),
            "" if count == len(rows) else f"{len(rows) - count} of {len(rows)} rows of other test sets",
        )
        for count in counts
    ]
    return Section((*forms, Form("", "other test sets")), NOTES)


def _title(comparison: Comparison) -> str:
    count = len(comparison.datasets)
    return "1 other test set" if count == 1 else f"{count} other test sets"


def _heading(comparison: Comparison) -> list[str]:
    if comparison.baseline is None:
        return ["test set", "metric", escape.markdown(comparison.candidate.label), "95 % interval"]
    sides = [escape.markdown(side.label) for side in (comparison.baseline, comparison.candidate)]
    return ["test set", "metric", *sides, "change (95 %)", " "]


def _rows(comparison: Comparison) -> list[list[str]]:
    return [row for one in comparison.datasets for row in _rows_of(comparison, one)]


def _rows_of(comparison: Comparison, one: DatasetResult) -> list[list[str]]:
    name = escape.markdown(f"{one.name} ({one.rows:,} rows)")
    if not one.metrics:
        empty = [""] * (len(_heading(comparison)) - 3)
        return [[name, "–", *empty, escape.markdown(one.unpaired or "no predictions")]]
    whole = [cells.metric_cells(comparison, metric, one.unpaired) for metric in one.metrics]
    return [[name if i == 0 else "", *row] for i, row in enumerate(whole)]
