"""A contract's file: readable YAML, a line for each column, closed like mlops.yaml's grammar."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from cdml.config.fields import Absent, Strict, Text
from cdml.config.grammar import SHARE_PATTERN
from cdml.contracts.check import value_of
from cdml.contracts.schema import Column, Finds, Schema, Severity, Type
from cdml.core.errors import ConfigError

if TYPE_CHECKING:
    from cdml.config.source import Source

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
# Words that some reader of YAML takes for a truth, a number or nothing.
WORDS = {"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n", "nan", "inf"}
LARGEST = 1 << 17


def share(text: str) -> str:
    """A share of the rows in percent, at most all of them."""
    if re.fullmatch(SHARE_PATTERN, text) is None or float(text.removesuffix("%")) > 100:
        raise ValueError(f"{text!r} is no share of the rows such as 5%")
    return text


def unseen(text: str) -> str:
    """What a value that the list does not hold is, or the share of rows that may have one."""
    if text not in ("fail", "warn", "allow") and not text.endswith("%"):
        raise ValueError(f"{text!r} is not fail, warn, allow or a share of the rows such as 1%")
    return text if text in ("fail", "warn", "allow") else share(text)


Share = Annotated[str, AfterValidator(share)]
Unseen = Annotated[str, AfterValidator(unseen)]
Rows = Annotated[int, Field(ge=0)]


class ColumnModel(Strict):
    """One column of a contract."""

    type: Type
    nulls: Share | Absent = None
    min: float | str | Absent = None
    max: float | str | Absent = None
    values: Annotated[tuple[str | int | float | bool, ...], Field(min_length=1)] | Absent = None
    unseen: Unseen = "fail"
    unique: bool = False
    pattern: Text | Absent = None
    serving: bool = True
    training: bool = True
    allow: tuple[Finds, ...] = ()
    description: Text | Absent = None


class RowsModel(Strict):
    """How many rows there may be."""

    min: Rows | Absent = None
    max: Rows | Absent = None


class TableModel(Strict):
    """What a contract says of the table as a whole."""

    version: Literal[1] = 1
    target: Text | Absent = None
    id: Text | Absent = None
    rows: RowsModel | Absent = None
    missing: tuple[str, ...] = ()
    other_columns: Severity = Field("fail", alias="other-columns")
    leaks: Severity = "fail"
    skew: Severity = "warn"
    examples: bool = True


def parse(text: str, file: str) -> Schema:
    """The contract in a text; `file` is how problems name it. ConfigError with every problem at once."""
    from cdml.config.source import read

    if len(text) > LARGEST:
        raise ConfigError(f"{file} has more than {LARGEST:,} characters; this is no contract that anybody reviews")
    if not text.strip():
        raise ConfigError(f"{file} is empty", "cdml data infer writes one")
    source = read(text, file)
    schema = _schema(source) if source.readable else None
    if schema is None or source.problems:
        found = tuple(sorted(source.problems, key=lambda problem: problem.line or 0))
        count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
        raise ConfigError(f"{file} has {count}", problems=found)
    return schema


def lines(text: str, file: str) -> Mapping[str, int]:
    """On which line of a contract each column stands; empty where it cannot be read."""
    from cdml.config.source import read

    source = read(text, file)
    return {str(p[1]): line for p, line in source.lines.items() if len(p) == 2 and p[0] == "columns"}


def _schema(source: Source) -> Schema | None:
    from cdml.config import words

    table = _part(source, TableModel, (), {k: v for k, v in source.data.items() if k != "columns"})
    given = source.data.get("columns")
    if not isinstance(given, dict) or not given:
        said = f"must be a mapping of names, not {words.kind(given)}" if "columns" in source.data else "is missing"
        source.report(("columns",), said, "Write columns: {age: {type: integer}}.")
        return None
    columns = []
    for name, item in given.items():
        model = _part(source, ColumnModel, ("columns", name), item)
        if model is not None:
            column = _column(name, model)
            _sound(source, column)
            columns.append(column)
    if table is None:
        return None
    for key, value in (("target", table.target), ("id", table.id)):
        if value is not None and value not in given:
            hint = words.suggestion(value, given) or f"Columns: {', '.join([*given][:20])}."
            source.report((key,), f"{words.shown(value)} is not among the columns.", hint)
    rows = table.rows or RowsModel()
    return Schema(
        columns=tuple(columns),
        rows_min=rows.min,
        rows_max=rows.max,
        target=table.target,
        id=table.id,
        missing=table.missing,
        other_columns=table.other_columns,
        leaks=table.leaks,
        skew=table.skew,
        examples=table.examples,
    )


def _part(source: Source, model: Any, path: tuple[str, ...], value: object) -> Any:
    from pydantic import ValidationError

    from cdml.config import words

    try:
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        words.report(source, model, path, error.errors())
        return None


def _column(name: str, model: ColumnModel) -> Column:
    share = _share(model.unseen) if model.unseen not in ("fail", "warn", "allow") else 0.0
    unseen: Any = "fail" if model.unseen not in ("fail", "warn", "allow") else model.unseen
    return Column(
        name,
        model.type,
        nulls=_share(model.nulls) if model.nulls else 0.0,
        min=model.min,
        max=model.max,
        values=None if model.values is None else tuple(_word(value) for value in model.values),
        unseen=unseen,
        unseen_share=share,
        unique=model.unique,
        pattern=model.pattern,
        serving=model.serving,
        training=model.training,
        allow=model.allow,
        description=model.description or "",
    )


def _share(text: str) -> float:
    return float(f"{float(text.removesuffix('%')) / 100:.12g}")


def _word(value: object) -> str:
    """A value as text: 1.0 and 1 are one, `true` is the word of a truth."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _sound(source: Source, column: Column) -> None:
    """Rules that contradict the type or each other."""
    path = ("columns", column.name)
    _bounds(source, path, column)
    _values(source, path, column)
    if column.pattern is not None and column.type != "text":
        source.report((*path, "pattern"), f"has no meaning for {column.type}")
    try:
        re.compile(column.pattern or "")
    except re.error as error:
        source.report((*path, "pattern"), f"is no regular expression: {error}")
    if not (column.serving or column.training):
        source.report((*path, "serving"), "neither training nor serving data have it: remove the column")


def _bounds(source: Source, path: tuple[str, ...], column: Column) -> None:
    for key in ("min", "max"):
        bound = getattr(column, key)
        if bound is None:
            continue
        if column.type in ("text", "boolean"):
            source.report((*path, key), f"has no meaning for {column.type}", "Use `values` or `pattern`.")
        elif column.numeric and isinstance(bound, str):
            source.report((*path, key), "must be a number, without quotes")
        elif column.type == "time" and not _is_time(bound):
            source.report((*path, key), 'must be an ISO date or time in quotes, such as "2024-01-31"')
    if _ordered(column) is False:
        source.report((*path, "min"), f"{value_of(column.min)} is more than max, {value_of(column.max)}")


def _values(source: Source, path: tuple[str, ...], column: Column) -> None:
    if column.values is None and (column.unseen != "fail" or column.unseen_share):
        source.report((*path, "unseen"), "needs `values`: what was seen")
    if column.values is not None and column.type == "time":
        source.report((*path, "values"), "has no meaning for time", "Use `min` and `max`.")
    if column.numeric and any(not _is_number(value) for value in column.values or ()):
        source.report((*path, "values"), f"holds what is no {column.type}")


def _ordered(column: Column) -> bool | None:
    if isinstance(column.min, (int, float)) and isinstance(column.max, (int, float)):
        return column.min <= column.max
    return None


def _is_time(bound: object) -> bool:
    from datetime import datetime

    try:
        datetime.fromisoformat(str(bound))
    except ValueError:
        return False
    return isinstance(bound, str)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text not in ("true", "false")


def write(schema: Schema, of: str) -> str:
    """The text of a contract; `of` is the path of the data, which its first line names."""
    head = [f"# What {PurePosixPath(of).name} must hold: every change of this file is reviewed like code."]
    table: dict[str, str] = {}
    for key, value in (("target", schema.target), ("id", schema.id)):
        if value is not None:
            table[key] = scalar(value)
    rows = (("min", schema.rows_min), ("max", schema.rows_max))
    bounds = [f"{key}: {value}" for key, value in rows if value is not None]
    if bounds:
        table["rows"] = f"{{{', '.join(bounds)}}}"
    if schema.missing:
        table["missing"] = _list(scalar(word) for word in schema.missing)
    default = Schema(())
    for key, name in (("other-columns", "other_columns"), ("leaks", "leaks"), ("skew", "skew")):
        if getattr(schema, name) != getattr(default, name):
            table[key] = getattr(schema, name)
    if not schema.examples:
        table["examples"] = "false"
    columns = [f"  {scalar(column.name)}: {{{_rules(column)}}}" for column in schema.columns]
    return "\n".join([*head, *(f"{key}: {value}" for key, value in table.items()), "columns:", *columns, ""])


def rules(column: Column) -> dict[str, str]:
    """A column's rules as the file writes them, key by key, without those that are the default."""
    shown: dict[str, str] = {"type": column.type}
    for key in ("min", "max"):
        bound = getattr(column, key)
        if bound is not None:
            shown[key] = json.dumps(bound) if isinstance(bound, str) else _number(bound)
    if column.values is not None:
        shown["values"] = _list(column.values if column.type != "text" else map(scalar, column.values))
    if column.unseen_share:
        shown["unseen"] = _percent(column.unseen_share)
    elif column.unseen != "fail":
        shown["unseen"] = column.unseen
    if column.nulls:
        shown["nulls"] = _percent(column.nulls)
    for key, odd in (("unique", True), ("serving", False), ("training", False)):
        if getattr(column, key) is odd:
            shown[key] = "true" if odd else "false"
    if column.pattern is not None:
        shown["pattern"] = json.dumps(column.pattern, ensure_ascii=False)
    if column.allow:
        shown["allow"] = _list(column.allow)
    if column.description:
        shown["description"] = json.dumps(column.description, ensure_ascii=False)
    return shown


def _rules(column: Column) -> str:
    return ", ".join(f"{key}: {value}" for key, value in rules(column).items())


def _list(items: Any) -> str:
    return f"[{', '.join(items)}]"


def scalar(text: str) -> str:
    """Text as YAML: plain where nobody could read anything else into it."""
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _number(number: float) -> str:
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))


def _percent(share: float) -> str:
    return f"{share * 100:.10g}%"
