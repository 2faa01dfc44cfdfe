"""The few words that every axis of a comparison uses: short names, lists that end, what was gained and lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdml.core.serialize import digest

MOST = 6
NAME_LENGTH = 80
VALUE_LENGTH = 40


def short(text: str, most: int = VALUE_LENGTH) -> str:
    """Text that can be encoded, of at most so many characters."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else f"{text[: most - 1]}…"


def first(words: Sequence[str], more: str = "{} more", most: int = MOST) -> list[str]:
    """The first few, and how many were left out."""
    return [*words[:most], *([more.format(f"{len(words) - most:,}")] if len(words) > most else [])]


def differing(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """Keys whose value differs; 1, 1.0 and true are three values to a program, null is not the same as no key."""
    return sorted(k for k in {*old, *new} if k not in old or k not in new or digest(old[k]) != digest(new[k]))


def marked(key: str, old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """`new train.py`, `without train.py`, or the name alone of what both have."""
    mark = "new " if key not in old else "without " if key not in new else ""
    return f"{mark}{short(key, NAME_LENGTH)}"
