"""Two sides of a column in the same bins: their distance, and each side in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10
LONGEST_VALUE = 40
_GONE = "missing"
Counts = tuple["NDArray[Any]", "NDArray[Any]"]


def of_numbers(first: NDArray[Any], second: NDArray[Any]) -> Counts:
    """Counts of both sides in the tenths of the first one, shape (k,); missing numbers have a bin of their own."""
    import numpy as np

    inner = np.linspace(0, 1, BINS + 1)[1:-1]
    known = first[~np.isnan(first)]
    edges = np.unique(np.quantile(known, inner)) if len(known) else np.array([])
    sides = []
    for side in (first, second):
        gone = np.isnan(side)
        # A number on an edge belongs to the bin below, as everything equal to it.
        places = np.searchsorted(edges, side[~gone], side="left")
        sides.append(np.append(np.bincount(places, minlength=len(edges) + 1), gone.sum()))
    return _seen(*sides)


def of_categories(first: NDArray[Any], second: NDArray[Any]) -> Counts:
    """Counts of both sides by value, shape (k,); None is a value too."""
    import numpy as np

    before, now = _shares(first), _shares(second)
    values = list(dict.fromkeys((*before, *now)))
    return (
        np.array([before.get(value, 0) for value in values]),
        np.array([now.get(value, 0) for value in values]),
    )


def _seen(first: NDArray[Any], second: NDArray[Any]) -> Counts:
    """Without bins that are empty on both sides."""
    some = (first + second) > 0
    return first[some], second[some]


def stability(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The population stability index of two rows of counts (k,): 0 where they have the same shares.

    Half a count is added to each bin, so that an empty one gives a number (Jeffreys' prior).
    """
    import numpy as np

    before, now = ((side + 0.5) / (side.sum() + 0.5 * len(side)) for side in (first, second))
    return float(np.sum((now - before) * np.log(now / before)))


def numbers(first: NDArray[Any], second: NDArray[Any]) -> tuple[str, str]:
    """Both sides as `34 (20 to 61)`: the median, and where nine tenths of the numbers are."""
    import numpy as np

    gone = [float(np.isnan(side).mean()) if len(side) else 0.0 for side in (first, second)]
    shown = abs(gone[0] - gone[1]) >= 0.01
    return _spread(first, gone[0], shown), _spread(second, gone[1], shown)


def _spread(side: NDArray[Any], gone: float, shown: bool) -> str:
    import numpy as np

    known = side[~np.isnan(side)]
    words = []
    if len(known):
        low, middle, high = (f"{value:.4g}" for value in np.quantile(known, [0.05, 0.5, 0.95]))
        words.append(f"{middle} ({low} to {high})")
    if shown or not words:
        words.append(f"{_percent(gone)} {_GONE}")
    return ", ".join(words)


def categories(first: NDArray[Any], second: NDArray[Any]) -> tuple[str, str]:
    """Both sides as `North 12 %`: the value whose share moved most."""
    before, now = _shares(first), _shares(second)
    values = dict.fromkeys((*before, *now))
    shares = {
        value: (before.get(value, 0) / max(1, len(first)), now.get(value, 0) / max(1, len(second)))
        for value in values
    }
    if not shares:
        return "", ""
    moved = max(shares, key=lambda value: abs(shares[value][1] - shares[value][0]))
    name = _GONE if moved is None else _cut(moved)
    return f"{name} {_percent(shares[moved][0])}", f"{name} {_percent(shares[moved][1])}"


def _shares(side: NDArray[Any]) -> dict[str | None, int]:
    """How often each value is there, the most frequent first."""
    import numpy as np
    import pandas as pd

    codes, uniques = pd.factorize(side, use_na_sentinel=False)
    counts = np.bincount(codes, minlength=len(uniques))
    return {_value(uniques[place]): int(counts[place]) for place in np.argsort(-counts, kind="stable")}


def _value(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _percent(share: float) -> str:
    """`12 %`; `0 %` and `100 %` only where it is just that."""
    rounded = round(100 * share)
    if rounded == 0 and share > 0:
        return "<1 %"
    if rounded == 100 and share < 1:
        return ">99 %"
    return f"{rounded if math.isfinite(share) else 0} %"
