"""How many answers changed between two models, in words."""

from __future__ import annotations

from cdml.core.diagnostics import Flips


def flips_words(flips: Flips | None) -> str:
    """`41 answers flipped: 26 fixed, 15 broken.`; empty where no answer changed, or nobody knows."""
    if flips is None:
        return ""
    total = flips.fixed + flips.broken + flips.moved
    if not total:
        return ""
    parts = [f"{flips.fixed:,} fixed", f"{flips.broken:,} broken"]
    parts += [f"{flips.moved:,} from wrong to otherwise wrong"] if flips.moved else []
    return f"{total:,} {'answer' if total == 1 else 'answers'} flipped: {', '.join(parts)}."
