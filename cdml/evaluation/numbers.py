"""How numbers are written for people: as many digits as the interval supports, and a real minus sign."""

from __future__ import annotations

import math

from cdml.core.comparison import MetricResult

MINUS = "−"
_LEGIBLE = 1e15  # digits beyond are neither meant nor read


def decimals(result: MetricResult) -> int:
    """Digits after the point for one metric's values and intervals alike.

    The half-width of the interval gets one or two significant digits; without an interval the value gets four.
    Values up to ten never show fewer than three. An interval without zero shows none at its ends.
    """
    values = [v for v in (result.baseline, result.candidate) if v is not None]
    largest = max((abs(v) for v in values), default=0.0)
    scale = _half_width(result) or largest / 1_000
    wanted = -math.floor(math.log10(scale / 2)) if 0 < scale / 2 < math.inf else 3
    digits = min(max(wanted, 3 if largest <= 10 else 0), 8)
    interval = result.interval
    if interval is None or interval.low * interval.high <= 0:
        return digits
    # An end that shows as zero would seem to contradict `better` or `worse`; one below 1e-8 is dust of rounding.
    ends = [end for end in (interval.low, interval.high) if round(end, 8)]
    return max([digits, *(apart(end, 0.0, digits) for end in ends)])


def value(number: float | None, digits: int) -> str:
    """`0.861`, `1,204`, and a dash for nothing."""
    if number is None:
        return "–"
    if not abs(number) < _LEGIBLE:
        return _minus(f"{number:.4g}")
    return _minus(f"{_unsigned_zero(number, digits):,.{digits}f}")


def change(number: float, digits: int) -> str:
    """With its sign: `+0.019`, `−0.001`; zero has none."""
    if not abs(number) < _LEGIBLE:
        return _minus(f"{number:+.4g}")
    rounded = _unsigned_zero(number, digits)
    return _minus(f"{rounded:+,.{digits}f}" if rounded else f"{0:.{digits}f}")


def percent(fraction: float) -> str:
    """`95 %`, `1 %`, `99.9 %`."""
    return f"{fraction * 100:.6g} %"


def limit(number: float) -> str:
    """A gate's limit as a person would write it, never rounded: `0.80`, `0.005`, `12.5`, `40`."""
    text = f"{number:.10g}"
    hundredths = number * 100
    if abs(number) < 10 and number != round(number) and math.isclose(hundredths, round(hundredths)):
        text = f"{number:.2f}"
    return _minus(text)


def apart(one: float, other: float, digits: int) -> int:
    """`digits`, or as many more as show that two different numbers differ: 0.7999 is not 0.800."""
    while one != other and digits < 8 and round(one, digits) == round(other, digits):
        digits += 1
    return digits


def _half_width(result: MetricResult) -> float:
    interval = result.interval or result.own_interval
    if interval is None:
        return 0.0
    return (interval.high - interval.low) / 2


def _unsigned_zero(number: float, digits: int) -> float:
    rounded = round(number, digits)
    return 0.0 if rounded == 0 else rounded


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
