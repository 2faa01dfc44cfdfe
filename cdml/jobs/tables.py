"""Tables in the usual kinds of file, row by row: what differs between two of them is found in one pass each.

Cells are text here. Nothing is guessed of a file that is no table: it gives None, and is reported as bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

Rows = Iterator[list[Sequence[str]]]
BLOCK = 4_000  # rows
MOST_CELLS = 40_000_000
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_PARQUET = (".parquet", ".pq")
_LINES = (".jsonl", ".ndjson")
# What reading a file may raise that is no table after all: pyarrow's own errors are ValueErrors and OSErrors.
UNREADABLE = (ValueError, KeyError, OSError, ImportError, RecursionError, OverflowError, csv.Error)


@dataclass(frozen=True)
class Table:
    """A table: its columns' names, and its rows in blocks, read anew at each call.

    `kinds` are the columns' types where the file says them (JSON lines, Parquet); None where cells are only text.
    """

    names: tuple[str, ...]
    kinds: Mapping[str, str] | None
    blocks: Callable[[], Rows]


def is_table(path: str) -> bool:
    """Whether a file's name says that it holds a table that can be read here."""
    return _suffix(path) in (*_DELIMITERS, *_PARQUET, *_LINES)


def read_table(content: bytes, path: str) -> Table | None:
    """The table in a file, by its name's suffix; None where it has too many cells.

    Raises one of UNREADABLE where its content is no table, at once or when its blocks are read.
    """
    suffix = _suffix(path)
    if suffix in _DELIMITERS:
        return _delimited(content, _DELIMITERS[suffix])
    return _parquet(content) if suffix in _PARQUET else _json_lines(content)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _in_blocks(rows: Iterable[Sequence[str]]) -> Rows:
    iterator = iter(rows)
    while block := list(islice(iterator, BLOCK)):
        yield block


def _fitted(blocks: Rows, width: int) -> Rows:
    """Every row as long as the header, and no empty lines."""
    for block in blocks:
        if set(map(len, block)) == {width}:
            yield block
        elif any(block):
            yield [(*row[:width], *[""] * (width - len(row))) for row in block if row]


def _delimited(content: bytes, delimiter: str) -> Table:
    text = content.decode("utf-8-sig", "replace")
    header = text.partition("\n")[0]
    if delimiter == "," and "," not in header and ";" in header:  # as spreadsheets write it in half of Europe
        delimiter = ";"

    def read() -> Iterator[list[str]]:
        return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)

    names = tuple(name.strip() for name in next(read(), []))

    def blocks() -> Rows:
        rows = read()
        next(rows, None)
        return _fitted(_in_blocks(rows), len(names))

    return Table(names, None, blocks)


def _parquet(content: bytes) -> Table | None:
    from pyarrow import parquet

    file = parquet.ParquetFile(io.BytesIO(content))
    schema = file.schema_arrow
    if file.metadata.num_rows * len(schema) > MOST_CELLS:
        return None

    def blocks() -> Rows:
        for batch in parquet.ParquetFile(io.BytesIO(content)).iter_batches(batch_size=BLOCK):
            columns = [[_cell(value) for value in column.to_pylist()] for column in batch.columns]
            yield list(zip(*columns, strict=True)) if columns else [()] * batch.num_rows

    return Table(tuple(schema.names), {field.name: _arrow_kind(field.type) for field in schema}, blocks)


def _arrow_kind(kind: Any) -> str:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _arrow_kind(kind.value_type)
    known = (
        (types.is_boolean, "true/false"),
        (lambda k: types.is_integer(k) or types.is_floating(k) or types.is_decimal(k), "number"),
        (lambda k: types.is_string(k) or types.is_large_string(k), "text"),
        (types.is_temporal, "time"),
        (types.is_null, ""),
    )
    return next((word for fits, word in known if fits(kind)), str(kind))


def _json_lines(content: bytes) -> Table | None:
    lines = content.decode("utf-8-sig", "replace").split("\n")
    kinds: dict[str, str] = {}
    for record in _records(lines):
        for name, value in record.items():
            kind = _json_kind(value)
            if kind and kinds.get(name, "") in ("", kind):
                kinds[name] = kind
            elif kind:
                kinds[name] = "mixed"
            else:
                kinds.setdefault(name, "")
    names = tuple(kinds)

    def blocks() -> Rows:
        return _in_blocks(tuple(_cell(record.get(name)) for name in names) for record in _records(lines))

    return Table(names, kinds, blocks)


def _records(lines: list[str]) -> Iterator[dict[str, Any]]:
    """ValueError for a line that is no object."""
    for line in lines:
        if line.strip():
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError(line)
            yield record


def _json_kind(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true/false"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)
