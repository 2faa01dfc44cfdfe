"""What decided, in plain words that every report shares: each of them escapes these as its own format needs."""

from __future__ import annotations

from cdml.core.comparison import Axis, Comparison, Judgement, Outcome, Verdict
from cdml.reports.found import useless_words
from cdml.reports.words import worst_first

LIGHTS = ("🔴", "🟡", "🟢", "⚪")
_MOST_ROWS = 10**12


def light(judgement: Judgement) -> str:
    """The traffic light: red blocks, yellow wants a look, green is decided; white where nothing was asked."""
    if judgement.failed:
        return "🔴"
    effective = {verdict.effective for verdict in judgement.verdicts}
    comparison = judgement.comparison
    doubtful = comparison.unpaired or any(v.loosened or v.waived for v in judgement.verdicts)
    doubtful = doubtful or bool(comparison.loosened) or useless_words(comparison)
    if Outcome.INCONCLUSIVE in effective or doubtful:
        return "🟡"
    return "🟢" if effective else "⚪"


def why(judgement: Judgement) -> str:
    """A sentence or two on what decided; plain text, not escaped."""
    return " ".join(why_sentences(judgement))


def why_sentences(judgement: Judgement) -> list[str]:
    """The same, each sentence or reason by itself; only the first may begin with words from outside."""
    useless = useless_words(judgement.comparison)
    return [*_decided(judgement), *([useless] if useless else [])]


def _decided(judgement: Judgement) -> list[str]:
    comparison = judgement.comparison
    if not judgement.verdicts:
        return ["No gates are set.", *([_full_stop(comparison.unpaired)] if comparison.unpaired else [])]
    first = worst_first(judgement.verdicts)[0]
    if first.waived:
        return _waived(first, judgement)
    if first.effective is Outcome.PASS:
        return ["Every gate passes."]
    if comparison.unpaired and first.outcome is not Outcome.FAIL:
        return [_full_stop(_capital(comparison.unpaired)), _merge(first)]
    return [_full_stop(first.reason), *_more_rows(first), *_alike(first, judgement), _merge(first)]


def outcome_words(verdict: Verdict) -> str:
    """A gate's answer and, where that is not what counts, what became of it; plain text, not escaped."""
    if verdict.waived:
        return f"waived by {verdict.waived.who}: {verdict.waived.why}"
    if verdict.outcome is verdict.effective:
        return str(verdict.outcome)
    return f"{verdict.outcome}, {'certainty is asked for' if verdict.blocks else 'allowed'}"


def is_unchanged(judgement: Judgement) -> bool:
    """Whether a candidate is what the baseline is, on every axis and in every number, with nothing against it.

    False where it is not known what changed.
    """
    comparison = judgement.comparison
    if comparison.baseline is None or comparison.unpaired or not comparison.changes or not comparison.metrics:
        return False
    same = all(metric.judgement == "same" or metric.difference == 0 for metric in comparison.metrics)
    quiet = not any(v.blocks or v.loosened or v.waived for v in judgement.verdicts)
    return same and quiet and not any(change.changed for change in comparison.changes)


def unchanged_words(comparison: Comparison) -> str:
    """`unchanged, same code, training data and environment as production v1.3.0`; plain text, not escaped."""
    order = list(Axis)
    axes = sorted((change.axis for change in comparison.changes), key=order.index)
    listed = f"{', '.join(axes[:-1])} and {axes[-1]}" if len(axes) > 1 else "".join(axes)
    return f"unchanged, same {listed} as {comparison.baseline.label if comparison.baseline else 'before'}"


def duration(seconds: int) -> str:
    """`40 s`, `4 min`, `1 h 12 min`."""
    if seconds < 60:
        return f"{max(seconds, 0)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{minutes} min"] if minutes else [])])


def _waived(first: Verdict, judgement: Judgement) -> list[str]:
    """What would have decided, had nobody answered for it; their reason stands in the gates' table."""
    waived = sum(bool(verdict.waived) for verdict in judgement.verdicts)
    others = {1: [], 2: ["One more is waived."]}.get(waived, [f"{waived - 1} more are waived."])
    rest = ["Every other gate passes."] if len(judgement.verdicts) > waived else []
    by = [f"Waived by {first.waived.who}."] if first.waived else []
    return [_full_stop(first.reason), *by, *others, *rest, _merge(first)]


def _more_rows(verdict: Verdict) -> list[str]:
    more = verdict.more_rows
    return [f"About {more:,} more test rows would decide."] if more and more < _MOST_ROWS else []


def _alike(first: Verdict, judgement: Judgement) -> list[str]:
    alike = sum(v.effective is first.effective and not v.waived for v in judgement.verdicts) - 1
    if alike < 1:
        return []
    if first.blocks:
        return ["One more fails too." if alike == 1 else f"{alike} more fail too."]
    return ["One more is inconclusive too." if alike == 1 else f"{alike} more are inconclusive too."]


def _merge(verdict: Verdict) -> str:
    return "Merge is blocked." if verdict.blocks else "Merge is not blocked."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _full_stop(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
