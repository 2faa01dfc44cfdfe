"""A pull request cannot loosen the gate that judges it: which gate counts, and how its change is said."""

from __future__ import annotations

from collections.abc import Callable

from cdml.core.settings import Gate
from cdml.evaluation import numbers

LENIENCY = {"fail": 0, "warn": 1, "pass": 2}


def loosened(base: Gate, head: Gate, higher_is_stricter: bool) -> str | None:
    """How `head` asks for less than `base`, in words; None where it asks for as much or more.

    Both are of one kind and metric. A change between a relative and an absolute margin counts as loosened, because
    no one can tell before the baseline is known.
    """
    ways = [_limit(base, head, higher_is_stricter), _confidence(base, head), _inconclusive(base, head)]
    return "; ".join(way for way in ways if way) or None


def removed(base: Gate, say: Callable[[Gate], str]) -> str:
    """How the removal of a gate is said."""
    return f"removed ({say(base)})"


def _limit(base: Gate, head: Gate, higher_is_stricter: bool) -> str | None:
    was = numbers.percent(base.limit) if base.relative else numbers.limit(base.limit)
    now = numbers.percent(head.limit) if head.relative else numbers.limit(head.limit)
    if base.relative != head.relative:
        # No margin at all is the strictest in either unit.
        return None if head.limit == 0 else f"margin from {was} to {now}"
    looser = head.limit < base.limit if higher_is_stricter else head.limit > base.limit
    word = "margin" if base.kind == "max-regression" else base.kind
    return f"{word} from {was} to {now}" if looser else None


def _confidence(base: Gate, head: Gate) -> str | None:
    """A max-regression gate without a confidence has the default one; a min or max gate has none."""
    default = 0.95 if base.kind == "max-regression" else 0.0
    was, now = base.confidence or default, head.confidence or default
    if now >= was:
        return None
    return f"confidence from {numbers.percent(was)} to {numbers.percent(now) if now else 'none'}"


def _inconclusive(base: Gate, head: Gate) -> str | None:
    if LENIENCY[head.on_inconclusive] <= LENIENCY[base.on_inconclusive]:
        return None
    return f"on-inconclusive from {base.on_inconclusive} to {head.on_inconclusive}"
