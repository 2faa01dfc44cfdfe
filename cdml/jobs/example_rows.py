"""Rows of the data as examples: whether a judgement may hold some, and the same judgement without them.

A judgement stands in git and in the report. Of private data it keeps the counts alone.
"""

from __future__ import annotations

from dataclasses import replace

from cdml.core.comparison import Judgement, Verdict
from cdml.core.diagnostics import Diagnostics
from cdml.core.findings import BehaviourResult
from cdml.core.settings import Evaluate, Settings


def shows_rows(evaluate: Evaluate, rules: Settings | None) -> bool:
    """Whether rows may be shown: a change may forbid it, and not allow what the branch that it enters forbids."""
    return evaluate.example_rows and (rules is None or rules.evaluate.example_rows)


def without_examples(results: tuple[BehaviourResult, ...]) -> tuple[BehaviourResult, ...]:
    """Behavioural tests with the counts of their failing cases alone."""
    return tuple(replace(one, examples=()) for one in results)


def without_flipped(found: Diagnostics) -> Diagnostics:
    """The same without rows whose answer flipped or whose error changed; how many flipped stays."""
    return replace(found, flips=replace(found.flips, examples=()) if found.flips else None, moved=())


def holds_rows(judgement: Judgement) -> bool:
    """Whether any row of the data stands in a judgement."""
    found = judgement.comparison.diagnostics or Diagnostics()
    examples = [one for result in judgement.comparison.behaviour for one in result.examples]
    return bool(examples or found.moved or (found.flips and found.flips.examples))


def without_rows(judgement: Judgement) -> Judgement:
    """A judgement that was made elsewhere, without the rows that it holds."""
    comparison = judgement.comparison
    shown = comparison.diagnostics
    behaviour = without_examples(comparison.behaviour)
    comparison = replace(comparison, diagnostics=without_flipped(shown) if shown else None, behaviour=behaviour)
    return Judgement(comparison, tuple(map(_without_example, judgement.verdicts)))


def _without_example(verdict: Verdict) -> Verdict:
    """A behavioural gate names one of its failing cases as the reason: the count remains."""
    if verdict.gate.kind != "behaviour":
        return verdict
    return replace(verdict, reason=f"“{verdict.gate.metric}”: {verdict.measured}.")
