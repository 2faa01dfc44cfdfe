"""Precision, recall, F1, rates and their like: functions of how often (truth, prediction) occurs.

The bootstrap resamples the counts of the joint cells (truth, baseline's prediction, candidate's prediction), not
the rows: the multinomial draw is the same in law, and costs the same for a thousand rows as for a million. Of rows
in groups it resamples the groups (`cdml.evaluation.group_counts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cdml.evaluation import clusters
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

SEED = 20_140_401
METHOD = f"paired bootstrap of the joint counts, seed {SEED}"
GROUPED = f"paired bootstrap of the groups' joint counts, seed {SEED}"
DRAWS = 5_000
MOST_NUMBERS = 5_000_000  # drawn in all, where cells are many
CHUNK = 2_000_000  # numbers held at once


def value(name: str, p: Predictions) -> float:
    """The metric of these rows; an undefined share is zero (scikit-learn's zero_division=0)."""
    import numpy as np

    k = len(p.classes)
    truth, predicted, hits = (np.bincount(v, minlength=k).astype(float) for v in _marginals(p))
    return float(formula(name, truth[None], predicted[None], hits[None])[0])


def own(name: str, p: Predictions, value: float) -> Estimate:
    """One model's value: Wilson's interval where the metric is built of proportions, else the bootstrap."""
    import numpy as np

    if name == "f1_macro" or (name == "balanced_accuracy" and p.groups is not None):
        return _own_drawn(name, p, value)
    if name == "balanced_accuracy":
        truth, _, hits = (np.bincount(v, minlength=len(p.classes)).tolist() for v in _marginals(p))
        parts = [(hit, n) for hit, n in zip(hits, truth, strict=True) if n]
        return Estimate(value, lambda c: mean_of_proportions(parts, c), "Wilson intervals joined (MOVER)")
    hits_in, members = _share(name, p)
    by = "" if p.groups is None else ", by groups"
    if name == "f1":
        words = f"Wilson interval of hits in the union{by}"
        return Estimate(value, lambda c: _f1_bounds(clusters.proportion(hits_in, members, p, c)), words)
    words = f"Wilson score interval{by}"
    return Estimate(value, lambda c: clusters.proportion(hits_in, members, p, c), words)


def difference(name: str, base: Predictions, cand: Predictions, values: tuple[float, float]) -> Estimate:
    """Candidate's value minus baseline's with the percentile interval of resampled joint counts.

    Every cell in which the models disagree, and its mirror, gets half a row more (Agresti & Min 2005, Stat. Med.
    24): four disagreements all one way are not proof. Draws are taken from the table and from its mirror image
    with one seed, so that swapping the models negates the interval exactly.
    """
    import numpy as np

    if np.array_equal(base.predicted, cand.predicted):
        return unchanged(METHOD if cand.groups is None else GROUPED)
    if cand.groups is not None:
        from cdml.evaluation import group_counts

        return group_counts.difference(name, base, cand, values)
    cells, counts = _smooth(*_joint(base, cand))
    one = _differences(name, base, cand, (cells, counts))
    two = _differences(name, cand, base, _sorted(cells[:, [0, 2, 1]], counts))
    return percentile(values[1] - values[0], np.concatenate([one, -two]), METHOD)


def _joint(base: Predictions, cand: Predictions) -> tuple[NDArray[Any], NDArray[Any]]:
    """The cells (truth, baseline's prediction, candidate's prediction) that occur, and their counts."""
    import numpy as np

    def count() -> tuple[Predictions, NDArray[Any], NDArray[Any]]:
        codes = np.column_stack([base.y_true, base.predicted, cand.predicted])
        return base, *_cells(codes, len(base.classes))  # held, so that its id stays its own

    _, cells, counts = cand.once(("joint", id(base)), count)
    return cells, counts


def _share(name: str, p: Predictions) -> tuple[NDArray[Any], NDArray[Any]]:
    """The rows that count as a success of a proportion, and those that it is a share of, both boolean (n,)."""
    import numpy as np

    truth, said = p.y_true == 1, p.predicted == 1
    return {
        "f1": (truth & said, truth | said),
        "precision": (truth & said, said),
        "recall": (truth & said, truth),
        "true_positive_rate": (truth & said, truth),
        "false_negative_rate": (truth & ~said, truth),
        "false_positive_rate": (~truth & said, ~truth),
        "true_negative_rate": (~truth & ~said, ~truth),
        "selection_rate": (said, np.ones(p.rows, dtype=bool)),
    }[name]


def _f1_bounds(bounds: Bounds) -> Bounds:
    """F1 = 2J / (1 + J), where J is the share of hits among the rows that are positive or called so."""
    low, high = bounds
    return 2 * low / (1 + low), 2 * high / (1 + high)


def _own_drawn(name: str, p: Predictions, value: float) -> Estimate:
    import numpy as np

    if np.array_equal(p.y_true, p.predicted):  # no error to resample: as many rows without one bound it from below
        units = clusters.count(p)
        return Estimate(value, lambda c: wilson(units, units, c), "Wilson score interval")
    if p.groups is not None:
        from cdml.evaluation import group_counts

        return group_counts.own(name, p, value)
    k = len(p.classes)
    cells, counts = _cells(np.column_stack([p.y_true, p.predicted]), k)
    draws = [scores(name, cells[:, 0], cells[:, 1], chunk, k) for chunk in _draws(counts.astype(float))]
    return percentile(value, np.concatenate(draws), f"bootstrap of the counts, seed {SEED}")


def _marginals(p: Predictions) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    return p.y_true, p.predicted, p.y_true[p.y_true == p.predicted]


def _cells(codes: NDArray[Any], width: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The distinct rows of whole numbers below `width`, in order, and how often each occurs."""
    import numpy as np

    keys = codes.astype("int64") @ (width ** np.arange(codes.shape[1])[::-1])
    if width ** codes.shape[1] <= max(1_000, 4 * len(keys)):
        every = np.bincount(keys)
        distinct = np.flatnonzero(every)
        counts = every[distinct]
    else:
        distinct, counts = np.unique(keys, return_counts=True)
    cells = np.stack([distinct // width**power % width for power in range(codes.shape[1])[::-1]], axis=1)
    return cells, counts.astype(float)


def _smooth(cells: NDArray[Any], counts: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Half a row more in every cell of disagreement and in its mirror."""
    import numpy as np

    split = cells[cells[:, 1] != cells[:, 2]]
    pairs, _ = _cells(np.concatenate([split, split[:, [0, 2, 1]]]), int(cells.max()) + 1)
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


def _differences(
    name: str, base: Predictions, cand: Predictions, table: tuple[NDArray[Any], NDArray[Any]]
) -> NDArray[Any]:
    """The second model's value minus the first's in each draw; precision and recall share the draws."""
    import numpy as np

    cells, counts = table
    chunks: Iterable[NDArray[Any]] = _draws(counts)
    if DRAWS * len(counts) <= CHUNK:
        chunks = cand.once(("draws", id(base), DRAWS), lambda: (base, list(_draws(counts))))[1]
    return np.concatenate([differences(name, cells, drawn, len(cand.classes)) for drawn in chunks])


def differences(name: str, cells: NDArray[Any], draws: NDArray[Any], k: int) -> NDArray[Any]:
    """Candidate's value minus baseline's in each draw (draws, cells) of the joint counts, shape (draws,)."""
    import numpy as np

    truth, base, cand = cells.T
    return np.asarray(scores(name, truth, cand, draws, k) - scores(name, truth, base, draws, k))


def scores(name: str, truth: NDArray[Any], said: NDArray[Any], draws: NDArray[Any], k: int) -> NDArray[Any]:
    """The metric of each draw (draws, cells) of cells with this truth and prediction, shape (draws,)."""
    right = truth == said
    hits = _totals(truth[right], draws[:, right], k)
    return formula(name, _totals(truth, draws, k), _totals(said, draws, k), hits)


def formula(name: str, actual: NDArray[Any], called: NDArray[Any], hits: NDArray[Any]) -> NDArray[Any]:
    """The metric, shape (draws,), from counts by class (draws, k): of the truth, the predictions, the right ones.

    Undefined shares are zero (scikit-learn's zero_division=0).
    """
    import numpy as np

    if name == "balanced_accuracy":
        return np.asarray((_ratio(hits, actual)).sum(axis=1) / (actual > 0).sum(axis=1))
    if name == "f1_macro":
        either = actual + called
        return np.asarray(_ratio(2 * hits, either).sum(axis=1) / (either > 0).sum(axis=1))
    if name == "f1":
        return _ratio(hits[:, 1], (actual + called)[:, 1] / 2)
    part, whole = {
        "precision": (hits[:, 1], called[:, 1]),
        "recall": (hits[:, 1], actual[:, 1]),
        "true_positive_rate": (hits[:, 1], actual[:, 1]),
        "false_negative_rate": ((actual - hits)[:, 1], actual[:, 1]),
        "false_positive_rate": ((actual - hits)[:, 0], actual[:, 0]),
        "true_negative_rate": (hits[:, 0], actual[:, 0]),
        "selection_rate": (called[:, 1], actual.sum(axis=1)),
    }[name]
    return _ratio(part, whole)


def _totals(labels: NDArray[Any], draws: NDArray[Any], k: int) -> NDArray[Any]:
    """Counts by label, shape (draws, k)."""
    import numpy as np
    from scipy.sparse import csr_array

    place = csr_array((np.ones(len(labels)), (labels, np.arange(len(labels)))), shape=(k, len(labels)))
    return np.asarray((place @ draws.T).T)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.asarray(np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0))
