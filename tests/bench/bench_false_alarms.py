"""How often is a model blocked that is as good as the one before it, and how often one that is not?

Two models of the same quality say the same of most rows and are right equally often on the others; 20 slices of
300 rows. Blocked is a change by which at least one gate fails: by the naive rule (accuracy of any slice dropped by
more than a point), by raw one-sided p-values below 5 % (exact McNemar, "is it worse?"), by intervals without a
correction and by gates as cdml judges them. Then the same with one slice in which the new model is worse.
Bootstraps of F1 take nearly all of the time, so that gates on it are tried in one of ten repetitions.

Run: python tests/bench/bench_false_alarms.py [repetitions]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.stats import binomtest

from cdml.core.comparison import Outcome
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement, compare
from cdml.evaluation.gates import judge
from cdml.evaluation.predictions import Predictions

SLICES, ROWS = 20, 300
DROPS = (0.0, 0.1)  # how much less often the second model is right in one slice
WHOLE = (Gate("max-regression", "accuracy", 0.0), Gate("max-regression", "f1", 0.01))
GATES: dict[str, tuple[Gate, ...]] = {
    "gate: max-regression 0 by slice": (Gate("max-regression", "accuracy", 0.0, by="part"),),
    "gate: max-regression 0.01 by slice": (Gate("max-regression", "accuracy", 0.01, by="part"),),
    "the first, the same of f1, and two on all rows": (
        *WHOLE,
        Gate("max-regression", "accuracy", 0.0, by="part"),
        Gate("max-regression", "f1", 0.0, by="part"),
    ),
}


def models(random: np.random.Generator, drop: float) -> tuple[Predictions, Predictions]:
    """Both right in 80 % of the rows and apart in 15 %; in the first slice the second is right less often."""
    n = SLICES * ROWS
    part = np.repeat(np.arange(SLICES), ROWS)
    truth = (random.random(n) < 0.5).astype(int)
    kind = random.random(n)
    lost = np.where(part == 0, drop, 0.0)
    first = kind < 0.8
    second = np.where(kind < 0.725, True, (kind >= 0.8) & (kind < 0.875))
    second = second & ~((kind < 0.725) & (random.random(n) < lost / 0.725))
    columns = {"part": part.astype(str).astype(object)}
    return tuple(  # type: ignore[return-value]
        Predictions("x.csv", "binary", truth, np.where(right, truth, 1 - truth), None, ("0", "1"), columns=columns)
        for right in (first, second)
    )


def naive(found: Measurement) -> bool:
    """Any slice a point worse."""
    return any((one.metric.difference or 0.0) < -0.01 for one in found.slices)


def raw_p(base: Predictions, cand: Predictions) -> bool:
    """Any slice worse by an exact test of its own."""
    was, now = base.y_true == base.y_pred, cand.y_true == cand.y_pred
    for part in np.unique(base.columns["part"]):
        rows = base.columns["part"] == part
        lost, gained = int((was & ~now & rows).sum()), int((now & ~was & rows).sum())
        if lost + gained and binomtest(lost, lost + gained, alternative="greater").pvalue < 0.05:
            return True
    return False


def uncorrected(found: Measurement) -> bool:
    """Any slice's 95 % interval below zero, whatever the others are."""
    return any((interval := one.metric.interval) is not None and interval.high < 0 for one in found.slices)


def blocked(gates: tuple[Gate, ...]) -> Callable[[Measurement], bool]:
    """At least one gate fails."""
    return lambda found: any(verdict.outcome is Outcome.FAIL for verdict in judge(gates, found))


def run(repetitions: int, drop: float) -> dict[str, float]:
    """The share of repetitions that each rule blocks."""
    counts: dict[str, list[bool]] = {}
    for seed in range(repetitions):
        base, cand = models(np.random.default_rng(seed), drop)
        found = compare(base, cand, metrics=("accuracy",), by=("part",), discover=False)
        said = {
            "any slice more than a point worse": naive(found),
            "raw p < 5 % in any slice": raw_p(base, cand),
            "95 % interval in any slice": uncorrected(found),
            **{name: blocked(gates)(found) for name, gates in GATES.items() if seed % 10 == 0 or "f1" not in name},
        }
        for name, answer in said.items():
            counts.setdefault(name, []).append(answer)
    return {name: sum(answers) / len(answers) for name, answers in counts.items()}


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    started = time.perf_counter()
    shares = [run(repetitions, drop) for drop in DROPS]
    print(f"{SLICES} slices of {ROWS} rows, {repetitions} repetitions, {time.perf_counter() - started:.0f} s")
    print(f"{'blocked':50}{'equal models':>14}{''.join(f'{drop:>8.2f} worse' for drop in DROPS[1:])}")
    for name in shares[0]:
        print(f"{name:50}{''.join(f'{share[name]:>14.1%}' for share in shares)}")


if __name__ == "__main__":
    main()
