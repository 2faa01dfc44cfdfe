"""What was seen of a model in production: drift of its inputs and predictions, and its real performance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from cdml.core.comparison import MetricResult, Outcome, Verdict

Kind = Literal["number", "category"]
# What a column is to the model: what goes in, or what comes out.
Role = Literal["feature", "prediction"]


class Seen(StrEnum):
    """What monitoring came to; the third answer is honest about too few rows."""

    NO_DRIFT = "no drift"
    DRIFT = "drift"
    TOO_FEW_ROWS = "too few rows"


@dataclass(frozen=True)
class ColumnDrift:
    """One column of production against the same one of the test data.

    `rows` counts production's rows. `p` is the probability of such a difference without drift, after Holm's
    correction over all columns; `psi` the population stability index, without a unit. Both are None where there
    were too few rows. `before` and `now` describe the two sides in a few words, in the same terms.
    """

    column: str
    role: Role
    kind: Kind
    rows: int
    seen: Seen
    p: float | None
    psi: float | None
    before: str
    now: str


@dataclass(frozen=True)
class Performance:
    """The metrics on rows whose truth is known by now.

    In `metrics`, `baseline` is the value on the version's test data and `candidate` that in production; the
    interval of their difference takes the two sets of rows as independent. `verdicts` are the project's gates on
    that. `rows` of `predicted` rows have a label.
    """

    rows: int
    predicted: int
    first: str
    last: str
    metrics: tuple[MetricResult, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The gates that production surely does not meet."""
        return tuple(verdict for verdict in self.verdicts if verdict.outcome is Outcome.FAIL)


@dataclass(frozen=True)
class Observation:
    """A look at one environment's model.

    `environment` is empty where the model has none. `version` is the tag of the version whose test data are the
    reference. The batches looked at are `batches` in number, `first` to `last` by name, with `rows` rows.
    `notes` say what was left out.
    """

    model: str
    environment: str
    version: str
    batches: int
    first: str
    last: str
    rows: int
    columns: tuple[ColumnDrift, ...]
    performance: Performance | None = None
    notes: tuple[str, ...] = ()

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """The columns that drifted, the farthest first."""
        found = (column for column in self.columns if column.seen is Seen.DRIFT)
        return tuple(sorted(found, key=lambda column: -(column.psi or 0)))

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The gates that production surely does not meet; none before labels are there."""
        return self.performance.failed if self.performance else ()

    @property
    def seen(self) -> Seen:
        """All of it in one answer: a failed gate is drift too, of what the inputs mean."""
        if self.drifted or self.failed:
            return Seen.DRIFT
        if all(column.seen is Seen.TOO_FEW_ROWS for column in self.columns):
            return Seen.TOO_FEW_ROWS
        return Seen.NO_DRIFT
