"""How each column of a table is distributed, in a few numbers: what later data are compared with.

It is stored beside the contract as JSON, a line for each column, so that a later check needs no older data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cdml.contracts.observe import Seen, Table
from cdml.contracts.schema import Schema
from cdml.core.errors import ConfigError
from cdml.core.serialize import load, plain

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

BINS = 10
MOST_TOP = 20
FEW = 10  # whole numbers of so few values are categories
LONGEST = 60  # characters of a category
ENDING = ".profile.json"


@dataclass(frozen=True)
class ColumnProfile:
    """One column. All shares are of all rows.

    Numbers: `edges` are quantiles, `shares` those of the len(edges) + 1 bins that they part, an edge belonging
    to the bin below it. Categories: `values` are the most frequent ones, `shares` theirs and at last that of all
    others. `nulls` is the share of cells without a value of the column's type.
    """

    name: str
    type: str
    nulls: float
    edges: tuple[float, ...] | None = None
    values: tuple[str, ...] | None = None
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class Profile:
    """Columns that have a distribution: no ids, no times, no free text. `digest` is of the table's bytes."""

    rows: int
    digest: str
    columns: tuple[ColumnProfile, ...]
    format: Literal[1] = 1

    def column(self, name: str) -> ColumnProfile | None:
        """One column by name."""
        return next((column for column in self.columns if column.name == name), None)


def profile(table: Table, schema: Schema, digest: str) -> Profile:
    """The profile of a table; `digest` names the bytes that it is of."""
    found = (
        _column(column.name, table.columns[column.name], table.sample[column.name].to_numpy())
        for column in schema.columns
        if column.name in table.columns and not column.unique and column.name != schema.id
    )
    return Profile(table.rows, digest, tuple(one for one in found if one is not None))


def counts(reference: ColumnProfile, series: pd.Series[Any]) -> NDArray[Any]:
    """How many cells fall into each of the reference's bins or categories, and at last how many are empty."""
    import numpy as np

    empty = int(series.isna().sum())
    some = series.dropna()
    if reference.edges is not None:
        place = np.searchsorted(np.array(reference.edges), some.to_numpy(dtype=float), side="left")
        found = np.bincount(place, minlength=len(reference.edges) + 1)
    else:
        known = {text: index for index, text in enumerate(reference.values or ())}
        texts = _texts(some, reference.type)
        other = len(known)
        found = np.bincount([known.get(text, other) for text in texts], minlength=other + 1)
    return np.append(found, empty)


def dump(found: Profile) -> str:
    """The profile as JSON, a line for each column."""
    lines = ",\n".join(f"    {json.dumps(plain(column), ensure_ascii=False)}" for column in found.columns)
    head = f'  "format": {found.format},\n  "rows": {found.rows},\n  "digest": {json.dumps(found.digest)},\n'
    return f'{{\n{head}  "columns": [\n{lines}\n  ]\n}}\n'


def parse(text: str | bytes, where: str) -> Profile:
    """A profile that was stored; ConfigError where it is none, for it may come from anywhere."""
    found = load(Profile, text, where, "cdml data update")
    for column in found.columns:
        bins = len(column.edges) + 1 if column.edges is not None else len(column.values or ()) + 1
        ordered = list(column.edges or ()) == sorted(set(column.edges or ()))
        if len(column.shares) != bins or not ordered or not 0 <= column.nulls <= 1 or min(column.shares) < 0:
            raise ConfigError(f"{where} is not what cdml wrote: column {column.name!r}", "cdml data update")
    return found


def _column(name: str, seen: Seen, sample: Any) -> ColumnProfile | None:
    if not seen.filled or seen.type == "time":
        return None
    nulls = _short(1 - seen.filled / seen.rows)
    few = seen.counts is not None and len(seen.counts) <= FEW
    if seen.type == "number" or (seen.type == "integer" and not few):
        return _numbers(name, seen, sample, nulls)
    if seen.counts is None or any(len(text) > LONGEST for text in seen.counts):
        return None
    ordered = sorted(seen.counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) > seen.filled / 2:
        return None  # free text, or names
    top = ordered[:MOST_TOP]
    shares = [count / seen.rows for _, count in top]
    rest = max(0, seen.filled - sum(count for _, count in top)) / seen.rows
    return ColumnProfile(
        name, seen.type, nulls, values=tuple(text for text, _ in top), shares=(*map(_short, shares), _short(rest))
    )


def _numbers(name: str, seen: Seen, sample: Any, nulls: float) -> ColumnProfile:
    import numpy as np

    values = sample[~np.isnan(sample)]
    edges = np.unique(np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    edges = np.unique([float(f"{edge:.9g}") for edge in edges])
    place = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    shares = place / len(values) * (seen.filled / seen.rows)
    return ColumnProfile(name, seen.type, nulls, tuple(map(float, edges)), shares=tuple(map(_short, shares)))


def _texts(some: pd.Series[Any], kind: str) -> list[str]:
    from cdml.contracts.cells import words

    if kind in ("integer", "number"):
        numbers = some.to_numpy(dtype=float)
        whole = (numbers == numbers.astype("int64")).all() if len(numbers) else True
        return list(words(numbers, "integer" if whole else "number"))
    return [str(cell) for cell in some]


def _short(share: float) -> float:
    return float(f"{share:.6g}")
