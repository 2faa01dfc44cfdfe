"""One pass over a file: its rules are checked, and what ranges, profiles and leaks need is learnt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cdml.contracts.cells import read
from cdml.contracts.check import Checker
from cdml.contracts.finding import SHOWN, Finding
from cdml.contracts.observe import Table, Watch
from cdml.contracts.read import blocks
from cdml.contracts.schema import Schema


@dataclass(frozen=True)
class Subject:
    """A file (or folder) under contract: what mlops.yaml calls it, its path there, and where it is.

    `serving` says that it is what a model is asked, without what only training data have.
    """

    name: str
    path: str
    place: Path
    schema: Schema
    serving: bool = False


def survey(subject: Subject, alike: tuple[str, ...] = ()) -> tuple[tuple[Finding, ...], Table]:
    """Check a table against its contract; `alike` are the columns by which rows are the same.

    Raises ConfigError where the file is no table.
    """
    schema = subject.schema
    checker = Checker(schema, subject.name, subject.path, subject.serving)
    watch = Watch(schema.columns, alike)
    numbers = {column.name for column in schema.columns if column.numeric}
    for frame in blocks(subject.place, subject.path, numbers, schema.missing):
        frame.columns = frame.columns.map(str)
        cells = {
            column.name: read(frame[column.name], column.type, schema.missing)
            for column in schema.columns
            if column.name in frame.columns
        }
        checker.add(list(frame.columns), cells, len(frame))
        watch.add(cells, len(frame))
    table = watch.done()
    return (*checker.findings(), *_unique(subject, table)), table


def _unique(subject: Subject, table: Table) -> tuple[Finding, ...]:
    """Columns that must not repeat themselves, and do."""
    found = []
    for column in subject.schema.columns:
        if column.unique and column.name in table.columns:
            repeated = table.columns[column.name].repeated()
            if len(repeated):
                # Empty cells are not counted among the positions, so a row is named only where there is none.
                whole = table.columns[column.name].filled == table.rows
                examples = tuple(f"row {int(at) + 1:,}" for at in repeated[:SHOWN]) if whole else ()
                found.append(
                    Finding(
                        subject.name,
                        subject.path,
                        column.name,
                        "unique",
                        "was there before",
                        rows=len(repeated),
                        total=table.rows,
                        examples=examples,
                    )
                )
    return tuple(found)
