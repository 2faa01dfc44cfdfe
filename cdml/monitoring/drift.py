"""Drift that does not cry wolf: a column drifted when it surely differs, and differs by an amount that matters.

Surely: a two-sample Kolmogorov-Smirnov test of numbers, Pearson's chi-squared test of categories, with Holm's
correction over all columns (Holm 1979, Scand. J. Stat. 6). By an amount that matters: a population stability index
of 0.1 or more (Siddiqi 2006, Credit Risk Scorecards; it is Jeffreys' divergence of the two histograms). Either
alone misleads: at a million rows every difference is sure, and at a hundred the index passes 0.1 by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdml.core.observation import ColumnDrift, Kind, Role, Seen
from cdml.monitoring import histograms

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MIN_ROWS = 200  # on either side: with fewer, the index is mostly noise
FAMILY_ERROR = 0.01  # the chance that any column of one look is called different without drift
MATTERS = 0.1  # of the population stability index
MOST_VALUES = 200  # of a category: beyond, it is a name or free text
FEW_NUMBERS = 20  # so many different numbers or fewer are categories


@dataclass(frozen=True)
class Reference:
    """A column as the test data have it; `values` has shape (n,)."""

    values: pd.Series[Any]
    role: Role


def drift(
    reference: Mapping[str, Reference], observed: pd.DataFrame
) -> tuple[tuple[ColumnDrift, ...], tuple[str, ...]]:
    """Every column that both sides have, in the reference's order, and notes on what was not tested."""
    found: list[ColumnDrift] = []
    untested: dict[str, list[str]] = {}
    for name, side in reference.items():
        if name not in observed:
            untested.setdefault("not in the batches", []).append(name)
        elif why := _why_not(side.values):
            untested.setdefault(why, []).append(name)
        else:
            found.append(_column(name, side, observed[name]))
    notes = tuple(f"Not tested, {why}: {_listed(names)}." for why, names in untested.items())
    return _judged(found), notes


def _why_not(values: pd.Series[Any]) -> str:
    """Why a column cannot be tested; empty where it can."""
    import pandas as pd

    known = values.dropna()
    if known.empty:
        return "empty in the test data"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "times move on by themselves"
    if pd.api.types.is_numeric_dtype(values):
        return ""
    texts = known.astype(str)
    if texts.head(100).str.match(r"\d{4}-\d{2}-\d{2}").all():
        return "times move on by themselves"
    return "too many different values" if texts.nunique() > MOST_VALUES else ""


def _column(name: str, side: Reference, values: pd.Series[Any]) -> ColumnDrift:
    """One column with its raw p value; who drifted is known when all are there."""
    before = side.values
    numeric = _is_numeric(before)
    first, second = (_numbers(before), _numbers(values)) if numeric else (_texts(before), _texts(values))
    kind: Kind = "number" if numeric else "category"
    described = histograms.numbers(first, second) if numeric else histograms.categories(first, second)
    empty = ColumnDrift(name, side.role, kind, len(second), Seen.TOO_FEW_ROWS, None, None, *described)
    if min(len(first), len(second)) < MIN_ROWS:
        return empty
    test = _numbers_differ if numeric else _categories_differ
    counts = histograms.of_numbers(first, second) if numeric else histograms.of_categories(first, second)
    return replace(empty, seen=Seen.NO_DRIFT, p=test(first, second), psi=histograms.stability(*counts))


def _is_numeric(values: pd.Series[Any]) -> bool:
    import pandas as pd

    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return False
    return int(values.nunique()) > FEW_NUMBERS


def _numbers(values: pd.Series[Any]) -> NDArray[Any]:
    """Floats, shape (n,); what is no finite number is missing."""
    import numpy as np
    import pandas as pd

    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def _texts(values: pd.Series[Any]) -> NDArray[Any]:
    """Texts or None, shape (n,): 1, 1.0, True and "1" are one category."""
    import numpy as np
    import pandas as pd

    try:
        codes, uniques = pd.factorize(values)
    except TypeError:  # lists, as Parquet may hold them
        codes, uniques = pd.factorize(values.astype(str).where(values.notna()))
    words = np.array([*(_word(value) for value in uniques), None], dtype=object)
    return np.asarray(words[codes])


def _word(value: object) -> str:
    import numpy as np

    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]


def _numbers_differ(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The p value of the values that are there; where some are missing, doubled for the test of that beside it."""
    import numpy as np
    from scipy.stats import ks_2samp

    gone = np.isnan(first), np.isnan(second)
    there = first[~gone[0]], second[~gone[1]]
    shape = float(ks_2samp(*there, method="asymp").pvalue) if min(map(len, there)) else 1.0
    if not (gone[0].any() or gone[1].any()):
        return shape
    missing = _chi_squared(np.array([[side.sum(), len(side) - side.sum()] for side in gone]))
    return min(1.0, 2 * min(shape, missing))


def _categories_differ(first: NDArray[Any], second: NDArray[Any]) -> float:
    import numpy as np

    return _chi_squared(np.array(histograms.of_categories(first, second)))


def _chi_squared(counts: NDArray[Any]) -> float:
    """Pearson's test that two rows of counts (2, k) are alike; what is expected fewer than 5 times is one bin."""
    import numpy as np
    from scipy.stats import chi2_contingency

    expected = counts.sum(axis=0) * counts.sum(axis=1).min() / counts.sum()
    rare = expected < 5
    pooled = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] < 2:
        return 1.0
    return float(chi2_contingency(pooled, correction=False).pvalue)


def _judged(found: Sequence[ColumnDrift]) -> tuple[ColumnDrift, ...]:
    """The columns with Holm's p values, and which of them drifted."""
    raw = sorted((column.p, place) for place, column in enumerate(found) if column.p is not None)
    adjusted: dict[int, float] = {}
    least = 0.0
    for rank, (p, place) in enumerate(raw):
        least = max(least, min(1.0, p * (len(raw) - rank)))
        adjusted[place] = least
    return tuple(_verdict(column, adjusted.get(place)) for place, column in enumerate(found))


def _verdict(column: ColumnDrift, p: float | None) -> ColumnDrift:
    if p is None or column.psi is None:
        return column
    moved = p < FAMILY_ERROR and column.psi >= MATTERS
    return replace(column, p=p, seen=Seen.DRIFT if moved else Seen.NO_DRIFT)


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])
