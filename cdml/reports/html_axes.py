"""A picture of the report before it is markup: axes with round ticks, paths, and places that say their numbers.

Numbers go in and places in the drawing come out. What cannot be drawn (a range that is no number) gives None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cdml.evaluation.numbers import MINUS

WIDE, TALL = 340, 260
LEFT, RIGHT, TOP, BOTTOM = 48, 10, 8, 40
TICKS = 5
NO_BREAK = "\u00a0"

Point = tuple[float, float]


@dataclass(frozen=True)
class Tick:
    """A round number on an axis, and where it is drawn."""

    at: float
    label: str


@dataclass(frozen=True)
class Shape:
    """A path of SVG; `look` are the classes that the style sheet knows (whose it is, and what kind of path)."""

    look: str
    path: str


@dataclass(frozen=True)
class Spot:
    """A place that says its numbers when it is pointed at."""

    look: str
    x: float
    y: float
    says: str


@dataclass(frozen=True)
class Plot:
    """One picture: what it is called, what it says in words, what is drawn, and the numbers behind it as a table.

    `name` is unique on a model's page. `key` explains the lines: whose look, and a label.
    """

    name: str
    title: str
    says: str
    frame: Frame
    across: str
    up: str
    shapes: tuple[Shape, ...]
    spots: tuple[Spot, ...]
    key: tuple[tuple[str, str], ...]
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Frame:
    """The range of both axes, and where in the drawing a pair of numbers lies."""

    left: float
    right: float
    bottom: float
    top: float
    percent: bool = field(default=False)

    def at(self, x: float, y: float) -> Point:
        """A place in the drawing; what lies outside is drawn on the edge."""
        across = _share(x, self.left, self.right) * (WIDE - LEFT - RIGHT)
        up = _share(y, self.bottom, self.top) * (TALL - TOP - BOTTOM)
        return round(LEFT + across, 1), round(TALL - BOTTOM - up, 1)

    def line(self, points: Iterable[Point]) -> str:
        """A path through these points."""
        return "M" + " L".join(f"{x},{y}" for x, y in (self.at(*point) for point in points))

    def steps(self, points: Sequence[Point]) -> str:
        """A path that keeps the height of the point to which it leads: at its place it has its value."""
        path = [points[0]]
        for x, y in points[1:]:
            path += [(path[-1][0], y), (x, y)]
        return self.line(path)

    def area(self, lower: Sequence[Point], upper: Sequence[Point]) -> str:
        """What lies between two lines."""
        return self.line([*upper, *reversed(lower)]) + "Z"

    @property
    def ticks_across(self) -> tuple[Tick, ...]:
        """Round numbers below the drawing."""
        return tuple(Tick(self.at(one, self.bottom)[0], number(one)) for one in _round(self.left, self.right))

    @property
    def ticks_up(self) -> tuple[Tick, ...]:
        """Round numbers beside it."""
        label = percent if self.percent else number
        return tuple(Tick(self.at(self.left, one)[1], label(one)) for one in _round(self.bottom, self.top))


def framed(
    across: Iterable[float], up: Iterable[float], *, floor: bool = False, percent: bool = False
) -> Frame | None:
    """A frame around numbers with a little room; with `floor` it stands on zero. None where there is no range."""
    xs, ys = list(across), list(up)
    if not xs or not ys or not all(abs(one) < 1e150 for one in (*xs, *ys)):
        return None
    left, right = _room(min(xs), max(xs))
    bottom, top = _room(min(ys), max(ys))
    return Frame(left, right, 0.0 if floor else bottom, top, percent)


def number(value: float) -> str:
    """A number of a picture in four digits, with a real minus sign."""
    text = f"{value:,.0f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"
    return "0" if text in ("-0", "0") else text.replace("-", MINUS)


def percent(share: float) -> str:
    """`8.1 %` of a share, unbroken at the end of a line; more digits of a very small one."""
    hundredths = 100 * share
    return f"{number(round(hundredths, 1) if hundredths >= 0.1 else float(f'{hundredths:.2g}'))}{NO_BREAK}%"


def _room(low: float, high: float) -> Point:
    room = 0.04 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room


def _share(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.5


def _round(low: float, high: float) -> list[float]:
    """Some TICKS multiples of 1, 2 or 5 times a power of ten between two ends."""
    if not high > low:
        return [low]
    rough = (high - low) / TICKS
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * 0.85)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]
