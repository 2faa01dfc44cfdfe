"""A file of data as blocks of rows, so that one that does not fit into memory can be checked.

Only an empty cell is missing in text files: `NA` is a country, and a contract says where it is none.
"""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdml.core.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 50_000  # rows
HEADER_LARGEST = 1 << 20  # bytes of a text file's first line
DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
PARQUET = (".parquet", ".pq")
LINES = (".jsonl", ".ndjson")
KINDS = "CSV, TSV, Parquet or JSON lines"


def is_readable(path: str) -> bool:
    """Whether a file's name says that it is of a kind that can be read here."""
    return Path(path).suffix.lower() in (*DELIMITERS, *PARQUET, *LINES)


def parts(path: Path, name: str) -> tuple[Path, ...]:
    """The files of a table: itself, or those of a folder by name. Raises ConfigError where there is none."""
    if path.is_dir():
        found = tuple(sorted(p for p in path.rglob("*") if p.is_file() and is_readable(p.name)))
        if found:
            return found
        raise ConfigError(f"{name} holds no file of data", f"it takes {KINDS}")
    if not path.is_file():
        raise ConfigError(f"there is no file {name}", "dvc pull, or correct `data` in mlops.yaml")
    if not is_readable(path.name):
        raise ConfigError(f"{name} is of a kind that no contract reads", f"it takes {KINDS}")
    return (path,)


def blocks(
    path: Path, name: str, numbers: Collection[str] = (), missing: Collection[str] = ()
) -> Iterator[pd.DataFrame]:
    """The rows of a file or a folder in blocks; `name` is what people call it.

    Cells of text files are text, but in the columns that are said to be `numbers`, where a whole block holds
    nothing but numbers and `missing` words. Raises ConfigError for a file that is no table.
    """
    for part in parts(path, name):
        called = name if part == path else f"{name}/{part.relative_to(path).as_posix()}"
        suffix = part.suffix.lower()
        if suffix in DELIMITERS:
            yield from _delimited(part, called, (numbers, missing))
        elif suffix in PARQUET:
            yield from _parquet(part, called)
        else:
            yield from _lines(part, called)


def _delimited(path: Path, name: str, known: tuple[Collection[str], Collection[str]]) -> Iterator[pd.DataFrame]:
    import pandas as pd

    names, delimiter = _header(path, name, DELIMITERS[path.suffix.lower()])
    numbers, missing = known
    try:
        with warnings.catch_warnings():
            # With index_col=False pandas warns of surplus cells, and drops them.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield from pd.read_csv(
                path,
                sep=delimiter,
                names=names,
                header=0,
                dtype={one: str for one in names if one not in numbers},
                keep_default_na=False,
                na_values={one: ["", *missing] if one in numbers else [""] for one in names},
                encoding="utf-8-sig",
                index_col=False,
                chunksize=BLOCK,
            )
    except pd.errors.ParserWarning:
        raise ConfigError(f"{name}: a row has more cells than the header has columns") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise ConfigError(f"{name}: not a table: {str(error).strip()}") from None


def _header(path: Path, name: str, delimiter: str) -> tuple[list[str], str]:
    """The columns' names, each once, and what parts them: `;` where the first line has no comma but that."""
    with path.open("rb") as file:
        first = file.readline(HEADER_LARGEST)
    try:
        text = first.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    if delimiter == "," and "," not in text and ";" in text:  # as spreadsheets write it in half of Europe
        delimiter = ";"
    try:
        names = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter), [])]
    except csv.Error as error:
        raise ConfigError(f"{name}: not a table: {error}") from None
    if not any(names):
        raise ConfigError(f"{name}: the file is empty, or its first line holds no names of columns")
    return _once(names, name), delimiter


def _once(names: list[str], name: str) -> list[str]:
    twice = next((one for at, one in enumerate(names) if one in names[:at]), None)
    if twice is not None:
        raise ConfigError(f"{name}: column {twice!r} is there twice")
    return names


def _parquet(path: Path, name: str) -> Iterator[pd.DataFrame]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise ConfigError(f"{name}: Parquet needs pyarrow", 'Install it: pip install "cdml[parquet]"') from None
    try:
        with parquet.ParquetFile(path) as file:
            _once([str(one) for one in file.schema_arrow.names], name)
            some = False
            for batch in file.iter_batches(batch_size=BLOCK):
                some = True
                yield batch.to_pandas()
            if not some:
                yield file.schema_arrow.empty_table().to_pandas()
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these kinds
        raise ConfigError(f"{name}: not a Parquet file: {error}") from None


def _lines(path: Path, name: str) -> Iterator[pd.DataFrame]:
    import pandas as pd

    with path.open("rb") as file:
        records = _records(file, name)
        names: dict[str, None] = {}
        while block := list(islice(records, BLOCK)):
            names.update(dict.fromkeys(key for record in block for key in record))
            # As objects: a column of whole numbers with a gap would otherwise become one of fractions.
            yield pd.DataFrame(block, columns=list(names), dtype=object)


def _records(file: Any, name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except (ValueError, RecursionError):
            raise ConfigError(f"{name}: line {number} is not JSON") from None
        if not isinstance(record, dict):
            raise ConfigError(f"{name}: line {number} is no object with columns as keys")
        yield record
