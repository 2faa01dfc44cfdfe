"""A first contract from data: ranges widened, categories with a rule for what was not seen."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cdml.contracts.detect import kinds, missing
from cdml.contracts.observe import Seen, Table
from cdml.contracts.ranges import limits
from cdml.contracts.schema import Column, Schema
from cdml.contracts.survey import Subject, survey

MOST_CATEGORIES = 30
MOST_NUMBERS = 10
ROWS_EACH = 10  # a list of values needs that many rows for each of them, on average
SURE = 10  # a value seen less often has relatives that were not seen at all
LEAST_UNSEEN = 0.01
LONGEST = 60  # characters of a category
FEWEST_IDS = 100
_ID = re.compile(r"(^|.*[_-])(id|uuid|guid|key)$", re.IGNORECASE)


def infer(
    path: Path, name: str, *, target: str | None = None, identity: str | None = None
) -> tuple[Schema, Table]:
    """A contract that these data keep, and nearly always fresh data of the same origin; and what was learnt of
    them.

    `target` and `identity` are the columns that no model may learn from, where they are known. Two passes: one
    for the types, one for the rest. Raises ConfigError where the file is no table.
    """
    found = kinds(path, name)
    bare = Schema(tuple(Column(column, kind.type) for column, kind in found.items()), missing=missing(found))
    table = survey(Subject("", name, path, bare))[1]
    return of_table(table, bare, target=target, identity=identity), table


def of_table(table: Table, bare: Schema, *, target: str | None = None, identity: str | None = None) -> Schema:
    """The same of a table that was read already, as the columns of `bare`."""
    columns = tuple(
        _column(column, table.columns[column.name], table.sample[column.name].to_numpy(), column.name == identity)
        for column in bare.columns
        if column.name in table.columns
    )
    names = {column.name for column in columns}
    return replace(
        bare,
        columns=tuple(replace(c, serving=False) if c.name == target else c for c in columns),
        rows_min=max(1, table.rows // 2),
        target=target if target in names else None,
        id=identity if identity in names else _identity(columns),
    )


def together(schemas: Sequence[Schema]) -> Schema:
    """One contract that all of these keep: for data that share it."""
    first = schemas[0]
    columns = {column.name: column for column in first.columns}
    for other in schemas[1:]:
        for column in other.columns:
            known = columns.get(column.name)
            columns[column.name] = _wider(known, column) if known else replace(column, training=False)
        there = {column.name for column in other.columns}
        columns = {n: c if n in there else replace(c, training=False) for n, c in columns.items()}
    rows = [schema.rows_min for schema in schemas if schema.rows_min is not None]
    words = {word for schema in schemas for word in schema.missing}
    return replace(
        first, columns=tuple(columns.values()), rows_min=min(rows, default=None), missing=tuple(sorted(words))
    )


def carried_over(old: Schema, new: Schema) -> Schema:
    """An inferred contract with what people decided in the present one: only what data say is new."""
    columns = []
    for column in new.columns:
        before = old.column(column.name)
        if before is None:
            columns.append(column)
            continue
        kept = replace(
            column,
            serving=before.serving,
            training=before.training,
            allow=before.allow,
            description=before.description,
            pattern=before.pattern,
        )
        if before.unseen != "fail":
            kept = replace(kept, unseen=before.unseen if kept.values is not None else "fail", unseen_share=0.0)
        columns.append(kept)
    return replace(
        old,
        columns=tuple(columns),
        rows_min=new.rows_min,
        target=old.target or new.target,
        id=old.id or new.id,
        missing=tuple(sorted({*old.missing, *new.missing})),
    )


def _wider(one: Column, other: Column) -> Column:
    """The rules that both columns keep."""
    numeric = one.numeric and other.numeric
    kind = one.type if one.type == other.type else "number" if numeric else "text"
    values = None
    if one.values is not None and other.values is not None and one.type == other.type:
        values = (*one.values, *(value for value in other.values if value not in one.values))
    bounds = [_ends(column) for column in (one, other)] if numeric and values is None else [(None, None)]
    lows, highs = zip(*bounds, strict=True)
    return replace(
        one,
        type=kind,
        nulls=max(one.nulls, other.nulls),
        min=None if None in lows else min(lows),
        max=None if None in highs else max(highs),
        values=values,
        unseen_share=max(one.unseen_share, other.unseen_share) if values else 0.0,
        unique=one.unique and other.unique,
    )


def _ends(column: Column) -> tuple[Any, Any]:
    """The range of a column of numbers, whether it is written as one or as a list."""
    if column.values is None:
        return column.min, column.max
    numbers = [float(value) for value in column.values]
    return min(numbers), max(numbers)


def _column(column: Column, seen: Seen, sample: Any, is_id: bool) -> Column:
    found = replace(column, nulls=_nulls(seen))
    if not seen.filled:
        return found
    if _is_id(column, seen) or is_id:
        return replace(found, unique=seen.is_distinct())
    values = _values(seen, column)
    if values is not None:
        assert seen.counts is not None  # noqa: S101 - there are values
        share = 0.0 if min(seen.counts.values()) >= SURE else _unseen(seen)
        return replace(found, values=values, unseen_share=share)
    if column.numeric:
        ends = float(seen.low or 0), float(seen.high or 0)
        low, high = limits(sample[~_nan(sample)], *ends, column.type == "integer")
        return replace(found, min=low, max=high)
    return found


def _nan(sample: Any) -> Any:
    import numpy as np

    return np.isnan(sample.astype(float))


def _nulls(seen: Seen) -> float:
    """None stays none; a share that was seen may grow by half, and by its own uncertainty."""
    if not seen.empty:
        return 0.0
    share = seen.empty / seen.rows
    allowed = 1.5 * share + 4 * math.sqrt(share * (1 - share) / seen.rows) + 6 / seen.rows
    return min(1.0, math.ceil(allowed * 1000) / 1000)


def _values(seen: Seen, column: Column) -> tuple[str, ...] | None:
    """The list of a category's values, None for what is none: text of which much is said once, many numbers."""
    if seen.counts is None or column.type in ("number", "boolean", "time"):
        return None
    most = MOST_NUMBERS if column.type == "integer" else MOST_CATEGORIES
    if len(seen.counts) > most or seen.filled < ROWS_EACH * len(seen.counts):
        return None
    if any(len(text) > LONGEST for text in seen.counts):
        return None
    if column.type == "integer" and min(seen.counts.values()) < SURE:
        return None  # a count, whose next value is one more
    return tuple(sorted(seen.counts, key=float if column.type == "integer" else str))


def _unseen(seen: Seen) -> float:
    """The share that new values may have: thrice what Good and Turing expect, and one row more (Good 1953)."""
    once = sum(count == 1 for count in (seen.counts or {}).values())
    return max(LEAST_UNSEEN, math.ceil(300 * (once + 1) / seen.filled) / 100)


def _is_id(column: Column, seen: Seen) -> bool:
    """Whether a column is numbered through, or called an id, and never repeats itself."""
    if column.type not in ("integer", "text") or seen.filled < FEWEST_IDS or not seen.hashes:
        return False
    dense = column.type == "integer" and float(seen.high or 0) - float(seen.low or 0) + 1 == seen.filled
    return (dense or _ID.match(column.name) is not None) and seen.is_distinct()


def _identity(columns: tuple[Column, ...]) -> str | None:
    unique = [column.name for column in columns if column.unique]
    return unique[0] if len(unique) == 1 else None
