"""What each statistical method does and what each kind of gate asks, in a sentence or two for `cdml explain`."""

from __future__ import annotations

from cdml.core.settings import GateKind

# By the beginning of `MetricResult.method`; the longest that fits counts.
METHODS: dict[str, str] = {
    "exact McNemar, paired score interval": (
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
    "paired DeLong, by groups": (
        "The area is the share of pairs (a positive row, a negative row) that are ordered rightly; its variance "
        "follows from the ranks, summed over each group first: rows of one group are not independent."
    ),
    "paired t, by groups": (
        "The rows' differences are summed over each group (a patient, a customer), because rows of one group are "
        "not independent; the groups' sums get Student's interval."
    ),
    "paired t over queries": (
        "Each query has a score under either model; the mean of the queries' differences gets Student's interval."
    ),
    "paired bootstrap of the groups' joint counts": (
        "Whole groups are drawn anew thousands of times with all of their rows, because rows of one group are not "
        "independent, and the metric of both models computed from each draw."
    ),
    "delta method of the groups' counts": (
        "How much each group's counts move the difference is computed from the metric's slope, and the spread of "
        "the groups gives the interval: they are too many to draw anew."
    ),
    "paired infinitesimal jackknife, by groups": (
        "How much each group moves the metric of either model is computed, and the spread of the groups' "
        "differences gives the interval."
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
    "min-improvement": (
        "Asks for proof of being better by this much (superiority): it passes when the whole interval of the gain "
        "reaches it, fails when all of it stays below, and says so when the rows are too few to tell."
    ),
    "max-improvement": (
        "An alarm for what is too good to be true, such as labels that leaked into the features: it passes when "
        "the gain is within the limit, and fails when the whole interval of the gain lies beyond it."
    ),
    "max-gap": (
        "Asks that no two groups of a column lie farther apart: the gap is the largest value of any group minus "
        "the smallest, with an interval that allows for having looked at all pairs of groups."
    ),
    "behaviour": "Tries cases made for the purpose and counts those that fail; no statistics are in it.",
}
SLICES = (
    "It is asked of every slice that has enough rows, and the worst one is named. A failure counts only where it "
    "stands after Holm's correction for everything that the gates compare; passing needs every slice to pass."
)


def method_words(method: str) -> str:
    """What a method does, in words; empty for one that has none (a reason why there is no interval)."""
    fitting = [name for name in METHODS if method.startswith(name)]
    return METHODS[max(fitting, key=len)] if fitting else ""


def kind_words(kind: GateKind) -> str:
    """What a kind of gate asks for."""
    return KINDS[kind]
