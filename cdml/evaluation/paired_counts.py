"""Precision, recall, F1, balanced accuracy and macro F1: functions of how often (truth, prediction) occurs.

The bootstrap resamples the counts of the joint cells (truth, baseline's prediction, candidate's prediction), not
the rows: the multinomial draw is the same in law, and costs the same for a thousand rows as for a million.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cdml.evaluation.estimate import (
    Bounds,
    Estimate,
    mean_of_proportions,
    percentile,
    unchanged,
    wilson,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions

METHOD = "paired bootstrap of the joint counts"
DRAWS = 5_000
MOST_NUMBERS = 20_000_000  # drawn in all, where cells are many
CHUNK = 2_000_000  # numbers held at once
SEED = 20_140_401


def own(name: str, p: Predictions, value: float) -> Estimate:
    """One model's value: Wilson's interval where the metric is built of proportions, else the bootstrap."""
    import numpy as np

    if name == "f1_macro":
        return _own_macro(p, value)
    truth, predicted, hits = (np.bincount(v, minlength=len(p.classes)).tolist() for v in _marginals(p))
    if name == "balanced_accuracy":
        parts = [(hit, n) for hit, n in zip(hits, truth, strict=True) if n]
        return Estimate(value, lambda c: mean_of_proportions(parts, c), "Wilson intervals joined (MOVER)")
    if name == "f1":
        union = truth[1] + predicted[1] - hits[1]
        return Estimate(value, lambda c: _f1_bounds(hits[1], union, c), "Wilson interval of hits in the union")
    n = predicted[1] if name == "precision" else truth[1]
    return Estimate(value, lambda c: wilson(hits[1], n, c), "Wilson score interval")


def difference(name: str, base: Predictions, cand: Predictions, values: tuple[float, float]) -> Estimate:
    """Candidate's value minus baseline's with the percentile interval of resampled joint counts.

    Every cell in which the models disagree, and its mirror, gets half a row more (Agresti & Min 2005, Stat. Med.
    24): four disagreements all one way are not proof. Draws are taken from the table and from its mirror image
    with one seed, so that swapping the models negates the interval exactly.
    """
    import numpy as np

    if np.array_equal(base.predicted, cand.predicted):
        return unchanged(METHOD)
    cells, counts = _cells(np.column_stack([base.y_true, base.predicted, cand.predicted]))
    cells, counts = _smooth(cells, counts)
    mirrored, back = _sorted(cells[:, [0, 2, 1]], counts)
    k = len(base.classes)
    one = _differences(name, cells, counts, k)
    two = _differences(name, mirrored, back, k)
    return percentile(values[1] - values[0], np.concatenate([one, -two]), METHOD)


def _f1_bounds(hits: int, union: int, confidence: float) -> Bounds:
    """F1 = 2J / (1 + J), where J is the share of hits among the rows that are positive or called so."""
    low, high = wilson(hits, union, confidence)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def _own_macro(p: Predictions, value: float) -> Estimate:
    import numpy as np

    if np.array_equal(p.y_true, p.predicted):  # no error to resample: as many rows without one bound it from below
        return Estimate(value, lambda c: wilson(p.rows, p.rows, c), "Wilson score interval")
    cells, counts = _cells(np.column_stack([p.y_true, p.predicted]))
    draws = [
        _scores("f1_macro", cells[:, 0], cells[:, 1], chunk, len(p.classes))
        for chunk in _draws(counts.astype(float))
    ]
    return percentile(value, np.concatenate(draws), "bootstrap of the counts")


def _marginals(p: Predictions) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    return p.y_true, p.predicted, p.y_true[p.y_true == p.predicted]


def _cells(codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The distinct rows of small whole numbers, in order, and how often each occurs."""
    import numpy as np

    width = int(codes.max()) + 1
    keys = codes.astype("int64") @ (width ** np.arange(codes.shape[1])[::-1])
    distinct, counts = np.unique(keys, return_counts=True)
    cells = np.stack([distinct // width**power % width for power in range(codes.shape[1])[::-1]], axis=1)
    return cells, counts.astype(float)


def _smooth(cells: NDArray[Any], counts: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Half a row more in every cell of disagreement and in its mirror."""
    import numpy as np

    split = cells[cells[:, 1] != cells[:, 2]]
    pairs, _ = _cells(np.concatenate([split, split[:, [0, 2, 1]]]))
    every, place = np.unique(np.concatenate([cells, pairs]), axis=0, return_inverse=True)
    amounts = np.concatenate([counts, np.full(len(pairs), 0.5)])
    return every, np.bincount(place.ravel(), weights=amounts)


def _sorted(cells: NDArray[Any], counts: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    order = np.lexsort(cells.T[::-1])
    return cells[order], counts[order]


def _draws(counts: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Multinomial resamples of the counts, in chunks of shape (draws, cells)."""
    import numpy as np

    random = np.random.default_rng(SEED)
    n, cells = round(float(counts.sum())), len(counts)
    wanted = max(1_000, min(DRAWS, MOST_NUMBERS // cells))
    step = max(1, CHUNK // cells)
    shares = counts / counts.sum()
    for done in range(0, wanted, step):
        yield random.multinomial(n, shares, size=min(step, wanted - done))


def _differences(name: str, cells: NDArray[Any], counts: NDArray[Any], k: int) -> NDArray[Any]:
    import numpy as np

    truth, base, cand = cells.T
    return np.concatenate(
        [_scores(name, truth, cand, c, k) - _scores(name, truth, base, c, k) for c in _draws(counts)]
    )


def _scores(name: str, truth: NDArray[Any], said: NDArray[Any], draws: NDArray[Any], k: int) -> NDArray[Any]:
    """The metric of each draw, shape (draws,); undefined shares are zero (scikit-learn's zero_division=0)."""
    import numpy as np

    actual = _totals(truth, draws, k)
    called = _totals(said, draws, k)
    right = truth == said
    hits = _totals(truth[right], draws[:, right], k)
    if name == "balanced_accuracy":
        return np.asarray((_ratio(hits, actual)).sum(axis=1) / (actual > 0).sum(axis=1))
    if name == "f1_macro":
        either = actual + called
        return np.asarray(_ratio(2 * hits, either).sum(axis=1) / (either > 0).sum(axis=1))
    below = {"precision": called, "recall": actual, "f1": (actual + called) / 2}[name]
    return _ratio(hits[:, 1], below[:, 1])


def _totals(labels: NDArray[Any], draws: NDArray[Any], k: int) -> NDArray[Any]:
    """Counts by label, shape (draws, k)."""
    import numpy as np
    from scipy.sparse import csr_array

    place = csr_array((np.ones(len(labels)), (labels, np.arange(len(labels)))), shape=(k, len(labels)))
    return np.asarray((place @ draws.T).T)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.asarray(np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0))
