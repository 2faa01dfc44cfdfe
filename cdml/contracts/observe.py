"""What one pass over a table learns besides its rules: counts, extremes, a sample, and which rows are alike.

Ranges, profiles, shifts and leaks are all made of this, so that a file is read once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cdml.contracts.cells import Cells, words
from cdml.contracts.schema import NUMBERS, Column, Type

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MOST_VALUES = 1_000  # distinct values of a column that are counted
SAMPLE = 100_000  # rows


@dataclass
class Seen:
    """One column so far.

    `counts` are those of its distinct values as text, None once there are too many. `low` and `high` are
    extremes of numbers, or ISO text of times. `hashes` are of all values, None once two of a block are alike.
    """

    type: Type
    rows: int = 0
    empty: int = 0
    wrong: int = 0
    low: float | None = None
    high: float | None = None
    counts: dict[str, int] | None = field(default_factory=dict)
    hashes: list[Any] | None = field(default_factory=list)

    @property
    def filled(self) -> int:
        """How many cells hold a value of its type."""
        return self.rows - self.empty - self.wrong

    def repeated(self) -> NDArray[Any]:
        """Positions, among the filled cells, of values that were there before. Needs `hashes`."""
        import numpy as np
        import pandas as pd

        if not self.hashes:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(pd.Series(np.concatenate(self.hashes)).duplicated().to_numpy())

    def is_distinct(self) -> bool:
        """Whether no two filled cells are alike."""
        return bool(self.hashes) and not len(self.repeated())


@dataclass(frozen=True, eq=False)
class Table:
    """A whole table: `sample` holds at most SAMPLE rows, evenly spread, with their values read as their types.

    `rows_alike` are 64-bit digests of the columns that were asked for, shape (rows,), or None where not all are
    there.
    """

    rows: int
    columns: Mapping[str, Seen]
    sample: pd.DataFrame
    rows_alike: NDArray[Any] | None


@dataclass
class Watch:
    """A pass over the blocks of a table; `keep` names columns whose repetitions are looked for in any case."""

    columns: Sequence[Column]
    alike: tuple[str, ...] = ()
    rows: int = 0
    seen: dict[str, Seen] = field(default_factory=dict)
    step: int = 1
    samples: list[Any] = field(default_factory=list)
    digests: list[Any] | None = field(default_factory=list)

    def add(self, cells: Mapping[str, Cells], rows: int) -> None:
        """Take a block."""
        import pandas as pd

        values: dict[str, Any] = {}
        for column in self.columns:
            if column.name in cells:
                values[column.name] = self._column(column, cells[column.name])
        index = pd.RangeIndex(self.rows, self.rows + rows)
        frame = pd.DataFrame(values, index=index)
        self._digest(frame)
        self.samples.append(frame[index % self.step == 0])
        while sum(map(len, self.samples)) > SAMPLE:
            self.step *= 2
            self.samples = [one[one.index % self.step == 0] for one in self.samples]
        self.rows += rows

    def done(self) -> Table:
        """What was learnt."""
        import numpy as np
        import pandas as pd

        sample = pd.concat(self.samples, ignore_index=True) if self.samples else pd.DataFrame()
        digests = None
        if self.alike and self.digests is not None:
            digests = np.concatenate(self.digests) if self.digests else np.zeros(0, dtype=np.uint64)
        return Table(self.rows, self.seen, sample, digests)

    def _column(self, column: Column, cells: Cells) -> Any:
        """Count a block of one column; returns its values with holes where there is none."""
        seen = self.seen.setdefault(column.name, Seen(column.type))
        good = cells.good
        seen.rows += len(good)
        seen.empty += int(cells.empty.sum())
        seen.wrong += int(cells.wrong.sum())
        some = cells.values[good]
        _extremes(seen, some)
        _counts(seen, some)
        _hashes(seen, some, column.unique)
        return _with_holes(cells, column, good)

    def _digest(self, frame: pd.DataFrame) -> None:
        import pandas as pd

        if not self.alike or self.digests is None:
            return
        if not set(self.alike) <= set(frame.columns):
            self.digests = None
            return
        self.digests.append(pd.util.hash_pandas_object(frame[list(self.alike)], index=False).to_numpy())


def _with_holes(cells: Cells, column: Column, good: NDArray[Any]) -> Any:
    import numpy as np
    import pandas as pd

    if column.numeric:
        return np.where(good, cells.values, np.nan)
    if column.type == "time":
        return pd.Series(cells.values).where(pd.Series(good)).to_numpy()
    return np.where(good, cells.values, None)


def _extremes(seen: Seen, some: Any) -> None:
    if not len(some) or seen.type not in NUMBERS:
        return
    low, high = float(some.min()), float(some.max())
    seen.low = low if seen.low is None else min(seen.low, low)
    seen.high = high if seen.high is None else max(seen.high, high)


def _counts(seen: Seen, some: Any) -> None:
    import numpy as np
    import pandas as pd

    if seen.counts is None or seen.type == "time":
        seen.counts = None
        return
    codes, distinct = pd.factorize(some)
    if len(distinct) > MOST_VALUES:
        seen.counts = None
        return
    for text, count in zip(words(distinct, seen.type), np.bincount(codes), strict=True):
        seen.counts[text] = seen.counts.get(text, 0) + int(count)
    if len(seen.counts) > MOST_VALUES:
        seen.counts = None


def _hashes(seen: Seen, some: Any, always: bool) -> None:
    """Columns of fractions and times are no ids; of the others those that may be are remembered."""
    import pandas as pd

    if seen.hashes is None or not len(some):
        return
    if not always and seen.type not in ("text", "integer"):
        seen.hashes = None
        return
    found = pd.util.hash_array(some) if seen.type != "time" else some.astype("int64").view("uint64")
    if not always and len(pd.unique(found)) < len(found):
        seen.hashes = None
        return
    seen.hashes.append(found)
