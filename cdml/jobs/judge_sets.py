"""More test sets and more opponents: what gates with `dataset` or `against` are judged by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cdml.core.comparison import DatasetResult
from cdml.core.crosses import parts
from cdml.core.errors import CdmlError, ConfigError
from cdml.core.settings import Evaluate, Gate
from cdml.evaluation.compare import Measurement, compare, only_reported
from cdml.evaluation.predictions import Predictions
from cdml.evaluation.predictions import read as read_predictions
from cdml.jobs.opponents import NoneYetError, Opponent, opponent
from cdml.jobs.same_data import Means, Sides, on_present, stored
from cdml.state.snapshot import Snapshot, Store

Key = tuple[str, str]


@dataclass(frozen=True)
class Reading:
    """How predictions are read and measured: the settings that count, and the metrics, the primary one first."""

    evaluate: Evaluate
    metrics: tuple[str, ...]

    def measure(self, sides: Sides, *, first: bool, discover: bool = False) -> Measurement:
        """Both sides of one test set; without predictions there is nothing but why."""
        if sides.candidate is None:
            return only_reported((), first=first and sides.absent is None, unpaired=sides.absent)
        by = self.evaluate.by if discover else self._columns(sides.candidate)
        return compare(
            sides.baseline,
            sides.candidate,
            metrics=self.metrics,
            by=by,
            edges=self.evaluate.edges,
            discover=discover and self.evaluate.discover is not False,
            absent=sides.absent,
        )

    def _columns(self, candidate: Predictions) -> tuple[str, ...]:
        """What another test set can be sliced by: it need not have every column that the test data have."""
        known = {*candidate.columns, "y_true"}
        return tuple(name for name in self.evaluate.by if set(parts(name, candidate.columns)) <= known)


@dataclass(frozen=True)
class MeasuredSet:
    """One of evaluate.datasets, measured; `told` says what was done for that."""

    name: str
    measurement: Measurement
    told: tuple[str, ...]

    @property
    def result(self) -> DatasetResult:
        """What a report shows of it."""
        found = self.measurement
        return DatasetResult(self.name, found.rows, found.unpaired, found.metrics)


def measure_sets(
    store: Store, head: Snapshot, base: Snapshot | None, reading: Reading, means: Means | None
) -> tuple[MeasuredSet, ...]:
    """The candidate's datasets in order of writing. Raises ConfigError where its predictions cannot be judged."""
    found = []
    for dataset in head.settings.evaluate.datasets:
        sides = on_present(store, head, base, reading.evaluate, dataset.name, means)
        measurement = reading.measure(sides, first=base is None)
        found.append(MeasuredSet(dataset.name, measurement, sides.told))
    return tuple(found)


def measure_others(
    gates: Iterable[Gate], store: Store, head: Snapshot, reading: Reading, means: Means | None
) -> dict[Key, Measurement]:
    """By dataset and opponent what gates with `against` are judged by; why not, where there is no opponent."""
    wanted = dict.fromkeys((gate.dataset, gate.against) for gate in gates if gate.against)
    known = {"", *(dataset.name for dataset in head.settings.evaluate.datasets)}
    found = {}
    for name, against in wanted:
        if name in known:
            candidate = stored(store, head, reading.evaluate, name)
            sides, who = _against(against, name, candidate, head, reading.evaluate, means)
            found[name, against] = replace(reading.measure(sides, first=False), opponent=who)
    return found


def opponents_of(others: Mapping[Key, Measurement]) -> tuple[tuple[str, str], ...]:
    """What each `against` meant, in order; one that could not be looked up is left out."""
    return tuple(sorted({against: one.opponent for (_, against), one in others.items() if one.opponent}.items()))


def _against(
    against: str,
    name: str,
    candidate: Predictions | None,
    head: Snapshot,
    evaluate: Evaluate,
    means: Means | None,
) -> tuple[Sides, str]:
    """Both sides, and who the opponent is; empty where there is none."""
    who = ""
    try:
        if means is None:
            raise ConfigError(f"{against} is not looked up here")
        other = opponent(means.project, against, means.target, head.commit)
        who = other.known_as
        if other.snapshot is not None and other.store.git.root == means.project.root:
            return on_present(other.store, head, other.snapshot, evaluate, name, means), who
        baseline = _of_others(other, evaluate, name)
    except NoneYetError:
        return Sides(None, candidate), who
    except CdmlError as error:
        return Sides(None, candidate, error.message), who
    return Sides(baseline, candidate, None if baseline else f"{other.label} has no predictions"), who


def _of_others(other: Opponent, evaluate: Evaluate, name: str) -> Predictions | None:
    """The predictions of a file, or of another model as it was released: its code is not run for them."""
    if other.content is not None:
        return read_predictions(other.content, other.label, evaluate)
    return stored(other.store, other.snapshot, evaluate, name) if other.snapshot else None
