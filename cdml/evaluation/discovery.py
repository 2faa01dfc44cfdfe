"""Weak slices that nobody asked for: sought on one half of the rows, confirmed on the other.

Whoever looks at hundreds of slices finds a bad one by chance. So each half has its own task (Cox 1975, Biometrika
62, on data splitting): the first only proposes, and what the second does not confirm after Holm's correction is
never shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from cdml.core.crosses import parts
from cdml.core.findings import FoundSlice
from cdml.evaluation.cuts import Cut, crossed, cut, edges_of
from cdml.evaluation.pairing import Pair, subset
from cdml.evaluation.predictions import TRUE, Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SHOWN = 5
MOST_PROPOSED = 10
MOST_COLUMNS = 12
MOST_ROWS = 100_000  # more prove nothing that a reader would act on
FEWEST_ROWS, FEWEST_SHARE = 50, 0.01
# A slice is worth a line where it errs by a quarter more than all rows together.
WORSE = 1.25
LEVEL = 0.05
Asked = frozenset[frozenset[str]]
LARGEST = 1e100  # the square of a larger error is no number
# Of two slices that share more of the smaller one's rows, one is left out.
CONTAINED = 0.25


@dataclass(frozen=True, eq=False)
class _Proposal:
    """The rows whose `code` is this one of a cut that is made of `parts`, one by column."""

    parts: Mapping[str, Cut]
    cut: Cut
    code: int
    bound: float

    @property
    def conditions(self) -> tuple[tuple[str, str], ...]:
        """Each column's value in these rows."""
        row = int(self.rows.argmax())
        return tuple((name, by.labels[int(by.codes[row])]) for name, by in self.parts.items())

    @property
    def rows(self) -> NDArray[Any]:
        """Which rows these are, shape (n,)."""
        import numpy as np

        return np.asarray(self.cut.codes == self.code)


def discover(both: Pair, by: tuple[str, ...] = ()) -> tuple[FoundSlice, ...]:
    """At most five slices of one column or a cross of two in which the candidate errs more, the worst first.

    Those of `by` were asked for and are shown anyway. Errors are wrong answers, or absolute errors of numbers. A
    slice has at least fifty rows and a hundredth of either half. Intervals are at the confidence that Holm leaves
    of 95 %. Empty for a task without answers.
    """
    both = _fewer(both)
    loss = _losses(both.candidate)
    if loss is None or len(loss) < 4 * FEWEST_ROWS or not loss.any():
        return ()
    first = _halves(both.candidate)
    proposed = _propose(
        both, frozenset(frozenset(parts(name, both.candidate.columns)) for name in by), loss, first
    )
    confirmed = _confirm(proposed, loss, ~first)
    before = _losses(both.baseline) if both.baseline and both.paired else None
    return tuple(_found(both, one, loss, before, ~first, level) for one, level in confirmed)[:MOST_SHOWN]


def _fewer(both: Pair) -> Pair:
    """Evenly chosen rows where there are very many."""
    step = -(-both.candidate.rows // MOST_ROWS)
    if step == 1:
        return both
    base = both.baseline
    return replace(
        both,
        candidate=subset(both.candidate, slice(None, None, step)),
        baseline=subset(base, slice(None, None, step)) if base and both.paired else base,
    )


def _losses(p: Predictions) -> NDArray[Any] | None:
    import numpy as np

    if p.y_pred is None or p.task in ("ranking", "scores"):
        return None
    if p.task == "regression":
        errors = np.abs(p.y_true - p.y_pred)
        return np.asarray(errors) if float(errors.max()) < LARGEST else None
    return np.asarray((p.y_true != p.y_pred).astype(float))


def _halves(p: Predictions) -> NDArray[Any]:
    """Which rows propose, by a hash of their ids (of their places without ids), so that it is always the same."""
    import numpy as np
    import pandas as pd

    keys = np.arange(p.rows) if p.ids is None else np.asarray(p.ids, dtype=object)
    return np.asarray(pd.util.hash_array(keys, categorize=False) % 2 == 0)


def _propose(both: Pair, asked: Asked, loss: NDArray[Any], half: NDArray[Any]) -> list[_Proposal]:
    """The slices of one half with the largest sure excess of errors, none of them much the same as another."""
    found = [one for made, by in _cuts(both, asked) for one in _excesses(made, by, loss, half)]
    chosen: list[_Proposal] = []
    for one in sorted(found, key=lambda one: -one.bound)[: 10 * MOST_PROPOSED]:
        if len(chosen) == MOST_PROPOSED:
            break
        if not any(_alike(one.rows & half, other.rows & half) for other in chosen) and _is_news(
            one, asked, loss, half
        ):
            chosen.append(one)
    return chosen


def _is_news(one: _Proposal, asked: Asked, loss: NDArray[Any], half: NDArray[Any]) -> bool:
    """Whether a part of a slice that was asked for errs clearly more than all of that slice, which is shown."""
    own = float(loss[one.rows & half].mean())
    place = int(one.rows.argmax())
    around = [by.codes == by.codes[place] for name, by in one.parts.items() if {name} in asked]
    return all(own >= WORSE * float(loss[rows & half].mean()) for rows in around)


def _cuts(both: Pair, asked: Asked) -> Iterator[tuple[Mapping[str, Cut], Cut]]:
    """Every column of few values or of numbers, and every cross of two, that was not asked for."""
    p = both.candidate
    names = tuple(name for name in p.columns if name != TRUE)
    bins = edges_of(p, names, {k: v for k, v in both.edges.items() if k in names})
    single = {name: by for name in names if (by := _usable(p, name, bins)) is not None}
    single = dict(list(single.items())[:MOST_COLUMNS])
    yield from (({name: by}, by) for name, by in single.items() if {name} not in asked)
    for (one, a), (other, b) in combinations(single.items(), 2):
        if {one, other} not in asked:
            yield {one: a, other: b}, crossed(a, b)


def _usable(p: Predictions, name: str, bins: dict[str, tuple[float, ...]]) -> Cut | None:
    by = cut(p, name, bins)
    if by is None or not 2 <= len(by.labels) <= p.rows // FEWEST_ROWS:
        return None
    return by


def _excesses(parts: Mapping[str, Cut], by: Cut, loss: NDArray[Any], half: NDArray[Any]) -> Iterator[_Proposal]:
    """The slices of one cut that err clearly more than the other rows of this half."""
    import numpy as np

    codes, losses = by.codes[half], loss[half]
    rows = np.bincount(codes, minlength=len(by.labels))
    sums = np.bincount(codes, weights=losses, minlength=len(by.labels))
    squares = np.bincount(codes, weights=losses**2, minlength=len(by.labels))
    whole = np.array([len(losses), losses.sum(), (losses**2).sum()])
    for code in np.flatnonzero((rows >= _least(len(losses))) & (rows <= len(losses) / 2)).tolist():
        own = np.array([rows[code], sums[code], squares[code]])
        if own[1] / own[0] < WORSE * whole[1] / whole[0]:
            continue
        excess, error = _difference(own, whole - own)
        if excess > 2 * error:
            yield _Proposal(parts, by, code, excess - 2 * error)


def _least(rows: int) -> float:
    return max(FEWEST_ROWS, FEWEST_SHARE * rows)


def _difference(own: NDArray[Any], rest: NDArray[Any]) -> tuple[float, float]:
    """Mean of one less that of the other, and its standard error; each is (rows, sum, sum of squares)."""
    means = [float(part[1] / part[0]) for part in (own, rest)]
    variances = [
        max(float(part[2] / part[0]) - mean**2, 0.0) / max(float(part[0]) - 1, 1)
        for part, mean in zip((own, rest), means, strict=True)
    ]
    return means[0] - means[1], math.sqrt(sum(variances))


def _alike(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether the smaller of two slices lies in good part within the other."""
    smaller = min(int(one.sum()), int(other.sum()))
    return int((one & other).sum()) > CONTAINED * smaller


def _confirm(proposed: list[_Proposal], loss: NDArray[Any], half: NDArray[Any]) -> list[tuple[_Proposal, float]]:
    """What the other half confirms, with the level at which Holm (1979, Scand. J. Stat. 6) tested it."""
    from scipy.stats import norm

    tested = []
    for one in proposed:
        own, rest = _parts(one, loss, half)
        if own[0] < _least(int(half.sum())) or rest[0] < FEWEST_ROWS:
            continue
        excess, error = _difference(own, rest)
        p_value = 2 * float(norm.sf(excess / error)) if error else 1.0
        tested.append((p_value, one))
    confirmed: list[tuple[_Proposal, float]] = []
    for place, (p_value, one) in enumerate(sorted(tested, key=lambda pair: pair[0])):
        level = LEVEL / (len(proposed) - place)
        if p_value > level:
            break
        confirmed.append((one, level))
    return sorted(confirmed, key=lambda pair: -_mean(_parts(pair[0], loss, half)[0]))


def _parts(one: _Proposal, loss: NDArray[Any], half: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    inside, outside = (loss[rows & half] for rows in (one.rows, ~one.rows))
    own, rest = (np.array([len(part), part.sum(), (part**2).sum()]) for part in (inside, outside))
    return own, rest


def _mean(part: NDArray[Any]) -> float:
    return float(part[1] / part[0])


def _found(
    both: Pair,
    one: _Proposal,
    loss: NDArray[Any],
    before: NDArray[Any] | None,
    half: NDArray[Any],
    level: float,
) -> FoundSlice:
    from scipy.stats import norm

    own, rest = _parts(one, loss, half)
    excess, error = _difference(own, rest)
    wide = float(norm.ppf(1 - level / 2)) * error
    return FoundSlice(
        conditions=one.conditions,
        rows=int(own[0]),
        measure="absolute error" if both.candidate.task == "regression" else "error rate",
        inside=_mean(own),
        outside=_mean(rest),
        low=excess - wide,
        high=excess + wide,
        baseline=None if before is None else float(before[one.rows & half].mean()),
    )
