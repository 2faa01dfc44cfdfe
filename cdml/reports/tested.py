"""What each statistical method does and what each kind of gate asks, in a sentence or two for `cdml explain`."""

from __future__ import annotations

from cdml.core.settings import GateKind

# By the beginning of `MetricResult.method`; the longest that fits counts.
METHODS: dict[str, str] = {
    "paired score interval": (
        "Only rows on which the two models disagree count: so many were put right, so many were put wrong. "
        "Rows that both get right, or both wrong, say nothing about which is better."
    ),
    "paired DeLong": (
        "The area is the share of pairs (a positive row, a negative row) that are ordered rightly; its variance, "
        "and what the two models' areas have in common, follow from the rows' ranks, without resampling."
    ),
    "paired t": (
        "Each row has a loss under either model; the mean of the rows' differences gets Student's interval. What "
        "makes a row hard for both models cancels out."
    ),
    "paired bootstrap of the joint counts": (
        "How often each (truth, old answer, new answer) occurs is drawn anew thousands of times, and the metric "
        "of both models computed from each draw: the middle of these differences is the interval."
    ),
    "paired infinitesimal jackknife": (
        "How much each row moves the metric of either model is computed, and the spread of the rows' differences "
        "gives the interval."
    ),
    "Wilson": "The interval of a share, which stays between 0 and 1 and is honest for shares near either end.",
}
KINDS: dict[GateKind, str] = {
    "min": "Asks for a value of at least this much, whatever the model before it had.",
    "max": "Asks for a value of at most this much, whatever the model before it had.",
    "max-regression": (
        "Asks for proof of not being worse by more than the margin (non-inferiority): it passes when the whole "
        "interval of the loss stays within the margin, fails when all of it lies beyond, and says so when the "
        "rows are too few to tell."
    ),
}


def method_words(method: str) -> str:
    """What a method does, in words; empty for one that has none (a reason why there is no interval)."""
    fitting = [name for name in METHODS if method.startswith(name)]
    return METHODS[max(fitting, key=len)] if fitting else ""


def kind_words(kind: GateKind) -> str:
    """What a kind of gate asks for."""
    return KINDS[kind]
