"""Holm's step-down correction: of many claims made at once few may be wrong.

A claim is that an interval lies beyond a boundary; its p-value is the level at which the interval would just touch
it (the interval inverted). Each p is divided by the claim's own level, so that claims of several confidences stand
in one family: with m claims the smallest may stay when it is at most 1/m, the next at most 1/(m - 1), and so on
until one is not (Holm 1979, Scand. J. Stat. 6:65-70). The chance that any true null is rejected is then at most
the mean level of the true nulls, and a claim that stands alone is judged by its plain interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cdml.core.comparison import MetricResult
from cdml.evaluation.estimate import Estimate

if TYPE_CHECKING:
    from cdml.evaluation.compare import Measured

SMALLEST = 1e-9
STEPS = 20


@dataclass(frozen=True)
class Claim:
    """That a quantity surely lies beyond `boundary` (above it or below), by a two-sided interval of this level."""

    estimate: Estimate
    boundary: float
    above: bool
    level: float

    def holds(self, level: float | None = None) -> bool:
        """Whether the whole interval lies beyond the boundary, at the claim's own level or at this one."""
        interval = self.estimate.interval(1 - (self.level if level is None else level))
        return interval.low > self.boundary if self.above else interval.high < self.boundary

    def p_value(self) -> float:
        """The smallest level at which it holds, to a ten-thousandth of itself; 1 where it does not at its own.

        Never below what its estimate can tell (a bootstrap of few draws).
        """
        if not self.holds():
            return 1.0
        low, high = SMALLEST, self.level
        if self.holds(low):
            return max(low, min(self.estimate.finest, self.level))
        for _ in range(STEPS):
            middle = (low * high) ** 0.5
            low, high = (low, middle) if self.holds(middle) else (middle, high)
        return max(high, min(self.estimate.finest, self.level))


@dataclass(frozen=True)
class Corrected:
    """Which claims stand among all of them; the others were asked for `divisor` times their evidence."""

    stands: tuple[bool, ...]
    divisor: int

    @property
    def among(self) -> int:
        """How many claims there are."""
        return len(self.stands)


def correct(claims: Sequence[Claim]) -> Corrected:
    """Holm's step-down over all of these claims."""
    shares = [claim.p_value() / claim.level for claim in claims]
    stands = [False] * len(claims)
    left = len(claims)
    for place in sorted(range(len(claims)), key=lambda index: shares[index]):
        if shares[place] * left > 1:
            break
        stands[place] = True
        left -= 1
    return Corrected(tuple(stands), left)


def together(measured: Sequence[Measured], confidence: float) -> tuple[MetricResult, ...]:
    """One metric on several slices: a change that is none after the correction is held back.

    An interval without zero whose claim falls stays as it is; its judgement becomes `can't tell`.
    """
    found = [one.at(confidence) for one in measured]
    claims: dict[int, Claim] = {}
    for place, (one, result) in enumerate(zip(measured, found, strict=True)):
        if one.difference is not None and result.interval is not None:
            claims[place] = Claim(one.difference, 0.0, result.interval.low > 0, 1 - confidence)
    corrected = correct(list(claims.values()))
    for (place, claim), stands in zip(claims.items(), corrected.stands, strict=True):
        if not stands and claim.holds():
            found[place] = replace(found[place], held_back=corrected.among)
    return tuple(found)
