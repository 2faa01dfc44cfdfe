"""Values of secrets on their way into what people read: a training that breaks may print all that it was given.

CI masks its own log; a comment is written elsewhere, by a job that does not know these values.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

SHORTEST = 6  # characters: shorter values are words, numbers and flags that stand everywhere
MASK = "***"
_USER = re.compile(r"(?<=//)[^/\s@]+@")
_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")


def secret_values(names: Iterable[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """What must not be shown of these variables: each value and its lines, plain, in an address, in base64.

    Longest first, so that a secret which is part of another one leaves nothing of that.
    """
    found: set[str] = set()
    for name in names:
        value = environ.get(name, "").strip()
        for part in (value, *map(str.strip, value.splitlines())):
            if len(part) >= SHORTEST:
                found |= {part, quote(part, safe=""), base64.b64encode(part.encode("utf-8", "replace")).decode()}
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def masked(text: str, values: Iterable[str]) -> str:
    """The text with `***` in place of each of these values."""
    for value in values:
        text = text.replace(value, MASK)
    return text


def without_credentials(text: str) -> str:
    """The text with addresses that carry neither a user's name and password nor a signed query."""
    return _QUERY.sub(r"\1", _USER.sub("", text))
