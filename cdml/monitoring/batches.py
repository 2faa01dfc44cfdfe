"""Which batches are looked at: a batch is a file, and its name says its place in time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from cdml.core.errors import ConfigError
from cdml.evaluation.table import LINES, PARQUET, Table

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", *PARQUET, *LINES)
# Newest batches are taken together until they have so many rows: enough to find a shift of half a standard
# deviation in one of twenty columns nearly always, and few enough for yesterday's drift to show today.
WINDOW_ROWS = 1000
VERSION = "version"
_DATE = re.compile(r"(?<!\d)(\d{4})[-_/]?(\d{2})[-_/]?(\d{2})(?!\d)")


@dataclass(frozen=True)
class Batch:
    """One file; `day` is the date in its name, None where there is none."""

    name: str
    day: date | None


@dataclass(frozen=True, eq=False)
class Window:
    """Batches taken together, oldest first. `others` counts rows that another version answered."""

    batches: tuple[Batch, ...]
    frame: pd.DataFrame
    others: int = 0

    @property
    def first(self) -> str:
        """The name of the oldest batch."""
        return self.batches[0].name

    @property
    def last(self) -> str:
        """The name of the newest batch."""
        return self.batches[-1].name


def in_order(names: Iterable[str]) -> tuple[Batch, ...]:
    """Batches, the oldest first: by the dates in their names where all have one, else by name."""
    found = [Batch(name, _day(name)) for name in sorted(names)]
    if any(batch.day is None for batch in found):
        return tuple(found)
    return tuple(sorted(found, key=lambda batch: (batch.day or date.min, batch.name)))


def _day(name: str) -> date | None:
    """The last date in a path: `2026/11/21/part-0.parquet`, `day=2026-11-21.csv`, `20261121.csv`."""
    for year, month, day in reversed(_DATE.findall(name)):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def labelled_by(batches: Sequence[Batch], today: date, delay: int | None) -> tuple[Batch, ...]:
    """The batches that are at least `delay` days old; ConfigError for one without a date where that is asked."""
    if delay is None:
        return tuple(batches)
    undated = next((batch for batch in batches if batch.day is None), None)
    if undated is not None:
        raise ConfigError(
            f"{undated.name}: no date in its name, so monitor.label-delay cannot tell how old it is",
            "name batches by their day, such as 2026-11-21.csv, or remove label-delay",
        )
    return tuple(b for b in batches if b.day is not None and b.day <= today - timedelta(days=delay))


def newest(
    batches: Sequence[Batch], read: Callable[[Batch], Table], version: str, rows: int = WINDOW_ROWS
) -> Window:
    """The newest batches that together have `rows` rows, or all of them; there is at least one.

    Where a batch has a column `version`, only rows of this version count. `read` raises ConfigError.
    """
    import pandas as pd

    taken: list[tuple[Batch, pd.DataFrame]] = []
    others = 0
    for batch in reversed(batches):
        table = read(batch)
        frame = _of_version(table.frame, version)
        others += len(table.frame) - len(frame)
        if len(frame) or not taken:
            taken.insert(0, (batch, frame))
        if sum(len(frame) for _, frame in taken) >= rows:
            break
    filled = [frame for _, frame in taken if len(frame)] or [taken[0][1]]
    return Window(tuple(batch for batch, _ in taken), pd.concat(filled, ignore_index=True), others)


def _of_version(frame: pd.DataFrame, version: str) -> pd.DataFrame:
    """The rows that this version answered; it may be written `v1.2.0`, `1.2.0` or `churn@v1.2.0`."""
    if VERSION not in frame:
        return frame
    number = frame[VERSION].astype(str).str.rpartition("@")[2].str.removeprefix("v")
    return frame[number == version.rpartition("@")[2].removeprefix("v")]
