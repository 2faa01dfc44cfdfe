"""What was found beyond metrics and gates, as plain tables and sentences that every report shows in its own way.

Nothing here is escaped: who writes Markdown, HTML or a terminal's lines does that.
"""

from __future__ import annotations

from dataclasses import dataclass

from cdml.core.comparison import Comparison, MetricResult
from cdml.core.findings import BehaviourResult, Fairness, FairnessGroup, FairnessMeasure, FoundSlice, Spread
from cdml.evaluation import numbers
from cdml.evaluation.trivial import is_better

MEASURES = {
    "demographic_parity_difference": "demographic parity difference",
    "demographic_parity_ratio": "demographic parity ratio",
    "equalized_odds_difference": "equalised odds difference",
    "equalized_odds_ratio": "equalised odds ratio",
}
RATES = {
    "selection_rate": "selection rate",
    "true_positive_rate": "true positive rate",
    "false_positive_rate": "false positive rate",
}


@dataclass(frozen=True)
class Found:
    """One table: `rows` are as wide as `heading`, whose columns in `right` hold numbers; `said` stands below."""

    title: str
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    said: str = ""


def tables(comparison: Comparison, *, groups: bool = False, seeds_too: bool = True) -> tuple[Found, ...]:
    """All of them, in the order in which they are shown; `groups` adds the rates of every group."""
    rates = fairness_groups(comparison) if groups else ()
    spread = seeds(comparison) if seeds_too else None
    listed = [weak_slices(comparison), fairness(comparison), *rates, behaviour(comparison), spread]
    return tuple(one for one in listed if one is not None)


def constant_words(comparison: Comparison, most: int | None = None) -> str:
    """`The best constant answer: roc_auc 0.500, f1 0.471.`, of the first `most`; empty where no metric has one."""
    known = [metric for metric in comparison.metrics[:most] if metric.trivial is not None]
    listed = ", ".join(f"{metric.name} {constant(metric)}" for metric in known)
    return f"The best constant answer: {listed}." if listed else ""


def constant(metric: MetricResult) -> str:
    """What the best constant answer has, in as many digits as the metric; a dash for nothing."""
    return numbers.value(metric.trivial, numbers.decimals(metric))


def useless_words(comparison: Comparison) -> str:
    """That the candidate is not surely better than a constant on the primary metric; empty where it is."""
    first = comparison.metrics[0] if comparison.metrics else None
    if first is None or is_better(first) is not False:
        return ""
    return f"{first.name} is not surely better than a constant answer's {constant(first)}."


def seeds_words(comparison: Comparison) -> str:
    """`Over 5 seeds roc_auc is 0.855 to 0.861 (standard deviation 0.002).`; empty without repeats."""
    if not comparison.repeats or not comparison.metrics:
        return ""
    name = comparison.metrics[0].name
    one = next((spread for spread in comparison.repeats if spread.metric == name), None)
    if one is None:
        return ""
    low, high, _, deviation = _spread(comparison, one)
    return f"Over {one.runs} seeds {name} is {low} to {high} (standard deviation {deviation})."


def weak_slices(comparison: Comparison) -> Found | None:
    """Slices that nobody asked for."""
    found = comparison.found
    if not found:
        return None
    before = comparison.baseline is not None and not comparison.unpaired
    heading = ("slice", "rows", *((comparison.baseline.label,) if comparison.baseline and before else ()))
    wide = len(heading)
    return Found(
        "1 weak slice found, not asked for"
        if len(found) == 1
        else f"{len(found)} weak slices found, not asked for",
        (*heading, comparison.candidate.label, "all other rows", "how much more"),
        tuple(_weak(one, before) for one in found),
        tuple(range(1, wide + 2)),
        f"{found[0].measure[:1].upper()}{found[0].measure[1:]} of the candidate. Sought on one half of the rows; "
        "numbers are of the other half, intervals after Holm's correction.",
    )


def _weak(one: FoundSlice, before: bool) -> tuple[str, ...]:
    digits = 3 if one.measure == "error rate" else 4
    base = (numbers.value(one.baseline, digits),) if before else ()
    more = numbers.change(one.inside - one.outside, digits)
    interval = f"{numbers.change(one.low, digits)} to {numbers.change(one.high, digits)}"
    sides = (*base, *(numbers.value(value, digits) for value in (one.inside, one.outside)))
    return (one.name, f"{one.rows:,}", *sides, f"{more} ({interval})")


def fairness(comparison: Comparison) -> Found | None:
    """Every measure over the groups of every column."""
    found = comparison.fairness
    if not found:
        return None
    paired = any(measure.baseline is not None for one in found for measure in one.measures)
    base = (comparison.baseline.label,) if comparison.baseline and paired else ()
    heading = ("groups", "measure", *base, comparison.candidate.label, "lowest and highest")
    rows = tuple(_measure(one, measure, bool(base)) for one in found for measure in one.measures)
    by = ", ".join(one.column for one in found)
    return Found(f"Fairness by {by}", heading, rows, (2, 3) if base else (2,))


def fairness_groups(comparison: Comparison) -> tuple[Found, ...]:
    """The rates of each group, a table for each column."""
    heading = ("rows", "truly {}", "selection rate", "true positive rate", "false positive rate")
    return tuple(
        Found(
            f"Groups of {one.column}",
            (one.column, *(cell.format(one.positive) for cell in heading)),
            tuple(map(_group, one.groups)),
            (1, 2, 3, 4, 5),
            "Rates of the candidate.",
        )
        for one in comparison.fairness
    )


def _group(group: FairnessGroup) -> tuple[str, ...]:
    rates = (group.selection_rate, group.true_positive_rate, group.false_positive_rate)
    counts = (f"{group.rows:,}", f"{group.positives:,}")
    return (group.value, *counts, *(numbers.value(rate, 3) for rate in rates))


def _measure(one: Fairness, measure: FairnessMeasure, paired: bool) -> tuple[str, ...]:
    """`sex`, `equalised odds difference`, `0.034`, `0.021`, `true positive rate: f, m`."""
    before = (numbers.value(measure.baseline, 3),) if paired else ()
    rate = RATES.get(measure.rate, measure.rate)
    extremes = f"{rate}: {measure.lowest}, {measure.highest}" if measure.candidate is not None else "not defined"
    name = MEASURES.get(measure.name, measure.name)
    return (one.column, name, *before, numbers.value(measure.candidate, 3), extremes)


def behaviour(comparison: Comparison) -> Found | None:
    """Every behavioural test and up to three of its failing cases."""
    found = comparison.behaviour
    if not found:
        return None
    failing = sum(1 for one in found if one.failed)
    some = f", {failing} with failing cases" if failing else ""
    title = f"Behaviour: {len(found)} {'test' if len(found) == 1 else 'tests'}{some}"
    return Found(title, ("test", "kind", "cases", "failed", "such as"), tuple(map(_test, found)), (2, 3))


def _test(one: BehaviourResult) -> tuple[str, ...]:
    return (one.name, one.kind, f"{one.cases:,}", f"{one.failed:,}", "; ".join(one.examples))


def seeds(comparison: Comparison) -> Found | None:
    """The spread of every metric over seeds."""
    if not comparison.repeats:
        return None
    rows = tuple((one.metric, *_spread(comparison, one)) for one in comparison.repeats)
    title = f"Spread over {comparison.repeats[0].runs} seeds"
    said = "The same training with other seeds, on the same test rows: differences of this size are luck."
    return Found(title, ("metric", "lowest", "highest", "mean", "standard deviation"), rows, (1, 2, 3, 4), said)


def _spread(comparison: Comparison, one: Spread) -> tuple[str, str, str, str]:
    known = next((metric for metric in comparison.metrics if metric.name == one.metric), None)
    digits = numbers.decimals(known) if known else 4
    low, high, mean = (numbers.value(value, digits) for value in (one.low, one.high, one.mean))
    return low, high, mean, numbers.value(one.deviation, digits + 1)
