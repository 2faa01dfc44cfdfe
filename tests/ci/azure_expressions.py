"""Azure's expressions as its documents define them, as far as generated pipelines use them; others are errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][\w-]*|[().,\[\]])")
Functions = Mapping[str, Callable[..., Any]]
_FUNCTIONS: Functions = {
    "and": lambda *parts: all(map(_true, parts)),
    "or": lambda *parts: any(map(_true, parts)),
    "not": lambda part: not _true(part),
    "eq": lambda left, right: _text(left).lower() == _text(right).lower(),
    "ne": lambda left, right: _text(left).lower() != _text(right).lower(),
    "in": lambda one, *others: _text(one).lower() in [_text(other).lower() for other in others],
    "contains": lambda whole, part: _text(part).lower() in _text(whole).lower(),
    "coalesce": lambda *parts: next((part for part in parts if _text(part)), None),
    "replace": lambda text, old, new: _text(text).replace(old, new),
    "format": lambda text, *given: text.format(*map(_text, given)),
    "always": lambda: True,
    "canceled": lambda: False,
}


def evaluate(text: str, names: Mapping[str, Any], functions: Functions | None = None) -> Any:
    """The value of an expression; a name or property that is not there is None, an unknown function an error."""
    tokens, place = [], 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        assert found, f"not understood: {text[place:]}"
        tokens.append(found[1])
        place = found.end()
    value = _parse(tokens, names, {**_FUNCTIONS, **(functions or {})})
    assert not tokens, f"{text}: {tokens} is left over"
    return value


def _parse(tokens: list[str], names: Mapping[str, Any], functions: Functions) -> Any:
    word = tokens.pop(0)
    if word.startswith("'"):
        return word[1:-1].replace("''", "'")
    if tokens and tokens[0] == "(":
        tokens.pop(0)
        given = []
        while tokens[0] != ")":
            given.append(_parse(tokens, names, functions))
            if tokens[0] == ",":
                tokens.pop(0)
        tokens.pop(0)
        return functions[word](*given)
    return _properties(names[word], tokens)


def _properties(value: Any, tokens: list[str]) -> Any:
    while tokens and tokens[0] in (".", "["):
        key = tokens[1].strip("'")
        del tokens[: 2 if tokens[0] == "." else 3]
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _true(value: Any) -> bool:
    return bool(value) and value != "False"


def _text(value: Any) -> str:
    return "" if value is None else str(value)
