"""How many digits a number gets: those that its interval supports, and enough to tell two of them apart."""

from __future__ import annotations

import pytest

from cdml.core.comparison import Direction, Interval, MetricResult
from cdml.evaluation import numbers


def _result(baseline: float | None, candidate: float | None, half: float = 0.0) -> MetricResult:
    interval = Interval(-half, half, 0.95) if half else None
    return MetricResult("m", Direction.HIGHER, baseline, candidate, None, interval, None, 9, "")


@pytest.mark.parametrize(
    ("baseline", "candidate", "half", "digits"),
    [
        (0.8, 0.9, 0.02, 3),
        (0.8, 0.9, 0.0002, 4),  # half of it is one in the fourth place
        (0.8, 0.9, 0.00019, 5),
        (5.0, 100.0, 20.0, 0),
        (100.0, 5.0, 20.0, 0),
        (10.0, 9.0, 2.0, 3),
        (10.5, 9.0, 2.0, 0),
        (None, 0.0, 0.0, 3),
        (None, None, 0.0, 3),
        (None, 0.5, 0.0, 4),
        (None, 0.5, 1e-12, 8),
    ],
)
def test_digits_are_those_that_the_interval_supports(
    baseline: float | None, candidate: float | None, half: float, digits: int
) -> None:
    assert numbers.decimals(_result(baseline, candidate, half)) == digits


def test_two_numbers_that_differ_are_written_apart() -> None:
    assert [numbers.apart(0.7999, other, 3) for other in (0.8, 0.7999, 0.79990000001, 0.7)] == [4, 3, 8, 3]
