"""Fairness between groups, by fairlearn's definitions: demographic parity and equalised odds.

A measure is the difference, or the ratio, of a rate's extremes over the groups. Demographic parity compares the
share that is called positive (Dwork et al. 2012); equalised odds the worse of true and false positive rates
(Hardt, Price and Srebro 2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cdml.core.findings import Fairness, FairnessGroup, FairnessMeasure
from cdml.evaluation.cuts import Cut, edges_of
from cdml.evaluation.pairing import Pair
from cdml.evaluation.slices import MOST_VALUES, require_cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions

# Of fewer rows a group's rate is chance, and one odd group would be every measure's extreme.
FEWEST_ROWS = 30
SELECTION, TRUE_POSITIVE, FALSE_POSITIVE = "selection_rate", "true_positive_rate", "false_positive_rate"
DIFFERENCES = {
    "demographic_parity_difference": (SELECTION,),
    "demographic_parity_ratio": (SELECTION,),
    "equalized_odds_difference": (TRUE_POSITIVE, FALSE_POSITIVE),
    "equalized_odds_ratio": (TRUE_POSITIVE, FALSE_POSITIVE),
}

Rates = dict[str, "NDArray[Any]"]


def fairness(both: Pair, by: tuple[str, ...]) -> tuple[Fairness, ...]:
    """One table for each cut in `by` of at least two groups; empty unless the task is binary with answers.

    Groups of fewer than thirty rows, and those after the twenty largest, do not count. The baseline stands beside
    where rows are paired. y_true is no group: a model is meant to tell its values apart.
    """
    candidate = both.candidate
    if candidate.task != "binary" or candidate.y_pred is None:
        return ()
    bins = edges_of(candidate, by, both.edges)
    found = (_table(both, name, require_cut(candidate, name, bins)) for name in by if name != "y_true")
    return tuple(one for one in found if one is not None)


def _table(both: Pair, name: str, groups: Cut) -> Fairness | None:
    counts = groups.counts()
    kept = sorted(sorted(range(len(counts)), key=lambda code: -counts[code])[:MOST_VALUES])
    kept = [code for code in kept if counts[code] >= FEWEST_ROWS]
    if len(kept) < 2:
        return None
    after = _rates(both.candidate, groups)
    before = _rates(both.baseline, groups) if both.baseline and both.paired else None
    labels = [groups.labels[code] for code in kept]
    positives = _count(groups, both.candidate.y_true == 1)
    return Fairness(
        column=name,
        positive=both.candidate.classes[1],
        groups=tuple(
            FairnessGroup(
                groups.labels[code],
                int(counts[code]),
                int(positives[code]),
                float(after[SELECTION][code]),
                _known(after[TRUE_POSITIVE][code]),
                _known(after[FALSE_POSITIVE][code]),
            )
            for code in kept
        ),
        measures=tuple(_measure(measure, kept, labels, after, before) for measure in DIFFERENCES),
    )


def _measure(name: str, kept: list[int], labels: list[str], after: Rates, before: Rates | None) -> FairnessMeasure:
    rate, value = _worst(name, kept, after)
    extremes = [(float(after[rate][code]), label) for code, label in zip(kept, labels, strict=True)]
    known = [(number, label) for number, label in extremes if number == number]  # noqa: PLR0124 - NaN is not itself
    return FairnessMeasure(
        name=name,
        baseline=_worst(name, kept, before)[1] if before else None,
        candidate=value,
        rate=rate,
        lowest=min(known)[1] if value is not None else "",
        highest=max(known)[1] if value is not None else "",
    )


def _worst(name: str, kept: list[int], rates: Rates) -> tuple[str, float | None]:
    """The rate whose extremes are furthest apart, and how far."""
    found = [(rate, _apart(name, rates[rate][kept])) for rate in DIFFERENCES[name]]
    known = [(rate, value) for rate, value in found if value is not None]
    if not known:
        return DIFFERENCES[name][0], None
    pick = min if name.endswith("ratio") else max
    return pick(known, key=lambda one: one[1])


def _apart(name: str, values: NDArray[Any]) -> float | None:
    """Difference or ratio of the extremes; a group in which the rate is not defined does not count."""
    import numpy as np

    known = values[~np.isnan(values)]
    if len(known) < 2:
        return None
    low, high = float(known.min()), float(known.max())
    if not name.endswith("ratio"):
        return high - low
    return low / high if high else None


def _rates(p: Predictions, groups: Cut) -> Rates:
    """Each rate by group, shape (groups,); NaN where no row has one."""
    import numpy as np

    truth, said = p.y_true == 1, p.predicted == 1
    every, positive = groups.counts(), _count(groups, truth)
    parts = {
        SELECTION: (_count(groups, said), every),
        TRUE_POSITIVE: (_count(groups, said & truth), positive),
        FALSE_POSITIVE: (_count(groups, said & ~truth), every - positive),
    }
    return {
        rate: np.divide(part, whole, out=np.full(len(every), np.nan), where=whole > 0)
        for rate, (part, whole) in parts.items()
    }


def _count(groups: Cut, rows: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.bincount(groups.codes[rows], minlength=len(groups.labels))


def _known(rate: Any) -> float | None:
    return float(rate) if rate == rate else None  # noqa: PLR0124 - NaN is not itself
