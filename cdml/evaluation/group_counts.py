"""Intervals of metrics of counts where rows come in groups: whole groups are resampled, not rows.

Groups with the same counts are the same to every such metric, so the multinomial draw is over the distinct
patterns of counts. Where those are too many to draw, groups are many too, and the delta method (the metric's
gradient by each cell's count, summed in each group) says the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdml.evaluation import clusters, paired_counts
from cdml.evaluation.estimate import Estimate, percentile, student

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions

MOST_GROUPS = 20_000
MOST_PATTERNS = 500
DRAWS = 2_000
MOST_COUNTS = 4_000_000
OWN = f"bootstrap of the groups' counts, seed {paired_counts.SEED}"
DELTA = "delta method of the groups' counts"

Metric = Callable[["NDArray[Any]", "NDArray[Any]"], "NDArray[Any]"]


def difference(name: str, base: Predictions, cand: Predictions, values: tuple[float, float]) -> Estimate:
    """Candidate's value minus baseline's, its interval by resampled groups; swapped sides negate it exactly."""
    import numpy as np

    def metric(cells: NDArray[Any], draws: NDArray[Any]) -> NDArray[Any]:
        return paired_counts.differences(name, cells, draws, len(cand.classes))

    value = values[1] - values[0]
    one, drawn = _drawn(base, cand, cand)
    if drawn is None:
        return _delta(metric, one, value, cand)
    two, back = _drawn(cand, base, cand)
    assert back is not None  # noqa: S101 - the mirror has as many patterns
    both = [metric(one.cells, drawn), -metric(two.cells, back)]
    return percentile(value, np.concatenate(both), paired_counts.GROUPED, clusters.count(cand))


def _drawn(first: Predictions, second: Predictions, keep: Predictions) -> tuple[_Table, NDArray[Any] | None]:
    """The joint cells of two models and their resampled counts, which all metrics share; None where too many."""
    import numpy as np

    def make() -> tuple[Predictions, _Table, NDArray[Any] | None]:
        table = _table(np.column_stack([first.y_true, first.predicted, second.predicted]), keep)
        patterns = _patterns(table)
        return first, table, None if patterns is None else _draws(*_smooth(table, *patterns))

    return keep.once(("group draws", id(first)), make)[1:]


def own(name: str, p: Predictions, value: float) -> Estimate:
    """One model's value with the percentile interval of resampled groups."""
    import numpy as np

    def metric(cells: NDArray[Any], draws: NDArray[Any]) -> NDArray[Any]:
        return paired_counts.scores(name, cells[:, 0], cells[:, 1], draws, len(p.classes))

    table = _table(np.column_stack([p.y_true, p.predicted]), p)
    patterns = _patterns(table)
    if patterns is None:
        return _delta(metric, table, value, p)
    return percentile(value, metric(table.cells, _draws(*patterns)), OWN, clusters.count(p))


@dataclass(frozen=True, eq=False)
class _Table:
    """The distinct cells (cells, 2 or 3), each row's cell (n,), each row's group (n,) and how many groups.

    Of two models the mirror of every cell is there too, though no row is in it.
    """

    cells: NDArray[Any]
    cell: NDArray[Any]
    group: NDArray[Any]
    groups: int


def _table(codes: NDArray[Any], p: Predictions) -> _Table:
    import numpy as np

    width = len(p.classes)
    powers = width ** np.arange(codes.shape[1])[::-1]
    keys = codes.astype("int64") @ powers
    few = int(powers[0]) * width <= len(keys)
    cells = _unkeyed(np.flatnonzero(np.bincount(keys)) if few else np.unique(keys), powers, width)
    if codes.shape[1] == 3:
        mirrored = cells[:, [0, 2, 1]] @ powers
        cells = _unkeyed(np.unique(np.concatenate([cells @ powers, mirrored])), powers, width)
    return _Table(cells, np.searchsorted(cells @ powers, keys), clusters.codes(p), clusters.count(p))


def _unkeyed(keys: NDArray[Any], powers: NDArray[Any], width: int) -> NDArray[Any]:
    import numpy as np

    return np.stack([keys // power % width for power in powers], axis=1)


def _patterns(table: _Table) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """The distinct rows of counts (patterns, cells) that groups have, and how many groups have each.

    None where they are too many.
    """
    import numpy as np

    cells = len(table.cells)
    if table.groups > MOST_GROUPS or table.groups * cells > MOST_COUNTS:
        return None
    counts = np.bincount(table.group * cells + table.cell, minlength=table.groups * cells)
    patterns, often = np.unique(counts.reshape(table.groups, cells), axis=0, return_counts=True)
    return None if len(patterns) > MOST_PATTERNS else (patterns.astype(float), often.astype(float))


def _smooth(table: _Table, patterns: NDArray[Any], often: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Half a group more of each kind of disagreement and of its mirror, of as many rows as one has on average.

    As `paired_counts` does with rows: a few groups that changed all one way are not proof.
    """
    import numpy as np

    split = np.flatnonzero(table.cells[:, 1] != table.cells[:, 2])
    rows = patterns[:, split].sum(axis=1)
    changed = rows > 0
    size = float((rows * often)[changed].sum() / often[changed].sum())
    extra = np.zeros((len(split), patterns.shape[1]))
    extra[np.arange(len(split)), split] = size
    return np.concatenate([patterns, extra]), np.concatenate([often, np.full(len(split), 0.5)])


def _draws(patterns: NDArray[Any], often: NDArray[Any]) -> NDArray[Any]:
    """Resampled counts of the cells, (draws, cells)."""
    import numpy as np

    random = np.random.default_rng(paired_counts.SEED)
    many = max(patterns.shape)
    draws = max(1_000, min(DRAWS, paired_counts.MOST_NUMBERS // many))
    step = max(1, paired_counts.CHUNK // many)
    n, shares = round(float(often.sum())), often / often.sum()
    parts = [
        random.multinomial(n, shares, size=min(step, draws - done)) @ patterns for done in range(0, draws, step)
    ]
    return np.concatenate(parts)


def _delta(metric: Metric, table: _Table, value: float, p: Predictions) -> Estimate:
    """Student's interval from each row's influence: the gradient by the count of its cell."""
    import numpy as np

    totals = np.bincount(table.cell, minlength=len(table.cells)).astype(float)
    step = 1e-3
    steps = step * np.eye(len(totals))
    slope = (metric(table.cells, totals + steps) - metric(table.cells, totals - steps)) / (2 * step)
    rows = slope[table.cell]
    return student(value, clusters.error(rows, p), clusters.freedom(rows, p), DELTA)
