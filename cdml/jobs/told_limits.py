"""How much a run may tell its provider: what goes beyond is left out here in words, not there without any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cdml.ci.base import Limits
from cdml.jobs.telling import Annotation

LEFT_OUT = "_More does not fit on this page of the run; the report and `cdml compare` show all of it._\n"
_FENCE = "```"


def shown(found: Iterable[Annotation], limits: Limits) -> tuple[tuple[Annotation, ...], tuple[Annotation, ...]]:
    """The findings that a provider shows, each short enough, and those that only the log can take.

    Where some of a level are left out, the last one shown of that level says how many.
    """
    every = [replace(one, message=_short(one.message, limits.message)) for one in found]
    kept: list[Annotation] = []
    rest: list[Annotation] = []
    for level in dict.fromkeys(one.level for one in every):
        some = [one for one in every if one.level == level]
        if len(some) > limits.findings:
            more = some[limits.findings - 1 :]
            rest += more
            words = f"{len(more):,} more of these are in the log of this step"
            some = [*some[: limits.findings - 1], Annotation(level, words)]
        kept += some
    return tuple(kept), tuple(rest)


def _short(message: str, longest: int) -> str:
    if len(message) <= longest:
        return message
    ending = f"… ({len(message) - longest:,} characters and more are left out)"
    return message[: longest - len(ending)] + ending


def page(text: str, room: int) -> str:
    """A page of Markdown in at most `room` bytes of UTF-8: whole blocks from its beginning, and that more follows.

    No table, fence or `<details>` is cut. Empty where not even that sentence has room.
    """
    if _size(text) <= room:
        return text
    kept, left = "", room - _size(LEFT_OUT)
    for block in _blocks(text):
        if _size(kept) + _size(block) > left:
            break
        kept += block
    return f"{kept}{LEFT_OUT}" if left >= 0 else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _blocks(text: str) -> list[str]:
    """The parts of a page between blank lines, each with the blank line after it; a fold or fence is one part."""
    blocks, block, depth, fenced = [], "", 0, False
    for line in text.splitlines(keepends=True):
        block += line
        if line.lstrip().startswith(_FENCE):
            fenced = not fenced
        if not fenced:
            depth += line.count("<details") - line.count("</details>")
        if not line.strip() and depth <= 0 and not fenced:
            blocks.append(block)
            block, depth = "", 0
    return [*blocks, block] if block else blocks
