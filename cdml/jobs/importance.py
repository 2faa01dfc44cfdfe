"""Permutation importance: how much worse a model gets when one column is shuffled (Breiman 2001).

Original and shuffled predictions are two models on the same rows, so the change has the interval of the paired
test of its metric, which holds the luck of the rows. It is averaged over some shufflings, against their own luck.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cdml.core.comparison import Direction
from cdml.core.diagnostics import MOST_IMPORTANCES, Bounded, Importance, short
from cdml.core.errors import CdmlError
from cdml.core.serialize import load
from cdml.core.settings import Evaluate
from cdml.evaluation.compare import measure
from cdml.evaluation.metrics import default_metrics
from cdml.evaluation.pairing import pair
from cdml.evaluation.predictions import Predictions
from cdml.state.snapshot import Snapshot, Store

ROWS = 2_000
REPEATS = 5
SECONDS = 120.0
CONFIDENCE = 0.95
Columns = Mapping[str, list[Any]]


@dataclass(frozen=True)
class Importances:
    """By column the loss of `metric` with its 95 % interval; what the built-in evaluator writes."""

    metric: str
    columns: Mapping[str, Bounded]


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
    return Importances(metric, found)


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


def _read(store: Store, snapshot: Snapshot) -> Importances | None:
    path = snapshot.settings.evaluate.importance
    if path is None:
        return None
    try:
        content = store.read(snapshot.commit, path)
        return load(Importances, content, path) if content else None
    except (CdmlError, ValueError):  # nothing is judged by it
        return None
