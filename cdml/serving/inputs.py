"""Checks what a client of the model server sent, so that a wrong column is named and never guessed at."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from cdml.core.release import Field

MAX_ROWS = 10_000
# A client that sends one wrong column sends it in every record.
MAX_PROBLEMS = 10


class InvalidInput(Exception):
    """What is wrong with a request, one sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def columns(
    body: bytes, signature: Sequence[Field] | None, features: Sequence[str] | None
) -> dict[str, list[Any]]:
    """The rows of a request body by column.

    `{"records": [{name: value}, ...]}` or `{"columns": {name: [value, ...]}}`; null is a missing value.
    Judged by the signature; without one by the names that the model knows; without both any columns will do.
    """
    names = [field.name for field in signature] if signature else list(features or [])
    given = _by_column(_parse(body), names)
    unknown = [name for name in given if names and name not in names]
    missing = [name for name in names if name not in given]
    if unknown or missing:
        raise InvalidInput(
            *(f"column {_show(name)} is not an input of this model" for name in unknown[:MAX_PROBLEMS]),
            *(f"column {_show(name)} is missing" for name in missing[:MAX_PROBLEMS]),
        )
    _check_kinds(given, signature or ())
    return {name: given[name] for name in names or given}


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the body is not JSON: {error}") from None
    if not isinstance(parsed, dict) or len(parsed) != 1 or not {"records", "columns"} & parsed.keys():
        raise InvalidInput('the body must be {"records": [{...}, ...]} or {"columns": {"name": [...]}}')
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON; write null for a missing value")


def _by_column(parsed: dict[str, Any], names: list[str]) -> dict[str, list[Any]]:
    given = _from_records(parsed["records"], names) if "records" in parsed else _from_columns(parsed["columns"])
    rows = {len(values) for values in given.values()}
    if len(rows) != 1:
        raise InvalidInput("all columns must have the same number of values" if rows else "there are no columns")
    if not 0 < max(rows) <= MAX_ROWS:
        raise InvalidInput(f"between 1 and {MAX_ROWS} rows are answered at once, not {max(rows)}")
    return given


def _from_columns(given: Any) -> dict[str, list[Any]]:
    if not isinstance(given, dict) or not all(isinstance(values, list) for values in given.values()):
        raise InvalidInput("columns must map each name to a list of values")
    return given


def _from_records(given: Any, names: list[str]) -> dict[str, list[Any]]:
    """Records by column; each record must have the model's columns, or else those of the first record."""
    if not isinstance(given, list) or not given:
        raise InvalidInput("records must be a list with at least one record")
    problems: list[str] = []
    for place, record in enumerate(given):
        if not isinstance(record, dict):
            problems.append(f"record {place} is not an object of columns")
        else:
            problems += _record_problems(place, record, names or list(given[0]))
        if problems:
            raise InvalidInput(*problems[:MAX_PROBLEMS])
    return {name: [record[name] for record in given] for name in given[0]}


def _record_problems(place: int, record: dict[str, Any], names: list[str]) -> list[str]:
    unknown = [
        f"record {place}: column {_show(n)} is not an input of this model" for n in record if n not in names
    ]
    return unknown + [f"record {place}: column {_show(n)} is missing" for n in names if n not in record]


def _is_number(value: object) -> bool:
    # 1e999 is good JSON, and infinite.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


_FITS: dict[str, Callable[[Any], bool]] = {
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == int(value),
    "boolean": lambda value: isinstance(value, bool),
    "text": lambda value: isinstance(value, str),
}


def _check_kinds(given: dict[str, list[Any]], signature: Sequence[Field]) -> None:
    problems = []
    for field in signature:
        fits = _FITS[field.kind]
        for place, value in enumerate(given[field.name]):
            if value is not None and not fits(value):
                name = _show(field.name)
                problems.append(f"record {place}: column {name} must be {field.kind}, not {_show(value)}")
                if len(problems) == MAX_PROBLEMS:
                    raise InvalidInput(*problems)
    if problems:
        raise InvalidInput(*problems)


def _show(value: object) -> str:
    """A value from outside, as JSON, short enough for a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"
