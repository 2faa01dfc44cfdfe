"""`cdml split`: reads one table and writes its two parts, in the order of their rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cdml.core.errors import ConfigError, UsageError
from cdml.core.files import write
from cdml.evaluation.splits import Way, split
from cdml.jobs.evaluator import LINES, PARQUET, read_table, table_bytes

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Split:
    """How many rows went where; `left` are in neither part."""

    train: int
    test: int
    left: int


def split_table(  # noqa: PLR0913 - an option of the verb each
    root: Path,
    data: str,
    parts: tuple[str, str],
    way: Way,
    share: float,
    *,
    column: str | None,
    group: str | None,
    seed: int,
    gap: str | None,
) -> Split:
    """Write the training and the test rows of `data` to the two files `parts`, all named from `root`.

    Raises UsageError or ConfigError as `splits.split`, and for files that are the same or cannot be read.
    """
    places = [(root / name).resolve() for name in (data, *parts)]
    if len(set(places)) < len(places):
        raise UsageError("DATA and the two files that are written must be three files")
    if not places[0].is_file():
        raise ConfigError(f"{data} is not there", f"dvc pull {data}")
    frame = read_table(places[0], data)
    train, test = split(frame, way, share, column=column, group=group, seed=seed, gap=gap)
    whole = _as_written(places[0], frame)
    for place, rows in zip(places[1:], (train, test), strict=True):
        write(place, table_bytes(whole.iloc[rows], place.suffix))
    return Split(len(train), len(test), len(frame) - len(train) - len(test))


def _as_written(path: Path, frame: DataFrame) -> DataFrame:
    """The same rows, the cells of a CSV file as they stand there: 007 stays 007, and 1.50 stays 1.50."""
    import pandas

    if path.suffix in (*PARQUET, *LINES):
        return frame
    return pandas.read_csv(path, dtype=str, keep_default_na=False)
