"""Permutation importance as a table: each column's value for both models, drawn on one scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cdml.core.diagnostics import Bounded, Importance
from cdml.reports.escape import legible
from cdml.reports.html_axes import number
from cdml.reports.html_plots import EDGE, HEIGHT, WIDTH


@dataclass(frozen=True)
class Drawn:
    """An interval and its value across the drawing, at a height of its own."""

    look: str
    low: float
    high: float
    at: float
    y: float


@dataclass(frozen=True)
class ImportanceRow:
    """One column: its name, both values with their intervals in words, and what is drawn of them."""

    name: str
    baseline: str
    baseline_interval: str
    candidate: str
    candidate_interval: str
    zero: float
    drawn: list[Drawn]
    order: tuple[float | None, float | None]


def rows(found: tuple[Importance, ...]) -> list[ImportanceRow]:
    """The most important column of the candidate first; those without a value last."""
    spreads = [one for row in found for one in (row.candidate, row.baseline) if one]
    ends = [0.0, *(end for one in spreads for end in (one.low, one.high, one.value))]
    low, high = min(ends), max(ends)
    if not math.isfinite(high - low):
        return []
    ordered = sorted(found, key=lambda row: -row.candidate.value if row.candidate else math.inf)
    return [_row(one, low, high) for one in ordered]


def _row(one: Importance, low: float, high: float) -> ImportanceRow:
    sides = (("candidate", one.candidate, 0.32), ("baseline", one.baseline, 0.72))
    return ImportanceRow(
        legible(one.feature),
        *_words(one.baseline),
        *_words(one.candidate),
        zero=_place(0.0, low, high),
        drawn=[_drawn(look, side, (low, high), y * HEIGHT) for look, side, y in sides if side],
        order=(one.baseline.value if one.baseline else None, one.candidate.value if one.candidate else None),
    )


def _drawn(look: str, side: Bounded, ends: tuple[float, float], y: float) -> Drawn:
    low, high, at = (_place(one, *ends) for one in (side.low, side.high, side.value))
    return Drawn(look, low, high, at, round(y, 1))


def _words(side: Bounded | None) -> tuple[str, str]:
    return (number(side.value), f"{number(side.low)} to {number(side.high)}") if side else ("–", "")


def _place(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return round(EDGE + (WIDTH - 2 * EDGE) * share, 1)
