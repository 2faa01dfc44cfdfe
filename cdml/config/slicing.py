"""`evaluate.by`: names of columns and crosses, and the edges of those that are cut at given ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cdml.config.model import EvaluateModel
    from cdml.config.read import Draft
    from cdml.config.source import Source


def check(source: Source, draft: Draft) -> None:
    """Note edges that are out of order."""
    for index, item in enumerate(draft.evaluate.by if draft.evaluate else ()):
        for name, cut in () if isinstance(item, str) else item.items():
            if list(cut) != sorted(set(cut)):
                source.report(
                    ("evaluate", "by", index, name), "must rise: each edge is larger than the one before it"
                )


def names(evaluate: EvaluateModel) -> tuple[str, ...]:
    """What is sliced by, in order of writing; each item gives one name."""
    return tuple(item if isinstance(item, str) else next(iter(item)) for item in evaluate.by)


def edges(evaluate: EvaluateModel) -> dict[str, tuple[float, ...]]:
    """The given edges by column."""
    return {name: cut for item in evaluate.by if not isinstance(item, str) for name, cut in item.items()}
