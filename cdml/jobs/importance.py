"""Permutation importance: how much worse a model gets when one column is shuffled (Breiman 2001).

Original and shuffled predictions are two models on the same rows, so the change has the interval of the paired
test of its metric, which holds the luck of the rows. It is averaged over some shufflings, against their own luck.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdml.core.comparison import Direction
from cdml.core.diagnostics import MOST_IMPORTANCES, Bounded, Diagnostics, Importance, short
from cdml.core.errors import CdmlError
from cdml.core.serialize import load
from cdml.core.settings import Evaluate
from cdml.evaluation.compare import measure
from cdml.evaluation.metrics import default_metrics
from cdml.evaluation.pairing import pair
from cdml.evaluation.predictions import Predictions
from cdml.state.snapshot import Snapshot, Store

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

ROWS = 2_000
REPEATS = 5
SECONDS = 120.0
CONFIDENCE = 0.95
Columns = Mapping[str, list[Any]]


@dataclass(frozen=True)
class Importances:
    """By column the loss of `metric` with its 95 % interval; what the built-in evaluator writes.

    `left_out` counts the columns that were too many, took too long, or have no interval.
    """

    metric: str
    columns: Mapping[str, Bounded]
    left_out: int = 0


def sample_of(frame: DataFrame, judged: Evaluate) -> DataFrame:
    """At most `ROWS` rows of the test data, evenly of each class; where rows belong together, about so many.

    Groups are taken whole or not at all: half of a query cannot be ranked, nor half of a patient be clustered.
    """
    if len(frame) <= ROWS:
        return frame
    by = judged.group or judged.target
    codes, distinct = frame[by].factorize(use_na_sentinel=False)
    places = _of_groups(codes, len(distinct)) if judged.group else _of_classes(codes)
    return frame.iloc[places].reset_index(drop=True)


def _of_groups(codes: NDArray[Any], groups: int) -> NDArray[Any]:
    import numpy as np

    wanted = max(1, groups * ROWS // len(codes))
    chosen = np.linspace(0, groups - 1, wanted).round().astype(int)
    return np.flatnonzero(np.isin(codes, chosen))


def _of_classes(codes: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    places = np.linspace(0, len(codes) - 1, ROWS).round().astype(int)
    return np.sort(codes.argsort(kind="stable")[places])


def measure_importances(ask: Callable[[Columns], Predictions], columns: Columns, judged: Evaluate) -> Importances:
    """Importance of every column for the primary metric; `ask` gives the predictions of these rows by column.

    Fewer columns where `SECONDS` do not suffice for all, none where the metric has no paired interval. The seed is
    fixed: the same model and rows have the same importances.
    """
    import numpy as np

    original = ask(columns)
    metric = (judged.metrics or default_metrics(original.task, original.score is not None))[0]
    random = np.random.default_rng(0)
    deadline = time.monotonic() + SECONDS
    found: dict[str, Bounded] = {}
    for name in list(columns)[:MOST_IMPORTANCES]:
        losses = []
        for _ in range(REPEATS):
            order = random.permutation(original.rows)
            shuffled = ask({**columns, name: [columns[name][place] for place in order]})
            losses.append(_loss(original, shuffled, metric))
        known = [loss for loss in losses if loss is not None]
        if known:
            found[name] = Bounded(*(float(np.mean(numbers)) for numbers in zip(*known, strict=True)))
        if time.monotonic() > deadline:
            break
    return Importances(metric, found, len(columns) - len(found))


def _loss(original: Predictions, shuffled: Predictions, metric: str) -> tuple[float, float, float] | None:
    """What the metric loses by the shuffling, and the ends of its interval."""
    measured = measure(pair(shuffled, original), metric)
    if measured.difference is None or measured.direction is Direction.NEITHER:
        return None
    value, interval = measured.difference.value, measured.difference.interval(CONFIDENCE)
    if measured.direction is Direction.HIGHER:
        return value, interval.low, interval.high
    return -value, -interval.high, -interval.low


def importances_of(store: Store, head: Snapshot, base: Snapshot | None) -> tuple[Importance, ...]:
    """The candidate's, the larger first, each beside the baseline's where that was measured by the same metric."""
    mine, theirs = _read(store, head), _read(store, base) if base else None
    if mine is None:
        return ()
    before = theirs.columns if theirs and theirs.metric == mine.metric else {}
    ordered = sorted(mine.columns.items(), key=lambda item: -item[1].value)[:MOST_IMPORTANCES]
    return tuple(Importance(short(name), value, before.get(name)) for name, value in ordered)


def with_importances(
    found: Diagnostics | None, store: Store, head: Snapshot, base: Snapshot | None
) -> Diagnostics | None:
    """The same with both models' importances, where the candidate's were measured."""
    drawn = importances_of(store, head, base)
    mine = _read(store, head) if drawn else None
    if mine is None:
        return found
    unmeasured = max(0, mine.left_out) + len(mine.columns) - len(drawn)
    return replace(found or Diagnostics(), importances=drawn, unmeasured=unmeasured)


def _read(store: Store, snapshot: Snapshot) -> Importances | None:
    path = snapshot.settings.evaluate.importance
    if path is None:
        return None
    try:
        content = store.read(snapshot.commit, path)
        return load(Importances, content, path) if content else None
    except (CdmlError, ValueError):  # nothing is judged by it
        return None
