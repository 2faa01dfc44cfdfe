"""Candidate against baseline, from two snapshots to verdicts."""

from __future__ import annotations

from dataclasses import replace

from cdml.core.comparison import Judgement, MetricResult, Side
from cdml.core.errors import ConfigError
from cdml.core.settings import Evaluate, Gate, Settings
from cdml.evaluation.compare import Measurement, compare, only_reported, reported
from cdml.evaluation.gates import judge as judge_gates
from cdml.evaluation.metrics import default_metrics
from cdml.evaluation.predictions import Predictions, read_predictions
from cdml.jobs.axes import changes
from cdml.state.snapshot import Snapshot, Store


def judge(store: Store, head: Snapshot, base: Snapshot | None, rules: Settings | None = None) -> Judgement:
    """The comparison of two snapshots and the verdicts of its gates.

    `rules` are the settings that the change may not loosen: those of the branch that it wants to enter.
    """
    evaluate = _readable(store, head, _reading(head.settings.evaluate, rules))
    candidate = _predictions(store, head, evaluate)
    baseline = _predictions(store, base, evaluate) if base else None
    metrics = _metrics(evaluate, candidate)
    absent = f"{base.label} has no predictions" if base and baseline is None else None
    measurement = _measure(baseline, candidate, evaluate, metrics, absent).with_reported(_reported(base, head))
    differences = changes(store, base, head) if base else ()
    comparison = measurement.comparison(
        head.settings.model, _side(base) if base else None, _side(head), differences
    )
    # A project that writes no predictions has the numbers of its own metrics files, the first of them leading.
    own = metrics or tuple(head.reported)
    gates = _resolve(evaluate.gates, own)
    rules_own = _metrics(rules.evaluate, baseline or candidate) if rules else ()
    theirs = _resolve(rules.evaluate.gates, rules_own or own) if rules else None
    return Judgement(comparison, judge_gates(gates, measurement, theirs))


def _reading(evaluate: Evaluate, rules: Settings | None) -> Evaluate:
    """The candidate's settings, but its predictions read as `rules` do: another task would be another measure."""
    if rules is None:
        return evaluate
    theirs = rules.evaluate
    return replace(evaluate, task=theirs.task, positive=theirs.positive, id=theirs.id)


def _readable(store: Store, head: Snapshot, evaluate: Evaluate) -> Evaluate:
    """The settings to read with: the head's own where the file no longer is what the rules know."""
    if evaluate == head.settings.evaluate:
        return evaluate
    try:
        _predictions(store, head, evaluate)
    except ConfigError:
        return head.settings.evaluate
    return evaluate


def _predictions(store: Store, snapshot: Snapshot, evaluate: Evaluate) -> Predictions | None:
    """A snapshot's predictions, read as the candidate's settings say; None where the project writes none."""
    path = snapshot.settings.evaluate.predictions
    if path is None:
        return None
    content = store.read(snapshot.commit, path)
    if content is None:
        hint = "dvc remote list; was the remote cleaned with dvc gc?" if snapshot.commit else "cdml run evaluate"
        raise ConfigError(f"{snapshot.label} has no file {path} in git, in DVC's cache or on its remote", hint)
    return read_predictions(content, path, task=evaluate.task, positive=evaluate.positive, id_column=evaluate.id)


def _metrics(evaluate: Evaluate, candidate: Predictions | None) -> tuple[str, ...]:
    if evaluate.metrics or candidate is None:
        return evaluate.metrics
    return default_metrics(candidate.task, candidate.score is not None)


def _measure(
    baseline: Predictions | None,
    candidate: Predictions | None,
    evaluate: Evaluate,
    metrics: tuple[str, ...],
    absent: str | None,
) -> Measurement:
    """`absent` says why a baseline that exists has no predictions: it must not count as a first model."""
    if candidate is None:
        return only_reported((), first=baseline is None and absent is None, unpaired=absent)
    return compare(baseline, candidate, metrics=metrics, by=evaluate.by, absent=absent)


def _reported(base: Snapshot | None, head: Snapshot) -> list[MetricResult]:
    """Numbers of the project's own metrics files."""
    before = base.reported if base else {}
    return [reported(name, before.get(name), value) for name, value in head.reported.items()]


def _side(snapshot: Snapshot) -> Side:
    return Side(snapshot.label, snapshot.code, snapshot.version)


def _resolve(gates: tuple[Gate, ...], metrics: tuple[str, ...]) -> tuple[Gate, ...]:
    """Gates with the primary metric's name where mlops.yaml left it open."""
    primary = metrics[0] if metrics else ""
    return tuple(replace(gate, metric=gate.metric or primary) for gate in gates)
