"""Candidate against baseline, from two snapshots to verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cdml.core.comparison import Direction, Judgement, MetricResult, Side, Verdict
from cdml.core.errors import ConfigError
from cdml.core.settings import Evaluate, Gate, Settings
from cdml.evaluation.compare import REPORTED, Measurement, reported
from cdml.evaluation.gates import judge as judge_gates
from cdml.evaluation.metrics import default_metrics
from cdml.evaluation.predictions import Predictions
from cdml.evaluation.serving import SERVING
from cdml.jobs.aftermath import with_aftermath
from cdml.jobs.axes import changes
from cdml.jobs.example_rows import shows_rows, without_flipped
from cdml.jobs.importance import with_importances
from cdml.jobs.judge_cost import Costs, costs
from cdml.jobs.judge_sets import Key, Reading, measure_others, measure_sets, opponents_of
from cdml.jobs.judge_target import measure_target, on_both, without_missing_rows
from cdml.jobs.reading import read_otherwise, reading, with_shape_of
from cdml.jobs.same_data import Means, on_present, reading_of, stored
from cdml.state.snapshot import Snapshot, Store


def judge(
    store: Store,
    head: Snapshot,
    base: Snapshot | None,
    rules: Settings | None = None,
    means: Means | None = None,
) -> Judgement:
    """The comparison of two snapshots and the verdicts of its gates.

    `rules` are the settings that the change may not loosen: those of the branch that it wants to enter. `means`
    are what may be used beyond the two snapshots; without them every test set counts as it was scored.
    """
    evaluate = _readable(store, head, reading(head.settings.evaluate, rules))
    sides = on_present(store, head, base, evaluate, "", means)
    way = Reading(evaluate, _metrics(evaluate, sides.candidate))
    gates, theirs = _gates(head, way, rules, sides.baseline or sides.candidate)
    asked = (*gates, *(theirs or ()))
    beside, cost_told = costs(head, base, asked, means)
    told = _reported(base, head, evaluate, beside)
    main = way.measure(sides, first=base is None, discover=True).with_reported(told)
    rows = shows_rows(head.settings.evaluate, rules)
    main = with_aftermath(store, head, base, main, rows=rows)
    sets = measure_sets(store, head, base, way, means)
    others = measure_others(asked, store, head, way, means)
    measured: dict[Key, Measurement] = {("", ""): main, **{(s.name, ""): s.measurement for s in sets}, **others}

    def verdicts_by(more: Mapping[Key, Measurement]) -> tuple[Verdict, ...]:
        by = measured | {
            key: replace(one.with_reported(told), behaviour=main.behaviour) if key == ("", "") else one
            for key, one in more.items()
        }
        return judge_gates(gates, by["", ""], theirs, others=by)

    verdicts = without_missing_rows(verdicts_by({}), measured, head, base)
    verdicts, said = on_both(verdicts, verdicts_by, measure_target(store, head, base, rules, way, means))
    differences = changes(store, base, head) if base else ()
    comparison = main.comparison(head.settings.model, _side(base) if base else None, _side(head), differences)
    read_as = read_otherwise(head.settings.evaluate, rules, evaluate)
    basis = (*sides.told, *read_as, *(line for one in sets for line in one.told), *said, *cost_told)
    drawn = with_importances(comparison.diagnostics, store, head, base)
    found = replace(
        comparison,
        diagnostics=drawn if rows or drawn is None else without_flipped(drawn),
        datasets=tuple(one.result for one in sets),
        basis=basis,
        reading=reading_of(head, rules, means),
        opponents=opponents_of(others),
    )
    return Judgement(found, verdicts)


def _gates(
    head: Snapshot, way: Reading, rules: Settings | None, known: Predictions | None
) -> tuple[tuple[Gate, ...], tuple[Gate, ...] | None]:
    """The head's gates and the rules', each with the primary metric's name where mlops.yaml left it open."""
    # A project that writes no predictions has the numbers of its own metrics files, the first of them leading.
    own = way.metrics or tuple(head.reported)
    gates = _resolve(way.evaluate.gates, own)
    if rules is None:
        return gates, None
    return gates, _resolve(rules.evaluate.gates, _metrics(rules.evaluate, known) or own)


def _readable(store: Store, head: Snapshot, evaluate: Evaluate) -> Evaluate:
    """The settings to read with: the head's own ids and classes where its file is not what the rules know."""
    if evaluate == head.settings.evaluate:
        return evaluate
    try:
        stored(store, head, evaluate)
    except ConfigError:
        return with_shape_of(evaluate, head.settings.evaluate)
    return evaluate


def _metrics(evaluate: Evaluate, candidate: Predictions | None) -> tuple[str, ...]:
    if evaluate.metrics or candidate is None:
        return evaluate.metrics
    return default_metrics(candidate.task, candidate.score is not None)


def _reported(base: Snapshot | None, head: Snapshot, evaluate: Evaluate, costs: Costs) -> list[MetricResult]:
    """Numbers of the project's own metrics files, and what serving costs as it was measured of both."""
    before = base.reported if base else {}
    numbers = {name: (before.get(name), value) for name, value in head.reported.items()}
    found = [reported(name, old, new, defined=evaluate.defined) for name, (old, new) in (numbers | costs).items()]
    # What is measured here needs no guess at its direction.
    return [
        replace(one, direction=Direction.LOWER, method=REPORTED) if one.name in SERVING else one for one in found
    ]


def _side(snapshot: Snapshot) -> Side:
    return Side(snapshot.label, snapshot.code, snapshot.version)


def _resolve(gates: tuple[Gate, ...], metrics: tuple[str, ...]) -> tuple[Gate, ...]:
    """Gates with the primary metric's name where mlops.yaml left it open."""
    primary = metrics[0] if metrics else ""
    return tuple(replace(gate, metric=gate.metric or primary) for gate in gates)
