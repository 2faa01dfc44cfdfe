"""pydantic's findings in words a person can act on: what is wrong with which key, and what was probably meant."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cdml.config.nested import model_at
from cdml.config.source import Path, Source, spelled

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

# Keys that may be written in more than one way: one sentence instead of one complaint for each way.
EITHER = {
    "params": "must be a parameters file, the name of a parameter in params.yaml, or {file.yaml: [names]}",
    "max-regression": 'must be a number that is 0 or more, or a share such as "1%"',
    "min-improvement": 'must be a number that is 0 or more, or a share such as "1%"',
    "max-improvement": 'must be a number that is 0 or more, or a share such as "1%"',
    "may-fail": 'must be a number of cases, or a share such as "1%"',
    "by": "must be a column, a cross a*b of two, or {column: [edges]}",
    "runs-on": "must be a machine's label, a list of labels, or {default: ..., train: ...} of them",
    "timeout-minutes": "must be a number of minutes, or {default: ..., train: ...} of them",
    "metrics": "must be a list of names, {cost: {fp: 1, fn: 20}}, {column: bleu, direction: higher} or "
    "{name: of_your_own, direction: lower}",
    "positive": "must be text or a whole number, as it stands in the target column",
}
KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "a mapping of keys"),
)
WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "finite_number": "a finite number",
}
BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def suggestion(word: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'?` where one of the known words is close, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else ""


def listed(words: Iterable[str], last: str = "or") -> str:
    """Words as a list in a sentence: `a, b or c`."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def kind(value: object) -> str:
    """What a value is, in words."""
    return next((word for type_, word in KINDS if isinstance(value, type_)), "nothing")


def report(source: Source, model: type[BaseModel], base: Path, errors: Sequence[ErrorDetails]) -> None:
    """Note every error of one model, whose data stand at `base`, in words."""
    told = (error for error in errors if error["type"] != "none_required")  # None is our absent, not a choice
    ordered = sorted(told, key=lambda error: error["type"] == "missing")  # after misspellings, which explain them
    located = [(_locate(source.data, base, error["loc"]), error) for error in ordered]
    deepest = [path for path, _ in located]
    before = set(source.wrong)
    said: set[tuple[Path, str]] = set()
    for path, error in located:
        if error["type"] == "missing" and source.meant((*path, error["loc"][-1])):
            continue
        key = _either(path)
        if key and any(other != path and other[: len(path)] == path for other in deepest):
            continue  # another way of writing this key fits better, and its own complaint is deeper
        message, hint = _words(source, model, base, path, error)
        if key and sum(other == path for other in deepest) > 1:
            message, hint = EITHER[key], ""
        if (path, message) not in said and path not in before:
            said.add((path, message))
            source.report(path, message, hint)


def _either(path: Path) -> str | None:
    return next((str(part) for part in reversed(path) if part in EITHER), None)


def _locate(data: Any, base: Path, loc: Sequence[str | int]) -> Path:
    """Where an error's location is in the data: pydantic puts the names of union members in between."""
    path = list(base)
    here = data
    for part in base:
        here = here[part]
    for part in loc:
        inside = (isinstance(here, dict) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        )
        if inside:
            path.append(part)
            here = here[part]
    return tuple(path)


def _words(source: Source, model: type[BaseModel], base: Path, path: Path, error: ErrorDetails) -> tuple[str, str]:
    """Message and hint of one error."""
    inner = model_at(model, path[len(base) : -1])
    known = [field.alias or name for name, field in inner.model_fields.items()]
    what, value, context = error["type"], error["input"], error.get("ctx", {})
    said: tuple[str, str] = (error["msg"].replace("Input should be", "must be"), "")
    if what == "extra_forbidden":
        said = _unknown(path, base if inner is model else path[:-1], known)
    elif what == "missing":
        said = f"{error['loc'][-1]!r} is missing", ""
    elif what == "literal_error":
        said = _not_one_of(value, context)
    elif what in WANTED:
        said = _wrong_kind(WANTED[what], value)
    elif what in BOUNDS:
        word, bound = BOUNDS[what]
        said = f"must be {word} {context[bound]:g}, not {value}", ""
    elif what in ("string_pattern_mismatch", "string_too_short", "too_short"):
        said = "must not be empty", ""
    elif what == "value_error":
        said = str(context["error"]), ""
    return said


def _unknown(path: Path, base: Path, known: Sequence[str]) -> tuple[str, str]:
    where = spelled(base) or "this file"
    hint = suggestion(str(path[-1]), known) or f"Keys of {where}: {', '.join(known)}."
    return f"{path[-1]!r} is not a key of {where}.", hint


def _not_one_of(value: object, context: Mapping[str, Any]) -> tuple[str, str]:
    expected = str(context["expected"])
    choices = [word for word in expected.replace(" or ", ", ").replace("'", "").split(", ") if word]
    return f"{shown(value)} is not {listed(choices)}.", suggestion(str(value), choices)


def _wrong_kind(wanted: str, value: object) -> tuple[str, str]:
    if value is None:
        return "has no value: write one, or remove the key", ""
    if wanted == "text" and isinstance(value, float):
        return "must be text, not a number.", "Write it in quotes, as it is meant: without them 3.10 is 3.1."
    if wanted == "text" and isinstance(value, int):
        return f"must be text, not {kind(value)}.", f"Write it in quotes: {json.dumps(str(value))}."
    if wanted == "a list" and isinstance(value, str):
        return "must be a list, not text.", f"Write [{json.dumps(value, ensure_ascii=False)}]."
    return f"must be {wanted}, not {kind(value)}", ""


def shown(value: object) -> str:
    """A value of the file in a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
