"""Candidate against baseline: the data that statistics produce and reports show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cdml.core.crosses import CROSS, SIGN
from cdml.core.diagnostics import Diagnostics
from cdml.core.findings import BehaviourResult, Fairness, FoundSlice, Spread
from cdml.core.settings import Gate


class Direction(StrEnum):
    """Whether more of a metric is better; `neither` for a rate that says nothing of quality (selection_rate)."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Outcome(StrEnum):
    """A gate's answer; the third one is honest about too few rows."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Interval:
    """A two-sided confidence interval of a difference, in the metric's units."""

    low: float
    high: float
    confidence: float


@dataclass(frozen=True)
class MetricResult:
    """One metric of both models.

    `difference` is candidate minus baseline in the metric's own units; `interval` is that difference's.
    `own_interval` is the candidate's value's alone. `method` names the test. Where a project reports a
    number that cannot be recomputed from predictions, both intervals are None and `method` is "reported".
    `trivial` is what the best constant answer has on these rows, where one makes sense. `p_value` is that of the
    exact test that goes with the interval, where there is one (McNemar's for accuracy).
    `held_back` counts the comparisons among which, by Holm's correction, an interval without zero proves nothing
    (0: it stands by itself).
    """

    name: str
    direction: Direction
    baseline: float | None
    candidate: float | None
    difference: float | None
    interval: Interval | None
    own_interval: Interval | None
    rows: int
    method: str
    trivial: float | None = None
    held_back: int = 0
    p_value: float | None = None

    @property
    def judgement(self) -> str:
        """`better`, `worse`, `same` or `can't tell`; empty without an interval of the difference.

        Of a metric with neither direction `changed` takes the place of the first two.
        """
        if self.interval is None:
            return ""
        low, high = self.interval.low, self.interval.high
        if low == high == 0:
            return "same"
        if self.held_back:
            return "can't tell"
        if self.direction is Direction.LOWER:
            low, high = -high, -low
        if self.direction is Direction.NEITHER and low * high > 0:
            return "changed"
        if low > 0:
            return "better"
        return "worse" if high < 0 else "can't tell"


@dataclass(frozen=True)
class SliceResult:
    """The primary metric on the rows where `column` has `value`; `others` are the slice's other metrics.

    A cross of two columns is called `a*b`, and its values `one × other`.
    """

    column: str
    value: str
    metric: MetricResult
    others: tuple[MetricResult, ...] = ()

    @property
    def name(self) -> str:
        """`sex f`, and of a cross `sex f × age below 30`."""
        columns, values = self.column.split(SIGN), self.value.split(CROSS)
        if len(columns) != 2 or len(values) != 2:
            return f"{self.column} {self.value}"
        return CROSS.join(f"{column.strip()} {value}" for column, value in zip(columns, values, strict=True))


@dataclass(frozen=True)
class DatasetResult:
    """Both models on one more test set of evaluate.datasets; `metrics[0]` is the primary one.

    `unpaired` says why no difference is claimed there, or why there is nothing at all (`metrics` is empty then).
    """

    name: str
    rows: int
    unpaired: str | None
    metrics: tuple[MetricResult, ...]


class Axis(StrEnum):
    """What can differ between two models; every report names the axes that changed."""

    CODE = "code"
    DATA = "training data"
    PARAMETERS = "parameters"
    ENVIRONMENT = "environment"
    TEST_DATA = "test data"
    GATES = "gates"
    CONTRACTS = "data contracts"


@dataclass(frozen=True)
class AxisChange:
    """One axis: whether it changed, and a few words on how (never more than a reader would read)."""

    axis: Axis
    changed: bool
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Side:
    """One of the two models compared: what people call it, and its commit where it has one."""

    label: str
    commit: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Everything a report shows of two models before the gates; `metrics[0]` is the primary one.

    `baseline` is None for the first model. `unpaired` says why the two could not be compared row by row.
    `rows` counts the candidate's test rows. `notes` say what a report leaves out.
    `datasets` are the same on other test sets. `basis` says what was done, or could not be done, so that the two
    are compared on the same data: a sentence each, of which file names are a part. `found` are weak slices that
    nobody asked for, `behaviour` the behavioural tests, `repeats` the spread of the metrics over seeds.
    `reading` is the digest of how predictions were read (task, classes, groups, costs), and of the test data of
    the branch that is entered.
    `opponents` are what gates with `against` were judged by: the name as written, and the commit of the version or
    the digest of the file. `loosened` says which contracts of the data let more pass than before, a sentence each.
    """

    model: str
    baseline: Side | None
    candidate: Side
    rows: int
    unpaired: str | None
    metrics: tuple[MetricResult, ...]
    slices: tuple[SliceResult, ...] = ()
    changes: tuple[AxisChange, ...] = ()
    notes: tuple[str, ...] = ()
    diagnostics: Diagnostics | None = None
    datasets: tuple[DatasetResult, ...] = ()
    basis: tuple[str, ...] = ()
    fairness: tuple[Fairness, ...] = ()
    found: tuple[FoundSlice, ...] = ()
    behaviour: tuple[BehaviourResult, ...] = ()
    repeats: tuple[Spread, ...] = ()
    reading: str = ""
    opponents: tuple[tuple[str, str], ...] = ()
    loosened: tuple[str, ...] = ()


@dataclass(frozen=True)
class Waiver:
    """A person's word that one gate may fail for one set of inputs, and where that word stands.

    `gate` is the gate's id, `rule` the digest of what it asks for. `who` wrote comment `comment` on pull request
    `pull` about its commit `head`, with the reason `why`, `at` in seconds since 1970.
    """

    gate: str
    rule: str
    who: str
    why: str
    pull: int
    comment: int
    head: str
    at: int


@dataclass(frozen=True)
class Verdict:
    """One gate's outcome. `measured` is the number or bound that decided, in words fit for a table cell.

    `more_rows` is how many further test rows would decide an inconclusive gate, where that can be said.
    `loosened` says how this change tried to loosen or remove the gate, which is judged as the base has it.
    `waived` is the waiver by which a failure stops nothing; the outcome stays what it is.
    """

    gate: Gate
    outcome: Outcome
    measured: str
    reason: str
    more_rows: int | None = None
    loosened: str | None = None
    waived: Waiver | None = None

    @property
    def blocks(self) -> bool:
        """Whether this verdict stops a merge: a failure that nobody waived."""
        return self.effective is Outcome.FAIL and self.waived is None

    @property
    def effective(self) -> Outcome:
        """The outcome after the gate's own `on-inconclusive`: `warn` leaves it inconclusive."""
        if self.outcome is not Outcome.INCONCLUSIVE:
            return self.outcome
        return {"fail": Outcome.FAIL, "warn": Outcome.INCONCLUSIVE, "pass": Outcome.PASS}[
            self.gate.on_inconclusive
        ]


@dataclass(frozen=True)
class Judgement:
    """A comparison and its verdicts: what is stored with a judged run and shown on a pull request."""

    comparison: Comparison
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The verdicts that stop a merge."""
        return tuple(v for v in self.verdicts if v.blocks)
