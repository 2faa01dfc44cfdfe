"""Candidate against baseline on the same rows: each metric with its interval, and the primary one by slices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cdml.core.comparison import AxisChange, Comparison, Direction, MetricResult, Side, SliceResult
from cdml.core.errors import ConfigError
from cdml.core.findings import BehaviourResult, Spread
from cdml.core.settings import MetricSpec
from cdml.evaluation.diagnose import diagnose
from cdml.evaluation.discovery import discover as find_weak
from cdml.evaluation.estimate import Estimate
from cdml.evaluation.fairness import fairness
from cdml.evaluation.holm import together
from cdml.evaluation.metrics import METRICS, Metric, find, infer_direction
from cdml.evaluation.paired import too_few
from cdml.evaluation.pairing import Pair, pair
from cdml.evaluation.predictions import Predictions, demand_groups
from cdml.evaluation.slices import Slice, slices_of
from cdml.evaluation.trivial import trivial

CONFIDENCE = 0.95
REPORTED = "reported"
INFERRED = "reported, direction inferred"
MOST_NAMED = 5


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
            p_value=None if self.difference is None else self.difference.p_value,
        )


@dataclass(frozen=True)
class Measurement:
    """Everything measured of two models; `metrics[0]` is the primary one, intervals are at 95 %.

    `notes` say what was left out (a column with too many values to slice by). `missing_rows` counts test rows of
    the baseline that the candidate lacks. `first` says that there is no baseline at all.
    `asked` are the metrics that were asked for, in their order, of which some may be reported. `opponent` is what
    the baseline is where a gate named it: a commit, or the digest of a file.
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
    by: tuple[str, ...] = ()
    discover: bool = False
    asked: tuple[str, ...] = ()
    behaviour: tuple[BehaviourResult, ...] = ()
    repeats: tuple[Spread, ...] = ()
    opponent: str = ""

    def at(self, metric: str, confidence: float) -> MetricResult | None:
        """One metric at any confidence: measured or reported; one that was not asked for is measured now.

        None where nobody knows it.
        """
        known = self.measured.get(metric)
        if known is None and self.pair is not None and find(metric, self.pair.candidate.defined):
            known = measure(self.pair, metric)
        if known is not None:
            return known.at(confidence)
        return next((result for result in self.metrics if result.name == metric), None)

    def known(self, metric: str) -> Measured | None:
        """The same at any confidence; of one that is only reported, or told with its intervals, what there is."""
        found = self.measured.get(metric)
        if found is None and self.pair is not None and find(metric, self.pair.candidate.defined):
            found = measure(self.pair, metric)
        told = next((result for result in self.metrics if result.name == metric), None)
        return _told(told) if found is None and told else found

    def with_reported(self, results: Iterable[MetricResult]) -> Measurement:
        """The same, and metrics that the project reports itself; what was measured here wins.

        Those that were asked for stand in the order of asking, the others after them; a note names those whose
        direction is only read off their names.
        """
        names = {result.name for result in self.metrics}
        new = [result for result in results if result.name not in names]
        place = {name: index for index, name in enumerate(self.asked)}
        listed = sorted((*self.metrics, *new), key=lambda result: place.get(result.name, len(place)))
        guessed = [result for result in new if result.method == INFERRED]
        notes = (*self.notes, _guess(guessed)) if guessed else self.notes
        return replace(self, metrics=tuple(listed), notes=notes)

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
            diagnostics=diagnose(self.pair, self.by) if self.pair else None,
            behaviour=self.behaviour,
            repeats=self.repeats,
            fairness=fairness(self.pair, self.by) if self.pair else (),
            found=find_weak(self.pair, self.by) if self.pair and self.discover else (),
        )


def compare(
    baseline: Predictions | None,
    candidate: Predictions,
    *,
    metrics: tuple[str, ...],
    by: tuple[str, ...] = (),
    edges: Mapping[str, tuple[float, ...]] | None = None,
    discover: bool = True,
    absent: str | None = None,
) -> Measurement:
    """Measure both models; a difference is only claimed on the same rows ("same data or no claim").

    Without a baseline the candidate is the first model, unless `absent` says why one that exists has no
    predictions: then nothing is claimed. A metric that cannot be computed is there with None and a method that
    says why. `edges` say where columns of numbers are cut; `discover` looks for weak slices beyond those in `by`.
    Raises ConfigError for a name that is no metric, or a column to slice or group by that is not there.
    """
    computed = _computed(metrics, candidate)
    both = replace(pair(baseline, candidate), edges=edges or {})
    demand_groups(both.candidate)
    measured = {name: measure(both, name) for name in computed}
    slices, notes = slices_of(both, by)
    return Measurement(
        metrics=tuple(_beside_trivial(one.at(CONFIDENCE), both) for one in measured.values()),
        slices=_slices(slices, computed) if computed else (),
        rows=candidate.rows,
        unpaired=absent or both.unpaired,
        missing_rows=both.missing,
        first=baseline is None and absent is None,
        notes=notes,
        pair=both,
        measured=measured,
        by=by,
        discover=discover,
        asked=metrics,
    )


def _computed(metrics: tuple[str, ...], p: Predictions) -> tuple[str, ...]:
    """Those of the metrics that are computed here; the others are the project's to report."""
    reported_ones = {spec.name for spec in p.defined if spec.kind == "reported"}
    names = tuple(name for name in metrics if name not in reported_ones)
    for name in names:
        if find(name, p.defined) is None:
            raise ConfigError(f"'{name}' is not a metric", f"Known are {', '.join(METRICS)}.")
    if not metrics:
        raise ConfigError(
            f"{p.name}: a table of scores has no usual metrics",
            "Name its columns in evaluate.metrics: {column: bleu, direction: higher}.",
        )
    return names


def _slices(cuts: tuple[Slice, ...], metrics: tuple[str, ...]) -> tuple[SliceResult, ...]:
    """Every metric on every slice; the changes of one metric are corrected over the slices."""
    columns = []
    for name in metrics:
        results = together([measure(cut.pair, name) for cut in cuts], CONFIDENCE)
        columns.append([_beside_trivial(result, cut.pair) for result, cut in zip(results, cuts, strict=True)])
    rows = zip(*columns, strict=True)
    return tuple(
        SliceResult(cut.column, cut.value, row[0], tuple(row[1:])) for cut, row in zip(cuts, rows, strict=True)
    )


def _beside_trivial(result: MetricResult, both: Pair) -> MetricResult:
    return replace(result, trivial=trivial(both.candidate, result.name))


def _told(result: MetricResult) -> Measured:
    """A result as it stands: its intervals are those at any confidence."""
    interval, own = result.interval, result.own_interval
    difference = own_value = None
    if interval is not None and result.difference is not None:
        difference = Estimate(result.difference, lambda _: (interval.low, interval.high), result.method)
    if own is not None and result.candidate is not None:
        own_value = Estimate(result.candidate, lambda _: (own.low, own.high), result.method)
    return Measured(
        result.name,
        result.direction,
        result.rows,
        result.method,
        result.baseline,
        result.candidate,
        difference,
        own_value,
    )


def only_reported(results: Iterable[MetricResult], *, first: bool, unpaired: str | None = None) -> Measurement:
    """A measurement of a project that keeps its own metrics files and writes no predictions."""
    listed = tuple(results)
    rows = max((r.rows for r in listed), default=0)
    return Measurement((), (), rows, unpaired, first=first).with_reported(listed)


def reported(
    name: str,
    baseline: float | None,
    candidate: float | None,
    rows: int = 0,
    defined: Iterable[MetricSpec] = (),
) -> MetricResult:
    """A number from a project's own metrics file: both values and their difference, no interval; NaN is none.

    Its direction is the one that `defined` declares, else the one that its name suggests; the method says which.
    """
    baseline, candidate = (v if v is not None and math.isfinite(v) else None for v in (baseline, candidate))
    difference = None if baseline is None or candidate is None else candidate - baseline
    spec = next((one for one in defined if one.name == name and one.kind == "reported"), None)
    direction = Direction(spec.direction) if spec else infer_direction(name)
    method = REPORTED if spec or name in METRICS else INFERRED
    return MetricResult(name, direction, baseline, candidate, difference, None, None, rows, method)


def _guess(results: list[MetricResult]) -> str:
    """Which directions were read off names, and how to say them."""
    arrows = [f"{one.name} {'lower' if one.direction is Direction.LOWER else 'higher'}" for one in results]
    more = f" and {len(arrows) - MOST_NAMED} more" if len(arrows) > MOST_NAMED else ""
    return (
        f"Better is inferred from the name: {', '.join(arrows[:MOST_NAMED])}{more}. "
        "Say it in evaluate.metrics: {name: ..., direction: higher or lower}."
    )


def measure(both: Pair, name: str) -> Measured:
    """One metric of a pair; `name` is a built-in metric, or one that the candidate's project defines."""
    found = find(name, both.candidate.defined)
    assert found is not None  # noqa: S101 - `compare` has refused every other name
    metric, test = found
    value = _value(both.candidate, metric)
    if value is None:
        why_not = metric.why_not(both.candidate) or "too large a number"
        before = _value(both.baseline, metric)
        return Measured(name, metric.direction, both.candidate.rows, why_not, baseline=before)
    few = too_few(both.candidate, test)
    own = None if few else test.own(both.candidate, value)
    result = Measured(name, metric.direction, both.candidate.rows, few or "", candidate=value, own=own)
    if both.baseline is None:
        return replace(result, method=few or _method(own))
    before = _value(both.baseline, metric)
    if before is None:
        return replace(result, method=f"baseline: {metric.why_not(both.baseline) or 'too large a number'}")
    result = replace(result, baseline=before)
    if not both.paired or few:
        return replace(result, method=both.unpaired or few or "")
    difference = test.difference(both.baseline, both.candidate, (before, value))
    return replace(result, difference=difference, method=difference.method)


def _value(p: Predictions | None, metric: Metric) -> float | None:
    import numpy as np

    if p is None or metric.why_not(p):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        value = metric.compute(p)
    return value if math.isfinite(value) else None


def _method(own: Estimate | None) -> str:
    return own.method if own else ""
