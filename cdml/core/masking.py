"""Values of secrets on their way into what people read: a training that breaks may print all that it was given.

CI masks its own log; a comment is written elsewhere, by a job that does not know these values.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

SHORTEST = 6  # characters: shorter values are words, numbers and flags that stand everywhere
MASK = "***"
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_USER = re.compile(r"(?<=//)[^/\s@]+@")
_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")


def secret_values(names: Iterable[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """What must not be shown of these variables: each value and its lines, plain and in common spellings.

    Those are of addresses, of base64 (behind a user's name too), of base 16 and between quotes.

    Longest first, so that a secret which is part of another one leaves nothing of that.
    """
    found: set[str] = set()
    for name in names:
        value = environ.get(name, "").strip()
        for part in (value, *map(str.strip, value.splitlines())):
            if len(part) >= SHORTEST:
                found |= _spellings(part)
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def _spellings(part: str) -> set[str]:
    raw = part.encode("utf-8", "replace")
    plain = {part, quote(part), quote(part, safe=""), quote_plus(part)}
    plain |= {json.dumps(part)[1:-1], repr(part)[1:-1]}
    return plain | {raw.hex(), base64.b64encode(raw).decode(), *(_behind(raw, before) for before in (0, 1, 2))}


def _behind(raw: bytes, before: int) -> str:
    """The letters of base64 that hold nothing but `raw`, `before` bytes past a multiple of three."""
    letters = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
    return letters[before + (before > 0) : len(letters) - ((len(raw) + before) % 3 > 0)]


def masked(text: str, values: Iterable[str]) -> str:
    """The text with `***` in place of each of these values.

    Where colours or what cannot be seen divided a value, they are left out: a report leaves them out too, and
    would put it together.
    """
    values = tuple(values)
    text = _replaced(text, values)
    if text.isprintable():
        return text
    bare = _bare(text)
    divided = [value for value in map(_bare, values) if len(value) >= SHORTEST and value in bare]
    return _replaced(bare, divided) if divided else text


def _replaced(text: str, values: Iterable[str]) -> str:
    for value in values:
        text = text.replace(value, MASK)
    return text


def _bare(text: str) -> str:
    return "".join(c for c in _COLOURS.sub("", text) if c.isprintable() or c in "\t\r\n")


def without_credentials(text: str) -> str:
    """The text with addresses that carry neither a user's name and password nor a signed query."""
    return _QUERY.sub(r"\1", _USER.sub("", text))
