"""What is found of a model beyond its metrics: fairness, weak slices, behaviour, the spread over seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cdml.core.crosses import CROSS

BehaviourKind = Literal["invariance", "direction", "examples", "pytest"]


@dataclass(frozen=True)
class FairnessGroup:
    """One group's rates, from 0 to 1; a rate of no row is None.

    `positives` counts the rows that truly are of the positive class, `selection_rate` is the share that the model
    calls so.
    """

    value: str
    rows: int
    positives: int
    selection_rate: float
    true_positive_rate: float | None
    false_positive_rate: float | None


@dataclass(frozen=True)
class FairnessMeasure:
    """One measure over all groups, of both models. `lowest` and `highest` are the candidate's extreme groups.

    `rate` is the rate whose extremes they are; None values were not defined.
    """

    name: str
    baseline: float | None
    candidate: float | None
    rate: str
    lowest: str
    highest: str


@dataclass(frozen=True)
class Fairness:
    """The groups of one column, the candidate's rates in each, and the measures over them (fairlearn's names)."""

    column: str
    positive: str
    groups: tuple[FairnessGroup, ...]
    measures: tuple[FairnessMeasure, ...]


@dataclass(frozen=True)
class FoundSlice:
    """A slice that nobody asked for, where the candidate errs more; found on one half of the rows, measured on
    the other.

    `conditions` are one or two (column, value). `inside` and `outside` are the mean of `measure` (`error rate`,
    `absolute error`) within the slice and in all other rows, `baseline` the champion's within it. `low` and `high`
    are the interval of `inside` minus `outside`, at the confidence that Holm's correction leaves.
    """

    conditions: tuple[tuple[str, str], ...]
    rows: int
    measure: str
    inside: float
    outside: float
    low: float
    high: float
    baseline: float | None = None

    @property
    def name(self) -> str:
        """`sex f × age 18 to 29`."""
        return CROSS.join(f"{column} {value}" for column, value in self.conditions)


@dataclass(frozen=True)
class BehaviourResult:
    """One behavioural test of the candidate: how many cases failed of how many, and how many may.

    `definition` is the digest of what was asked, so that a changed test is no proof of the old one. `examples` are
    up to three failing cases in words. `tests` names the cases of pytest.
    """

    name: str
    kind: BehaviourKind
    definition: str
    cases: int
    failed: int
    examples: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spread:
    """One metric over trainings that differ in their seed alone: how much of a difference is luck.

    `runs` counts them, the candidate's own (seed 0) among them; `deviation` is the standard deviation (n - 1).
    """

    metric: str
    runs: int
    low: float
    high: float
    mean: float
    deviation: float
