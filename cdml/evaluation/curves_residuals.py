"""How a regression misses: residuals by prediction, their distribution, and how far it is from a normal one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from cdml.core.diagnostics import MOST_EXAMPLES, Band, FlippedRow, Residuals, ResidualsOf, short
from cdml.evaluation.curves_confusion import columns_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions

BANDS, FEWEST_IN_A_BAND = 20, 20
COUNTED = 30
NORMALS = 41
FARTHEST = 3.0  # standard deviations of the outermost normal quantiles
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
DIGITS = 5


def residuals(baseline: Predictions | None, candidate: Predictions) -> Residuals:
    """Truth minus prediction of both models; edges are shared and hold 99 % of the rows of either.

    Normal quantiles no farther out than the rows reach: those of (i - 1/2)/n (Hazen 1914).
    """
    import numpy as np
    from scipy.stats import norm

    sides = [candidate, *([baseline] if baseline else [])]
    misses = [np.sort(one.y_true - one.predicted) for one in sides]
    edges = _edges(misses)
    reach = min(FARTHEST, float(norm.ppf(1 - 0.5 / candidate.rows)))
    normal = np.linspace(-reach, reach, NORMALS)
    found = [_of(one, miss, edges, norm.cdf(normal)) for one, miss in zip(sides, misses, strict=True)]
    return Residuals(_numbers(edges), _numbers(normal), found[0], found[1] if baseline else None)


def moved(baseline: Predictions, candidate: Predictions, columns: tuple[str, ...]) -> tuple[FlippedRow, ...]:
    """The rows whose absolute error rose most, then those where it fell most; `columns` are shown beside them."""
    import numpy as np

    before, after = (np.abs(one.y_true - one.predicted) for one in (baseline, candidate))
    change = after - before
    order = np.argsort(change, kind="stable")
    half = MOST_EXAMPLES // 2
    rose = [place for place in order[::-1][:half].tolist() if change[place] > 0]
    fell = [place for place in order[:half].tolist() if change[place] < 0]
    return tuple(_moved(baseline, candidate, place, columns) for place in (*rose, *fell))


def _moved(base: Predictions, cand: Predictions, place: int, columns: tuple[str, ...]) -> FlippedRow:
    truth, before, after = (float(values[place]) for values in (cand.y_true, base.predicted, cand.predicted))
    return FlippedRow(
        row=place + 1,
        id=None if cand.ids is None else short(cand.ids[place]),
        truth=f"{truth:.6g}",
        before=f"{before:.6g}",
        after=f"{after:.6g}",
        fixed=abs(truth - after) < abs(truth - before),
        columns=columns_of(cand, place, columns),
    )


def _edges(misses: list[NDArray[Any]]) -> NDArray[Any]:
    """COUNTED + 1 edges around what nearly all rows miss by."""
    import numpy as np

    ends = np.array([_at(miss, np.array([0.005, 0.995])) for miss in misses])
    low, high = ends[:, 0].min(), ends[:, 1].max()
    room = (high - low) / 2 or abs(high) / 2 or 0.5
    return np.linspace(low, high, COUNTED + 1) if high > low else np.linspace(low - room, low + room, COUNTED + 1)


def _of(p: Predictions, ordered: NDArray[Any], edges: NDArray[Any], shares: NDArray[Any]) -> ResidualsOf:
    import numpy as np

    below = np.searchsorted(ordered, edges[1:-1])
    counts = np.diff(below, prepend=0, append=len(ordered))
    return ResidualsOf(_bands(p), tuple(counts.tolist()), _numbers(_at(ordered, shares)))


def _bands(p: Predictions) -> tuple[Band, ...]:
    """Rows in order of prediction, cut into as many parts as there are enough rows for; never within a tie."""
    import numpy as np

    order = np.argsort(p.predicted)
    said = p.predicted[order]
    missed = p.y_true[order] - said
    parts = max(1, min(BANDS, p.rows // FEWEST_IN_A_BAND))
    inner = said[np.linspace(0, p.rows - 1, parts + 1).astype(int)[1:-1]]
    stops = np.unique([0, *np.searchsorted(said, inner, side="right"), p.rows])
    found = []
    for first, last in itertools.pairwise(stops.tolist()):
        quantiles = _numbers(_at(np.sort(missed[first:last]), np.array(QUANTILES)))
        found.append(Band(_numbers(said[first:last].mean(keepdims=True))[0], quantiles, last - first))
    return tuple(found)


def _at(ordered: NDArray[Any], shares: NDArray[Any]) -> NDArray[Any]:
    """Quantiles of values that are sorted already, by numpy's own rule."""
    import numpy as np

    place = shares * (len(ordered) - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, len(ordered) - 1)
    return np.asarray(ordered[low] + (ordered[high] - ordered[low]) * (place - low))


def _numbers(values: NDArray[Any]) -> tuple[float, ...]:
    """As plain numbers of few digits: what is drawn shows no more, and a judgement stays small."""
    return tuple(float(f"{value:.{DIGITS}g}") for value in values.tolist())
