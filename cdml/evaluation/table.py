"""Bytes to a table, with every way in which that can fail said in words."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cdml.core.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

HINT = (
    "A predictions file has y_true, y_pred and/or y_score (several classes: y_score_<class>), and best an id. "
    "A ranking has y_true, y_score and query; columns of scores without a truth are task scores."
)
PARQUET = (".parquet", ".pq")
LINES = (".jsonl", ".ndjson")
MOST_DIGITS = 19


@dataclass(frozen=True)
class Table:
    """A data frame and the name by which people know its file."""

    name: str
    frame: pd.DataFrame

    def error(self, column: str, message: str, hint: str = "") -> ConfigError:
        """What is wrong with one column, as an exception to raise."""
        return ConfigError(f"{self.name}: column {column}: {message}", hint)

    def missing(self, column: str) -> ConfigError:
        """A needed column is not there, as an exception to raise."""
        has = ", ".join(str(key) for key in list(self.frame.columns)[:12])
        return ConfigError(f"{self.name}: no column {column}; it has {has}", HINT)


def read_table(source: Path | bytes, name: str, *, text_column: str, may_be_empty: bool = False) -> Table:
    """The whole file, of the format that `name` ends in (Parquet, JSON lines, else CSV).

    `text_column` is kept as text: an id `007` is not 7. Raises ConfigError, for no row too unless it may be empty.
    """
    import pandas as pd

    try:
        data = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror or error}") from None
    if not data.strip():
        raise ConfigError(f"{name}: the file is empty", HINT)
    if name.lower().endswith(PARQUET):
        frame = _parquet(data, name)
    elif name.lower().endswith(LINES):
        frame = _lines(data, name)
    else:
        frame = _csv(data, name, text_column)
    frame.columns = pd.Index([str(key) for key in frame.columns])
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ConfigError(f"{name}: column {twice[0]} is there twice")
    if frame.empty and not may_be_empty:
        raise ConfigError(f"{name}: there is a header but no row", HINT)
    return Table(name, frame)


def _csv(data: bytes, name: str, text_column: str) -> pd.DataFrame:
    """Only an empty cell is missing: `NA` and `None` are names of classes in some countries' data."""
    import pandas as pd

    try:
        header = pd.read_csv(io.BytesIO(data), header=None, nrows=1, dtype=str, encoding="utf-8-sig")
        names = [str(cell) for cell in header.iloc[0]]
        twice = next((cell for cell in names if names.count(cell) > 1), None)
        if twice is not None:
            raise ConfigError(f"{name}: column {twice} is there twice")
        with warnings.catch_warnings():
            # With index_col=False pandas warns of surplus cells, and drops them.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.BytesIO(data),
                dtype={text_column: str},
                keep_default_na=False,
                na_values=[""],
                encoding="utf-8-sig",
                index_col=False,
                low_memory=False,
            )
    except pd.errors.ParserWarning:
        raise ConfigError(f"{name}: row 1: more cells than the header has columns") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 text (byte {error.start})") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise ConfigError(f"{name}: not a CSV table: {str(error).strip()}", HINT) from None


def _parquet(data: bytes, name: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(io.BytesIO(data), engine="pyarrow")
    except ImportError:
        raise ConfigError(f"{name}: Parquet needs pyarrow", 'Install it: pip install "cdml[parquet]"') from None
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise ConfigError(f"{name}: not a Parquet file: {error}") from None


def _lines(data: bytes, name: str) -> pd.DataFrame:
    """One JSON object in each line; a key that a line lacks, or null, is an empty cell."""
    import json

    import pandas as pd

    rows: list[dict[str, object]] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_unique, parse_int=_whole)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{name}: line {number}: not JSON: {error}", HINT) from None
        if not isinstance(row, dict):
            raise ConfigError(f"{name}: line {number}: not an object of columns", HINT)
        nested = next((key for key, value in row.items() if isinstance(value, (dict, list))), None)
        if nested is not None:
            raise ConfigError(f"{name}: line {number}: column {nested}: holds no single value", HINT)
        rows.append(row)
    return pd.DataFrame(rows)


def _whole(digits: str) -> int | str:
    """More digits than a machine's whole number has stay text: an id keeps them, a score is refused."""
    return int(digits) if len(digits) < MOST_DIGITS else digits


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key is there twice")
    return row
