"""Where the lines of the report's small drawings go: numbers in, places in the drawing out, no markup.

Intervals have better on the right, whichever direction the metric has. What cannot be drawn gives None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from cdml.core.comparison import Direction, Judgement, MetricResult
from cdml.core.run import Trend
from cdml.core.settings import Gate

WIDTH, HEIGHT, EDGE = 160, 22, 6
TREND_WIDTH, TREND_HEIGHT, TREND_EDGE = 640, 120, 12
TONES = {"better": "good", "worse": "bad", "can't tell": "doubt"}
FEWEST_POINTS = 3
# Which gates draw a line beside no change: how much worse is allowed, how much better asked for or believed.
MARGINS = {"max-regression": 1, "min-improvement": -1, "max-improvement": -1}


@dataclass(frozen=True)
class Bar:
    """An interval and the value in it, in units of the drawing; `limits` are where gates draw the line.

    `zero` is no change, None where a candidate stands alone.
    """

    low: float
    high: float
    at: float
    zero: float | None
    limits: tuple[float, ...]
    tone: str


@dataclass(frozen=True)
class Line:
    """The trend: points from left to right, the candidate's last, and the values of its top and bottom."""

    points: tuple[tuple[float, float], ...]
    top: float
    bottom: float


def margins(judgement: Judgement, result: MetricResult) -> tuple[float, ...]:
    """How much worse the gates on all rows allow this metric to be, in its own units; negative for better."""
    found = {_margin(g, result.baseline or 0.0) for g in _on_all_rows(judgement, result) if g.kind in MARGINS}
    return tuple(sorted(found))


def bounds(judgement: Judgement, result: MetricResult) -> tuple[float, ...]:
    """The values that the gates of this metric ask a model to reach alone."""
    return tuple(sorted({g.limit for g in _on_all_rows(judgement, result) if g.kind in ("min", "max")}))


def reach(results: Iterable[MetricResult]) -> float:
    """The greatest distance from zero that any of these intervals has: one scale for all of them."""
    ends = [abs(end) for r in results if r.interval for end in (r.interval.low, r.interval.high)]
    return max((end for end in ends if math.isfinite(end)), default=0.0)


def change_bar(result: MetricResult, allowed: tuple[float, ...] = (), widest: float = 0.0) -> Bar | None:
    """The change against zero; `allowed` are the gates' margins, `widest` the scale where rows share one."""
    if result.interval is None or result.difference is None:
        return None
    sign = -1 if result.direction is Direction.LOWER else 1
    ends = sorted((sign * result.interval.low, sign * result.interval.high))
    most = max([widest, reach([result]), *(abs(margin) for margin in allowed)])
    numbers = [*ends, sign * result.difference, 0.0, *(-margin for margin in allowed)]
    drawn = _scaled(numbers, -most, most)
    if drawn is None:
        return None
    tone = TONES.get(result.judgement, "plain")
    return Bar(drawn[0], drawn[1], drawn[2], drawn[3], tuple(drawn[4:]), tone)


def own_bar(result: MetricResult, asked: tuple[float, ...] = ()) -> Bar | None:
    """A candidate alone: its own interval, and what gates ask of it."""
    own, value = result.own_interval, result.candidate
    if own is None or value is None:
        return None
    sign = -1 if result.direction is Direction.LOWER else 1
    ends = sorted((sign * own.low, sign * own.high))
    numbers = [*ends, sign * value, *(sign * limit for limit in asked)]
    drawn = _scaled(numbers, min(numbers), max(numbers))
    return Bar(drawn[0], drawn[1], drawn[2], None, tuple(drawn[3:]), "plain") if drawn else None


def trend_line(trend: Trend | None) -> Line | None:
    """The metric over versions; None for fewer points than make a trend."""
    values = [value for _, value in trend.points] if trend else []
    if len(values) < FEWEST_POINTS:
        return None
    bottom, top = min(values), max(values)
    if not all(math.isfinite(number) for number in [*values, top - bottom]):
        return None
    across, tall = TREND_WIDTH - 2 * TREND_EDGE, TREND_HEIGHT - 2 * TREND_EDGE
    points = (
        (
            round(TREND_EDGE + across * place / (len(values) - 1), 1),
            round(TREND_EDGE + tall * (1 - _share(value, bottom, top)), 1),
        )
        for place, value in enumerate(values)
    )
    return Line(tuple(points), top, bottom)


def _on_all_rows(judgement: Judgement, result: MetricResult) -> list[Gate]:
    """The gates on this metric that are judged by what the table shows of it."""
    gates = [verdict.gate for verdict in judgement.verdicts if verdict.gate.metric == result.name]
    return [gate for gate in gates if not (gate.by or gate.dataset or gate.against)]


def _margin(gate: Gate, baseline: float) -> float:
    margin = gate.limit * abs(baseline) if gate.relative else gate.limit
    return MARGINS[gate.kind] * margin


def _scaled(numbers: list[float], low: float, high: float) -> list[float] | None:
    if not all(math.isfinite(number) for number in [*numbers, low, high, high - low]):
        return None
    return [round(EDGE + (WIDTH - 2 * EDGE) * _share(number, low, high), 1) for number in numbers]


def _share(number: float, low: float, high: float) -> float:
    """Where a number lies between two ends, from 0 to 1; in the middle where they are one."""
    return (number - low) / (high - low) if high > low else 0.5
