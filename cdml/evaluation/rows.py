"""How many more test rows would settle a question that these rows leave open."""

from __future__ import annotations

import math

MOST_ROWS = 10**12


def more_rows(n: int, estimate: float, boundary: float, interval: tuple[float, float]) -> int | None:
    """Further rows after which an interval around `estimate` would no longer hold `boundary`.

    An interval narrows with the root of the rows: n · (half-width / distance)² - n, where the half-width is that
    of the side on which the boundary lies. Rounded up to two significant digits; None where the estimate sits on
    the boundary, or so near to it that no test set would do.
    """
    distance = abs(boundary - estimate)
    half = interval[1] - estimate if boundary > estimate else estimate - interval[0]
    if distance == 0 or half <= 0:
        return None
    wanted = n * (half / distance) ** 2 - n
    if not wanted < MOST_ROWS:
        return None
    return max(1, _two_digits_up(wanted))


def _two_digits_up(number: float) -> int:
    whole = math.ceil(number - 1e-9)
    unit = int(10 ** max(0, len(str(whole)) - 2))
    return -(-whole // unit) * unit
