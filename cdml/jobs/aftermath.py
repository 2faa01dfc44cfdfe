"""What the stages after the evaluation found of a snapshot: behaviour, and the spread over seeds."""

from __future__ import annotations

from dataclasses import replace

from cdml.config.behaviour import BEHAVIOUR_FILE, REPEATS_FILE
from cdml.core.errors import CdmlError, ConfigError
from cdml.core.findings import BehaviourResult, Spread
from cdml.evaluation.compare import Measurement
from cdml.jobs.behaviour import read_results
from cdml.jobs.example_rows import without_examples
from cdml.jobs.repeats import SEED_VARIABLE, spreads
from cdml.state.snapshot import Snapshot, Store

MOST_NAMED = 3


def with_aftermath(
    store: Store, head: Snapshot, base: Snapshot | None, measurement: Measurement, *, rows: bool = True
) -> Measurement:
    """The same with what these stages wrote; notes say which of pytest's tests the baseline had and it has not.

    Without `rows` the failing cases are counted alone.

    Raises ConfigError where the head's output is lost.
    """
    found = spreads(_read(store, head, REPEATS_FILE), measurement.metrics)
    behaviour = read_results(_read(store, head, BEHAVIOUR_FILE))
    behaviour = behaviour if rows else without_examples(behaviour)
    notes = (*measurement.notes, *_deaf(found), *_gone(store, base, behaviour))
    return replace(measurement, behaviour=behaviour, repeats=found, notes=notes)


def _read(store: Store, head: Snapshot, path: str) -> bytes | None:
    """A file that a stage of the snapshot wrote; one that lies about from another run counts for nothing."""
    if head.pipeline.out(path) is None:
        return None
    content = store.read(head.commit, path)
    if content is None:
        hint = "dvc remote list; was the remote cleaned with dvc gc?" if head.commit else "cdml run evaluate"
        raise ConfigError(f"{head.label} has no file {path} in git, in DVC's cache or on its remote", hint)
    return content


def _gone(store: Store, base: Snapshot | None, behaviour: tuple[BehaviourResult, ...]) -> tuple[str, ...]:
    """Tests of pytest are code, which a change may remove: then its reader is told."""
    now = {one.name: set(one.tests) for one in behaviour if one.kind == "pytest"}
    if base is None or not now:
        return ()
    try:
        before = read_results(_read(store, base, BEHAVIOUR_FILE))
    except CdmlError:  # the baseline's results are gone, which is no fault of this change
        return ()
    lost = [test for one in before if one.name in now for test in one.tests if test not in now[one.name]]
    if not lost:
        return ()
    listed = ", ".join(lost[:MOST_NAMED]) + (
        f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
    )
    return (f"Behavioural tests that {base.label} was tried with and this change has not: {listed}.",)


def _deaf(found: tuple[Spread, ...]) -> tuple[str, ...]:
    """A training that never changes has most likely never read its seed."""
    if not found or any(one.low != one.high for one in found):
        return ()
    return (f"All {found[0].runs} trainings gave the same metrics: does train.cmd read {SEED_VARIABLE}?",)
