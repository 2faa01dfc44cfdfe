"""pandera's schemas as contracts, and back: for projects that have some already, or check in their own code too.

A contract is richer, and less: what pandera has no word for is left out of what is written, and checks that a
contract has no word for are named when a schema is read. pandera is an extra, imported here alone.
"""

from __future__ import annotations

import importlib
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cdml.contracts.schema import Column, Schema, Type
from cdml.core.errors import ConfigError, UsageError

_HINT = 'Install it: pip install "cdml[pandera]"'
_PREFIXES: tuple[tuple[tuple[str, ...], Type], ...] = (
    (("int", "uint"), "integer"),
    (("float", "decimal"), "number"),
    (("bool",), "boolean"),
    (("datetime", "timestamp", "date"), "time"),
)
_DTYPES: dict[Type, str] = {
    "text": "str",
    "integer": "int64",
    "number": "float64",
    "boolean": "bool",
    "time": "datetime64[ns]",
}


def read_pandera(given: str, root: Path) -> tuple[Schema, tuple[str, ...]]:
    """A contract of a YAML file that pandera wrote, or of `module:NAME` or `file.py:NAME`, and what it leaves out.

    A module is imported: its code runs here. Raises UsageError where nothing is found, ConfigError for what is no
    schema of data frames, or where pandera is not installed.
    """
    pandera = _pandera()
    if given.endswith((".yaml", ".yml")):
        found = _from_yaml(root / given, given)
    else:
        found = _from_module(given, root, pandera)
    lost: list[str] = []
    columns = tuple(_column(str(name), column, lost) for name, column in found.columns.items())
    lost += [f"a check of the whole table ({_name(check)})" for check in found.checks or ()]
    lost += ["columns that are unique together"] if found.unique else []
    return Schema(columns, other_columns="fail" if found.strict else "allow"), tuple(lost)


def write_pandera(schema: Schema) -> str:
    """A contract as pandera's YAML: types, empty cells, ranges, values, patterns, uniqueness and required
    columns.
    """
    pandera = _pandera()
    columns = {column.name: _pandera_column(pandera, column) for column in schema.columns}
    whole = pandera.DataFrameSchema(columns, strict=schema.other_columns == "fail", coerce=True)
    return str(whole.to_yaml())


def _pandera() -> Any:
    try:
        return importlib.import_module("pandera.pandas")
    except ImportError:
        raise ConfigError("pandera is not installed here", _HINT) from None


def _from_yaml(path: Path, name: str) -> Any:
    if not path.is_file():
        raise UsageError(f"there is no {name}")
    try:
        return importlib.import_module("pandera.io.pandas_io").from_yaml(path)
    except ImportError:
        raise ConfigError("pandera cannot read YAML here", _HINT) from None
    except Exception as error:  # it raises whatever its parsers raise
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"{name} is no schema that pandera reads: {said}") from None


def _from_module(given: str, root: Path, pandera: Any) -> Any:
    module, _, name = given.partition(":")
    try:
        is_file = module.endswith(".py")
        names = runpy.run_path(str(root / module)) if is_file else vars(importlib.import_module(module))
    except Exception as error:
        raise UsageError(f"{module} cannot be imported: {error}", "file.py:NAME, or package.module:NAME") from None
    found = {key: one for key, value in names.items() if (one := _schema(value, pandera)) is not None}
    if name and name not in found:
        raise UsageError(f"{module} has no schema {name!r} (it has {', '.join(found) or 'none'})")
    if not name and len(found) != 1:
        raise UsageError(f"which schema of {module}? It has {', '.join(found) or 'none'}", f"{module}:NAME")
    return found[name] if name else next(iter(found.values()))


def _schema(value: object, pandera: Any) -> Any:
    if isinstance(value, pandera.DataFrameSchema):
        return value
    model = (
        isinstance(value, type)
        and issubclass(value, pandera.DataFrameModel)
        and value is not pandera.DataFrameModel
    )
    return value.to_schema() if model else None  # type: ignore[attr-defined]


def _column(name: str, column: Any, lost: list[str]) -> Column:
    rules: dict[str, Any] = {}
    for check in column.checks or ():
        found = dict(_rules(check))
        rules |= found
        if not found:
            lost.append(f"{name}: {_name(check)}")
    if getattr(column, "regex", False):
        lost.append(f"{name}: one rule for several columns")
    return Column(
        name,
        _type(str(column.dtype)),
        nulls=1.0 if column.nullable else 0.0,
        unique=bool(column.unique),
        training=bool(column.required),
        description=str(column.description or ""),
        **rules,
    )


def _type(dtype: str) -> Type:
    lowered = dtype.lower()
    return next((kind for starts, kind in _PREFIXES if lowered.startswith(starts)), "text")


def _rules(check: Any) -> Iterator[tuple[str, Any]]:
    """The rules that a check of pandera's means; none where a contract has no word for it."""
    given = check.statistics or {}
    name = _name(check)
    if name == "in_range" and given.get("include_min", True) and given.get("include_max", True):
        yield from (("min", _bound(given["min_value"])), ("max", _bound(given["max_value"])))
    elif name in ("greater_than_or_equal_to", "less_than_or_equal_to"):
        yield (
            ("min", _bound(given["min_value"]))
            if name.startswith("greater")
            else ("max", _bound(given["max_value"]))
        )
    elif name == "isin":
        yield "values", tuple(_word(value) for value in given["allowed_values"])
    elif name == "str_matches":  # from the beginning, and not to the end
        pattern = given["pattern"]
        yield "pattern", f"(?:{getattr(pattern, 'pattern', pattern)})(?s:.*)"


def _name(check: Any) -> str:
    return str(check.name or "a function")


def _bound(value: Any) -> float | str:
    if isinstance(value, (int, float)):
        return float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _pandera_column(pandera: Any, column: Column) -> Any:
    checks = []
    if column.min is not None:
        checks.append(pandera.Check.ge(_limit(column, column.min)))
    if column.max is not None:
        checks.append(pandera.Check.le(_limit(column, column.max)))
    if column.values is not None and column.unseen == "fail" and not column.unseen_share:
        numbers = {"integer": int, "number": float}
        checks.append(pandera.Check.isin([numbers.get(column.type, str)(value) for value in column.values]))
    if column.pattern is not None:
        checks.append(pandera.Check.str_matches(f"^(?:{column.pattern})$"))
    dtype = "Int64" if column.type == "integer" and column.nulls else _DTYPES[column.type]
    return pandera.Column(
        dtype,
        checks,
        nullable=column.nulls > 0,
        unique=column.unique,
        required=column.training,
        description=column.description or None,
    )


def _limit(column: Column, bound: float | str) -> Any:
    if column.type == "time":
        import pandas as pd

        return pd.Timestamp(bound)
    return int(bound) if column.type == "integer" else bound
