"""What a model must not see: test rows among the training rows, and columns that give the target away.

A model that saw either looks better in every test than it will ever be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdml.contracts.finding import Finding, named
from cdml.contracts.observe import Seen, Table
from cdml.contracts.schema import Column
from cdml.contracts.survey import Subject

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

CHANCE = 0.001  # that so many rows are alike by accident
# From the first on a column is worth a look, from the second on it gives the target away: the area under the ROC
# curve, the share of the trivial model's errors or of the variance that is explained, Spearman's correlation.
AUC = (0.98, 0.995)
SKILL = (0.9, 0.98)
RANKS = (0.98, 0.995)
CLASSES = 20
BINS = 200
FEWEST = 100  # rows
FEWEST_OF_CLASS = 10
COLLISIONS = 10  # expected among numbers that are no ids
LONGEST_ID = 64


@dataclass(frozen=True)
class Told:
    """How well a column tells the target by itself, in words; `nearly`: not well enough to be sure of a leak."""

    said: str
    nearly: bool


def same_rows(test: Subject, table: Table, train: Table) -> tuple[Finding, ...]:
    """Test rows that are among the training rows, where they are more than chance explains.

    Rows of few and coarse columns are alike by accident: how often, the training rows say of each other.
    """
    import numpy as np
    from scipy.stats import binom

    if test.schema.leaks == "allow" or table.rows_alike is None or train.rows_alike is None or not table.rows:
        return ()
    found = np.isin(table.rows_alike, train.rows_alike)
    _, inverse, repeated = np.unique(train.rows_alike, return_inverse=True, return_counts=True)
    accident = min(1.0, (float((repeated[inverse] > 1).sum()) + 1) / (len(train.rows_alike) + 1))
    count = int(found.sum())
    if not count or binom.sf(count - 1, len(found), accident) > CHANCE:
        return ()
    rows = tuple(f"row {int(at) + 1:,}" for at in np.flatnonzero(found)[:3])
    said = "are among the training rows too"
    return (_finding(test, "", "leak", said, test.schema.leaks == "warn", (count, table.rows, rows)),)


def giveaways(train: Subject, table: Table) -> tuple[Finding, ...]:
    """Features that tell the target by themselves."""
    schema = train.schema
    if schema.leaks == "allow" or schema.target is None or schema.target not in table.columns:
        return ()
    target = table.sample[schema.target]
    seen = table.columns[schema.target]
    found = []
    for column in schema.features():
        if "leak" in column.allow or column.name not in table.columns or column.type == "time":
            continue
        told = _tells(table.sample[column.name], column, target, seen)
        if told:
            text = f"alone it {'all but ' if told.nearly else ''}tells {named(schema.target)} ({told.said})"
            found.append(_finding(train, column.name, "leak", text, told.nearly or schema.leaks == "warn"))
    return tuple(found)


def ids(train: Subject, table: Table) -> tuple[Finding, ...]:
    """Features in which no two rows are alike: a model learns the rows by them, and nothing else."""
    found = []
    for column in train.schema.features():
        seen = table.columns.get(column.name)
        if seen and "id" not in column.allow and _is_id(column, seen, table.sample.get(column.name)):
            said = (
                "every row has another value, as an id does; `serving: false`, or `allow: [id]` where it is none"
            )
            found.append(_finding(train, column.name, "id", said, True))
    return tuple(found)


def _finding(
    subject: Subject,
    column: str,
    rule: str,
    said: str,
    warns: bool,
    counted: tuple[int, int, tuple[str, ...]] = (0, 0, ()),
) -> Finding:
    return Finding(subject.name, subject.path, column, rule, said, "warn" if warns else "fail", *counted)


def _is_id(column: Column, seen: Seen, sample: Any) -> bool:
    if seen.filled < FEWEST or not seen.is_distinct():
        return False
    if column.type == "integer":
        width = float(seen.high or 0) - float(seen.low or 0) + 1
        return seen.filled**2 / (2 * width) > COLLISIONS
    texts = sample.dropna().astype(str)
    return bool((texts.str.len() <= LONGEST_ID).all() and not texts.str.contains(r"\s").any())


def _told(measured: float, limits: tuple[float, float], said: str) -> Told | None:
    return Told(said, measured < limits[1]) if measured >= limits[0] else None


def _tells(cells: pd.Series[Any], column: Column, target: pd.Series[Any], seen: Seen) -> Told | None:
    """How well a column alone predicts; None where it does not give the target away."""
    there = target.notna().to_numpy()
    cells, target = cells[there].reset_index(drop=True), target[there].reset_index(drop=True)
    if len(target) < FEWEST:
        return None
    few = seen.counts is not None and len(seen.counts) <= CLASSES
    if seen.type == "number" or (seen.type == "integer" and not few):
        return _tells_number(cells, column, target.to_numpy(dtype=float))
    codes, classes = target.factorize()
    import numpy as np

    if len(classes) < 2 or np.bincount(codes).min() < FEWEST_OF_CLASS:
        return None
    if len(classes) == 2:
        found = _auc(_expected(cells, column, codes.astype(float)), codes)
        return _told(found, AUC, f"AUC {found:.3f}")
    chances = np.column_stack([_expected(cells, column, (codes == k).astype(float)) for k in range(len(classes))])
    wrong = float((chances.argmax(axis=1) != codes).mean())
    trivial = 1 - np.bincount(codes).max() / len(codes)
    return _told(1 - wrong / trivial, SKILL, f"right in {1 - wrong:.1%} of the rows")


def _tells_number(cells: pd.Series[Any], column: Column, target: NDArray[Any]) -> Told | None:
    import numpy as np
    import pandas as pd

    if not target.var():
        return None
    found: Told | None = None
    if column.numeric and not cells.isna().any() and cells.nunique() > 1:
        ranks = float(cells.rank().corr(pd.Series(target).rank()))
        found = _told(abs(ranks), RANKS, f"rank correlation {ranks:.3f}")
        if found and not found.nearly:
            return found
    rest = target - _expected(cells, column, target)
    explained = 1 - float(np.mean(rest**2) / target.var())
    return _told(explained, SKILL, f"R² {explained:.3f}") or found


def _expected(cells: pd.Series[Any], column: Column, target: NDArray[Any]) -> NDArray[Any]:
    """The mean of the target among cells alike, for each row from the other half of the rows alone."""
    import numpy as np
    import pandas as pd

    groups = _groups(cells, column)
    half = np.random.default_rng(0).permutation(len(target)) % 2
    expected = np.empty(len(target))
    for side in (0, 1):
        other = half != side
        means = pd.Series(target[other]).groupby(groups[other]).mean()
        expected[~other] = pd.Series(groups[~other]).map(means).fillna(target[other].mean())
    return expected


def _groups(cells: pd.Series[Any], column: Column) -> NDArray[Any]:
    """Cells that count as alike: equal ones, numbers of one bin, and all empty ones."""
    import numpy as np

    if not column.numeric:
        return np.asarray(cells.factorize(use_na_sentinel=True)[0])
    values = cells.to_numpy(dtype=float)
    some = values[~np.isnan(values)]
    if not len(some):
        return np.full(len(values), -1)
    edges = np.unique(np.quantile(some, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    return np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="left"))


def _auc(scores: NDArray[Any], positive: NDArray[Any]) -> float:
    """The share of pairs in the right order (Mann and Whitney 1947); ties count half."""
    import pandas as pd

    ranks = pd.Series(scores).rank().to_numpy()
    some = positive == 1
    count = int(some.sum())
    return float((ranks[some].sum() - count * (count + 1) / 2) / (count * (len(positive) - count)))
