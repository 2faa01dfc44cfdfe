"""A pull request cannot loosen the gate that judges it: which gate counts, and how its change is said."""

from __future__ import annotations

from cdml.core.settings import Gate
from cdml.evaluation import numbers
from cdml.evaluation.gates.kinds import default_confidence, sureness
from cdml.evaluation.gates.parts import MIN_ROWS
from cdml.evaluation.gates.subject import amount

LENIENCY = {"fail": 0, "warn": 1, "pass": 2}
REMOVED = "removed"
MARGINS = {"max-regression": "margin", "behaviour": "may-fail"}  # what people write where that is not the kind


def loosened(base: Gate, head: Gate, higher_is_stricter: bool) -> str | None:
    """How `head` asks for less than `base`, in words; None where it asks for as much or more.

    Both are of one kind and metric, judged on the same thing. What no one can tell before it is judged counts as
    loosened: a change between a relative and an absolute margin, other slices.
    """
    ways = [
        _limit(base, head, higher_is_stricter),
        _confidence(base, head),
        _inconclusive(base, head),
        _rows(base, head),
        _definition(base, head),
    ]
    return "; ".join(way for way in ways if way) or None


def _limit(base: Gate, head: Gate, higher_is_stricter: bool) -> str | None:
    was, now = amount(base), amount(head)
    word = MARGINS.get(base.kind, base.kind)
    if base.relative != head.relative:
        # A margin of nothing is the same in either unit.
        strictest = base if higher_is_stricter else head
        return None if strictest.limit == 0 else f"{word} from {was} to {now}"
    looser = head.limit < base.limit if higher_is_stricter else head.limit > base.limit
    return f"{word} from {was} to {now}" if looser else None


def _confidence(base: Gate, head: Gate) -> str | None:
    """Less of it passes sooner. More of it fails later, which is looser unless what is undecided fails too."""
    (passed, failed), (passes, fails) = sureness(base), sureness(head)
    if passes >= passed and (fails <= failed or head.on_inconclusive == "fail"):
        return None
    named = [gate.confidence or default_confidence(gate) for gate in (base, head)]
    was, now = (numbers.percent(confidence) if confidence else "none" for confidence in named)
    return f"confidence from {was} to {now}"


def _inconclusive(base: Gate, head: Gate) -> str | None:
    if LENIENCY[head.on_inconclusive] <= LENIENCY[base.on_inconclusive]:
        return None
    return f"on-inconclusive from {base.on_inconclusive} to {head.on_inconclusive}"


def _rows(base: Gate, head: Gate) -> str | None:
    """More of them leave slices out; fewer add slices, of which each asks more proof of all others."""
    was, now = (gate.min_rows or MIN_ROWS for gate in (base, head))
    return f"min-rows from {was} to {now}" if was != now else None


def _definition(base: Gate, head: Gate) -> str | None:
    return "the test asks for something else" if base.definition != head.definition else None
