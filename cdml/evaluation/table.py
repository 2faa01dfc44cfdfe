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

HINT = "A predictions file has y_true, y_pred and/or y_score (several classes: y_score_<class>), and best an id."


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


def read_table(source: Path | bytes, name: str, *, text_column: str) -> Table:
    """The whole file; `text_column` is kept as text (an id `007` is not 7). Raises ConfigError."""
    import pandas as pd

    try:
        data = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror or error}") from None
    if not data.strip():
        raise ConfigError(f"{name}: the file is empty", HINT)
    parquet = name.lower().endswith((".parquet", ".pq"))
    frame = _parquet(data, name) if parquet else _csv(data, name, text_column)
    frame.columns = pd.Index([str(key) for key in frame.columns])
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ConfigError(f"{name}: column {twice[0]} is there twice")
    if frame.empty:
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
