"""Which rows belong together: a column's values, bins of numbers, and crosses of two columns, as small codes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdml.core.crosses import CROSS, parts
from cdml.core.errors import ConfigError
from cdml.evaluation.predictions import TRUE, Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A column of numbers with more values than this is cut into bins.
MOST_VALUES = 20
BINS = 5
EMPTY = "(empty)"

Edges = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, eq=False)
class Cut:
    """`codes` (n,) are indices into `labels`, which stand in the order in which people read them."""

    codes: NDArray[Any]
    labels: tuple[str, ...]

    def counts(self) -> NDArray[Any]:
        """Rows of each label, shape (labels,)."""
        import numpy as np

        return np.bincount(self.codes, minlength=len(self.labels))


def cut(p: Predictions, name: str, edges: Edges) -> Cut | None:
    """The rows of `p` by a column or a cross `a*b`; None where it has no such column.

    `edges` are those of every column of numbers that is cut into bins (`edges_of`).
    """
    columns = parts(name, known_columns(p))
    found = [_column(p, column, edges.get(column)) for column in columns]
    if any(one is None for one in found) or not 1 <= len(found) <= 2:
        return None
    first, *rest = [one for one in found if one is not None]
    return crossed(first, rest[0]) if rest else first


def crossed(first: Cut, second: Cut) -> Cut:
    """Every pair of labels that occurs."""
    import numpy as np

    wide = len(second.labels)
    keys = first.codes.astype("int64") * wide + second.codes
    present = np.flatnonzero(np.bincount(keys, minlength=len(first.labels) * wide))
    place = np.zeros(len(first.labels) * wide, dtype="int64")
    place[present] = np.arange(len(present))
    labels = tuple(f"{first.labels[key // wide]}{CROSS}{second.labels[key % wide]}" for key in present.tolist())
    return Cut(place[keys], labels)


def edges_of(p: Predictions, names: tuple[str, ...], given: Edges) -> dict[str, tuple[float, ...]]:
    """The edges of every column in `names` that holds numbers of many values: the given ones, else quantiles.

    Raises ConfigError where edges are given for a column that holds no numbers.
    """
    found = {}
    for column in dict.fromkeys(part for name in names for part in parts(name, known_columns(p))):
        values = _values(p, column)
        if values is None:
            continue
        if not _is_numeric(values):
            if column in given:
                raise ConfigError(
                    f"{p.name}: column {column} holds no numbers, and edges are given for it",
                    f"write `{column}` alone in evaluate.by",
                )
            continue
        edges = given.get(column) or _quantile_edges(values)
        if edges:
            found[column] = tuple(edges)
    return found


def known_columns(p: Predictions) -> tuple[str, ...]:
    """What can be cut by: the file's other columns, and y_true."""
    return (*p.columns, TRUE)


def _column(p: Predictions, column: str, edges: tuple[float, ...] | None) -> Cut | None:
    values = _values(p, column)
    if values is None:
        return None
    if edges and _is_numeric(values):
        return _binned(values, edges)
    if column == TRUE and p.classes and column not in p.columns:
        return Cut(values, p.classes)
    return _labelled(values)


def _values(p: Predictions, column: str) -> NDArray[Any] | None:
    if column in p.columns:
        return p.columns[column]
    return p.y_true if column == TRUE else None


def _is_numeric(values: NDArray[Any]) -> bool:
    return getattr(values.dtype, "kind", "O") in "iuf"


def _labelled(values: NDArray[Any]) -> Cut:
    """By value; an empty cell is `(empty)`."""
    import numpy as np
    import pandas as pd

    codes, uniques = pd.factorize(values, use_na_sentinel=True)
    texts = [str(value) for value in uniques]
    if (codes < 0).any():
        texts.append(EMPTY)
        codes = np.where(codes < 0, len(texts) - 1, codes)
    labels = tuple(sorted(set(texts), key=_order))
    place = {label: index for index, label in enumerate(labels)}
    return Cut(np.array([place[text] for text in texts], dtype="int64")[codes], labels)


def _binned(values: NDArray[Any], edges: tuple[float, ...]) -> Cut:
    import numpy as np

    whole = _is_whole(values) and all(float(edge).is_integer() for edge in edges)
    labels = _bin_labels(edges, whole)
    codes = np.searchsorted(np.asarray(edges, dtype=float), values, side="right")
    holes = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
    if holes.any():
        labels, codes = (*labels, EMPTY), np.where(holes, len(labels), codes)
    return Cut(codes, labels)


def _bin_labels(edges: tuple[float, ...], whole: bool) -> tuple[str, ...]:
    """`below 30`, `30 to 49`, `50 and more` of whole numbers; of others a bin ends before its upper edge."""
    inner = [_bin_label(low, high - 1 if whole else high) for low, high in itertools.pairwise(edges)]
    return (f"below {_number(edges[0])}", *inner, f"{_number(edges[-1])} and more")


def _bin_label(low: float, high: float) -> str:
    return _number(low) if low == high else f"{_number(low)} to {_number(high)}"


def _number(edge: float) -> str:
    return str(int(edge)) if float(edge).is_integer() and abs(edge) < 1e15 else f"{edge:.12g}"


def _quantile_edges(values: NDArray[Any]) -> tuple[float, ...]:
    """Edges that cut into about five bins of like size, rounded so that they can be read; none for few values."""
    import numpy as np

    finite = values[np.isfinite(values)]
    distinct = np.unique(finite)
    if len(distinct) <= MOST_VALUES:
        return ()
    edges = np.quantile(finite, np.linspace(0, 1, BINS + 1)[1:-1])
    if _is_whole(finite):
        edges = np.ceil(edges)
    else:
        digits = 2 - math.floor(math.log10(float(np.ptp(edges)) or float(np.ptp(finite))))
        edges = np.round(edges, digits)
    # Where the smallest value fills a whole bin it stands alone, and all others in the bins above.
    edges = np.where(edges <= distinct[0], distinct[1], edges)
    return tuple(float(edge) for edge in np.unique(edges) if edge <= distinct[-1])


def _is_whole(values: NDArray[Any]) -> bool:
    import numpy as np

    if values.dtype.kind in "iu":
        return True
    finite = values[np.isfinite(values)]
    return bool((finite == np.floor(finite)).all())


def _order(value: str) -> tuple[int, float, str]:
    """Numbers by value, then words, then what is empty."""
    if value == EMPTY:
        return (2, 0.0, value)
    try:
        number = float(value)
    except ValueError:
        return (1, 0.0, value)
    return (0, number, value) if math.isfinite(number) else (1, 0.0, value)
