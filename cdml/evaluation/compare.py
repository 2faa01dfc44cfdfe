"""Candidate against baseline on the same rows: each metric with its interval, and the primary one by slices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cdml.core.comparison import AxisChange, Comparison, Direction, MetricResult, Side, SliceResult
from cdml.core.errors import ConfigError
from cdml.evaluation.estimate import Estimate
from cdml.evaluation.metrics import METRICS, infer_direction
from cdml.evaluation.paired import PAIRED, too_few
from cdml.evaluation.pairing import Pair, pair
from cdml.evaluation.predictions import Predictions
from cdml.evaluation.slices import slices_of

CONFIDENCE = 0.95
REPORTED = "reported"


@dataclass(frozen=True)
class Measured:
    """One metric of both models, at any confidence. `method` names the test, or why there is none."""

    name: str
    direction: Direction
    rows: int
    method: str
    baseline: float | None = None
    candidate: float | None = None
    difference: Estimate | None = None
    own: Estimate | None = None

    def at(self, confidence: float) -> MetricResult:
        """The metric with intervals at this confidence."""
        return MetricResult(
            name=self.name,
            direction=self.direction,
            baseline=self.baseline,
            candidate=self.candidate,
            difference=None if self.difference is None else self.difference.value,
            interval=None if self.difference is None else self.difference.interval(confidence),
            own_interval=None if self.own is None else self.own.interval(confidence),
            rows=self.rows,
            method=self.method,
        )


@dataclass(frozen=True)
class Measurement:
    """Everything measured of two models; `metrics[0]` is the primary one, intervals are at 95 %.

    `notes` say what was left out (a column with too many values to slice by). `missing_rows` counts test rows of
    the baseline that the candidate lacks. `first` says that there is no baseline at all.
    """

    metrics: tuple[MetricResult, ...]
    slices: tuple[SliceResult, ...]
    rows: int
    unpaired: str | None = None
    missing_rows: int = 0
    first: bool = False
    notes: tuple[str, ...] = ()
    pair: Pair | None = field(default=None, repr=False)
    measured: Mapping[str, Measured] = field(default_factory=dict, repr=False)

    def at(self, metric: str, confidence: float) -> MetricResult | None:
        """One metric at any confidence: measured or reported; one that was not asked for is measured now.

        None where nobody knows it.
        """
        known = self.measured.get(metric)
        if known is None and self.pair is not None and metric in METRICS:
            known = measure(self.pair, metric)
        if known is not None:
            return known.at(confidence)
        return next((result for result in self.metrics if result.name == metric), None)

    def with_reported(self, results: Iterable[MetricResult]) -> Measurement:
        """The same, and metrics that the project reports itself; what was measured here stands first and wins."""
        names = {result.name for result in self.metrics}
        return replace(self, metrics=(*self.metrics, *(r for r in results if r.name not in names)))

    def comparison(
        self, model: str, baseline: Side | None, candidate: Side, changes: tuple[AxisChange, ...] = ()
    ) -> Comparison:
        """What a report shows: this measurement between two sides that have names."""
        return Comparison(
            model=model,
            baseline=None if self.first else baseline,
            candidate=candidate,
            rows=self.rows,
            unpaired=self.unpaired,
            metrics=self.metrics,
            slices=self.slices,
            changes=changes,
            notes=self.notes,
        )


def compare(
    baseline: Predictions | None,
    candidate: Predictions,
    *,
    metrics: tuple[str, ...],
    by: tuple[str, ...] = (),
    absent: str | None = None,
) -> Measurement:
    """Measure both models; a difference is only claimed on the same rows ("same data or no claim").

    Without a baseline the candidate is the first model, unless `absent` says why one that exists has no
    predictions: then nothing is claimed. A metric that cannot be computed is there with None and a method that
    says why. Raises ConfigError for a name that is no metric, or a column to slice by that is not in the
    candidate's file.
    """
    for name in metrics:
        if name not in METRICS:
            raise ConfigError(f"'{name}' is not a metric", f"Known are {', '.join(METRICS)}.")
    both = pair(baseline, candidate)
    measured = {name: measure(both, name) for name in metrics}
    slices, notes = slices_of(both, by)
    return Measurement(
        metrics=tuple(one.at(CONFIDENCE) for one in measured.values()),
        slices=tuple(
            SliceResult(cut.column, cut.value, measure(cut.pair, metrics[0]).at(CONFIDENCE)) for cut in slices
        ),
        rows=candidate.rows,
        unpaired=absent or both.unpaired,
        missing_rows=both.missing,
        first=baseline is None and absent is None,
        notes=notes,
        pair=both,
        measured=measured,
    )


def only_reported(results: Iterable[MetricResult], *, first: bool, unpaired: str | None = None) -> Measurement:
    """A measurement of a project that keeps its own metrics files and writes no predictions."""
    listed = tuple(results)
    return Measurement(listed, (), max((r.rows for r in listed), default=0), unpaired, first=first)


def reported(name: str, baseline: float | None, candidate: float | None, rows: int = 0) -> MetricResult:
    """A number from a project's own metrics file: both values and their difference, no interval; NaN is none."""
    baseline, candidate = (v if v is not None and math.isfinite(v) else None for v in (baseline, candidate))
    difference = None if baseline is None or candidate is None else candidate - baseline
    return MetricResult(name, infer_direction(name), baseline, candidate, difference, None, None, rows, REPORTED)


def measure(both: Pair, name: str) -> Measured:
    """One metric of a pair; `name` is in METRICS."""
    metric, test = METRICS[name], PAIRED[name]
    value = _value(both.candidate, name)
    if value is None:
        why_not = metric.why_not(both.candidate) or "too large a number"
        before = _value(both.baseline, name)
        return Measured(name, metric.direction, both.candidate.rows, why_not, baseline=before)
    few = too_few(both.candidate, test)
    own = None if few else test.own(both.candidate, value)
    result = Measured(name, metric.direction, both.candidate.rows, few or "", candidate=value, own=own)
    if both.baseline is None:
        return replace(result, method=few or _method(own))
    before = _value(both.baseline, name)
    if before is None:
        return replace(result, method=f"baseline: {metric.why_not(both.baseline) or 'too large a number'}")
    result = replace(result, baseline=before)
    if not both.paired or few:
        return replace(result, method=both.unpaired or few or "")
    difference = test.difference(both.baseline, both.candidate, (before, value))
    return replace(result, difference=difference, method=difference.method)


def _value(p: Predictions | None, name: str) -> float | None:
    if p is None or METRICS[name].why_not(p):
        return None
    value = METRICS[name].compute(p)
    return value if math.isfinite(value) else None


def _method(own: Estimate | None) -> str:
    return own.method if own else ""
