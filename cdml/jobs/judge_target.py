"""No model passes by other test data than those that the branch has which it wants to enter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cdml.core.comparison import Outcome, Verdict
from cdml.core.errors import CdmlError
from cdml.core.settings import Settings
from cdml.evaluation.compare import Measurement
from cdml.evaluation.metrics import METRICS
from cdml.jobs.judge_sets import Key, Reading
from cdml.jobs.same_data import Means, is_changed, is_known_same, on_target
from cdml.state.snapshot import Snapshot, Store

Judge = Callable[[Mapping[Key, Measurement]], tuple[Verdict, ...]]
_WORSE = (Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL)


def without_missing_rows(
    verdicts: tuple[Verdict, ...], measured: Mapping[Key, Measurement], head: Snapshot, base: Snapshot | None
) -> tuple[Verdict, ...]:
    """A test row without a prediction fails every gate that predictions decide, where the data are the same.

    Nor does any pass there by other rows, or by another truth, than the baseline's.
    """
    lost = {
        name: found.missing_rows
        for (name, against), found in measured.items()
        if base and not against and found.missing_rows and not is_changed(head, base, name)
    }
    other = {
        name: found.pair.unpaired
        for (name, against), found in measured.items()
        if base and not against and found.pair and found.pair.unpaired and is_known_same(head, base, name)
    }
    return tuple(_unsure(_failed(verdict, lost, measured), other, measured) for verdict in verdicts)


def _unsure(verdict: Verdict, other: Mapping[str, str], measured: Mapping[Key, Measurement]) -> Verdict:
    why = other.get(verdict.gate.dataset)
    if why is None or verdict.outcome is not Outcome.PASS or not _predicted(verdict, measured):
        return verdict
    reason = f"The test data are the same, and yet the predictions are not of the same rows ({why})."
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, reason=reason, more_rows=None)


def _predicted(verdict: Verdict, measured: Mapping[Key, Measurement]) -> bool:
    """Whether predictions of both models' own test sets decide it."""
    gate = verdict.gate
    found = measured.get((gate.dataset, gate.against))
    if found is None or gate.against or gate.kind == "behaviour":
        return False
    return gate.metric in found.measured or gate.metric in METRICS


def _failed(verdict: Verdict, lost: Mapping[str, int], measured: Mapping[Key, Measurement]) -> Verdict:
    gate = verdict.gate
    count = lost.get(gate.dataset)
    if not count or not _predicted(verdict, measured) or verdict.outcome is Outcome.FAIL:
        return verdict
    rows = "1 test row" if count == 1 else f"{count:,} test rows"
    have = "has" if count == 1 else "have"
    reason = f"{rows} of the baseline {have} no prediction, though the test data are the same."
    return replace(verdict, outcome=Outcome.FAIL, measured=f"{rows} missing", reason=reason, more_rows=None)


def on_both(
    verdicts: tuple[Verdict, ...], again: Judge, found: Mapping[str, Measurement | str]
) -> tuple[tuple[Verdict, ...], tuple[str, ...]]:
    """The worse verdict of two: on the change's own test data, and on those of the branch that it wants to enter.

    `found` is what `measure_target` gives, `again` judges by such measurements. With sentences on what was done.
    Where the candidate could not be judged on the branch's data nothing passes.
    """
    if not found:
        return verdicts, ()
    measured = {(name, ""): one for name, one in found.items() if isinstance(one, Measurement)}
    second = again(measured) if measured else verdicts
    worse = tuple(
        _worse(first, other, found.get(first.gate.dataset)) for first, other in zip(verdicts, second, strict=True)
    )
    return worse, tuple(_sentence(name, one) for name, one in found.items())


def measure_target(
    store: Store,
    head: Snapshot,
    base: Snapshot | None,
    rules: Settings | None,
    reading: Reading,
    means: Means | None,
) -> dict[str, Measurement | str]:
    """By dataset (empty: the test data) both models on the target branch's data, where the change has others.

    A text says why the candidate cannot be judged on them.
    """
    if rules is None or means is None or means.target is None:
        return {}
    found: dict[str, Measurement | str] = {}
    for name in ("", *(dataset.name for dataset in rules.evaluate.datasets)):
        try:
            sides = on_target(store, head, base, rules, name, means)
        except CdmlError as error:
            found[name] = error.message
            continue
        if sides is not None:
            found[name] = reading.measure(sides, first=base is None)
    return found


def _worse(first: Verdict, second: Verdict, found: Measurement | str | None) -> Verdict:
    if found is None:
        return first
    if first.gate.against or isinstance(found, str):
        if first.outcome is not Outcome.PASS:
            return first
        why = found if isinstance(found, str) else f"{first.gate.against} was not scored on them"
        reason = f"The branch that it enters has other test data, on which it was not judged: {why}."
        return replace(first, outcome=Outcome.INCONCLUSIVE, reason=reason, more_rows=None)
    if _WORSE.index(second.outcome) <= _WORSE.index(first.outcome):
        return first
    return replace(second, reason=f"On the test data of the branch that it enters: {second.reason}")


def _sentence(name: str, found: Measurement | str) -> str:
    what = f"dataset {name}" if name else "the test data"
    if isinstance(found, str):
        return f"The branch that it enters has another version of {what}, on which it was not judged: {found}."
    return f"The branch that it enters has another version of {what}: gates were judged on both."
