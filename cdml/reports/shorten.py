"""A page that is too long loses whole parts, the least important first: never half a table, fence or fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

# What never goes fits into this many characters, whatever names and reasons are made of.
SHORTEST = 8_000


@dataclass(frozen=True)
class Form:
    """One way to write a section, and in words what this way leaves out; an empty text leaves the section out."""

    text: str
    without: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a page: its forms from whole to shortest, the last of which always finds room.

    Of two sections the one of less `importance` is shortened first, down to its last form.
    """

    forms: tuple[Form, ...]
    importance: int = 100


def length(text: str) -> int:
    """Characters as forges count them, an emoji as two where some count it so (UTF-16 units)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(sections: Sequence[Section], longest: int, left_out: Callable[[str], str]) -> str:
    """The sections as one page of at most `longest` characters, as far as their last forms allow.

    `left_out` turns what had to go, in words, into the line that says so; it stands before the last section.
    """
    chosen = [0] * len(sections)
    while True:
        page = _page([s.forms[at] for s, at in zip(sections, chosen, strict=True)], left_out)
        shorter = [i for i, section in enumerate(sections) if chosen[i] + 1 < len(section.forms)]
        if length(page) <= longest or not shorter:
            return page
        chosen[min(shorter, key=lambda i: sections[i].importance)] += 1


def _page(forms: Sequence[Form], left_out: Callable[[str], str]) -> str:
    gone = [form.without for form in forms if form.without]
    texts = [form.text for form in forms]
    if gone:
        texts.insert(len(texts) - 1, left_out(", ".join(gone)))
    return "\n\n".join(text for text in texts if text) + "\n"
