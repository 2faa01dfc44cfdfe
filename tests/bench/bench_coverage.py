"""How often 95 % intervals hold the truth: `python tests/bench/bench_coverage.py [RUNS]` (1,000).

Test sets are simulated whose true metrics are known from a very large one. For each metric: how many intervals of
the difference, and of the candidate's own value, hold the truth. Rows in groups beside it: with the groups known,
and as if rows were independent. Last, average precision and R2 by a Poisson bootstrap with presorted rows, the
method that was not chosen.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation"))

from make_predictions import MAKERS, in_groups

from cdml.core.settings import MetricSpec
from cdml.evaluation import paired_influence
from cdml.evaluation.metrics import METRICS, find
from cdml.evaluation.predictions import Predictions

Two = tuple[Predictions, Predictions]
LARGE, ROWS, GROUPS = 400_000, 500, 60
GROUPED = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}
DRAWS = 1_000
COST = MetricSpec("cost", "cost", "lower", costs=(0.0, 1.0, 5.0, 0.0))


def names(task: str) -> list[str]:
    """The metrics of a task; of a ranking's depths one is enough."""
    found = [name for name, metric in METRICS.items() if task in metric.tasks]
    if task == "ranking":
        return [name for name in found if "_at_" not in name or name == "ndcg_at_5"]
    return [*found, "cost"] if task == "binary" else found


def coverage(names: list[str], truths: Two, make: Callable[[np.random.Generator], Two], runs: int) -> None:
    """Print one line for each metric."""
    random = np.random.default_rng(11)
    true = {name: tuple(_value(name, side) for side in truths) for name in names}
    held = {name: np.zeros(4) for name in names}
    for _ in range(runs):
        sides = make(random)
        for name in names:
            held[name] += _held(name, sides, true[name])
    for name in names:
        shares = 100 * held[name] / runs
        grouped = sides[0].groups is not None and sides[0].task != "ranking"
        plain = f" {shares[2]:11.1f} {shares[3]:8.1f}" if grouped else ""
        print(f"  {name:22}{shares[0]:12.1f} {shares[1]:8.1f}{plain}", flush=True)


def _held(name: str, sides: Two, true: tuple[float, ...]) -> np.ndarray:
    """Whether the truth is held: by the difference's interval, by the candidate's, and by both without groups."""
    given = _ends(name, sides, true)
    if sides[0].task == "ranking" or sides[0].groups is None:
        return np.array([*given, 0, 0])
    return np.array([*given, *_ends(name, tuple(replace(side, groups=None) for side in sides), true)])  # type: ignore


def _ends(name: str, sides: Two, true: tuple[float, ...]) -> tuple[bool, bool]:
    base, cand = sides
    test = find(name, (COST,))
    assert test is not None
    values = test[0].compute(base), test[0].compute(cand)
    change = test[1].difference(base, cand, values).interval(0.95)
    own = test[1].own(cand, values[1]).interval(0.95)
    return change.low <= true[1] - true[0] <= change.high, own.low <= true[1] <= own.high


def _value(name: str, side: Predictions) -> float:
    found = find(name, (COST,))
    assert found is not None
    return found[0].compute(side)


def poisson(name: str, p: Predictions, weights: np.ndarray) -> np.ndarray:
    """The metric under each row of `weights` (draws, n), whose columns are p's rows."""
    if name == "r2":
        total = weights.sum(axis=1)
        mean = weights @ p.y_true / total
        return 1 - weights @ (p.y_true - p.predicted) ** 2 / (weights @ p.y_true**2 - total * mean**2)
    rows = p.order[::-1]
    score, hits = p.scored[rows], np.cumsum(weights[:, rows] * p.y_true[rows], axis=1)
    ends = np.flatnonzero(np.append(score[1:] != score[:-1], True))
    above, hits = np.cumsum(weights[:, rows], axis=1)[:, ends], hits[:, ends]
    precision = np.divide(hits, above, out=np.zeros(hits.shape), where=above > 0)
    return (np.diff(hits, axis=1, prepend=0) * precision).sum(axis=1) / np.maximum(hits[:, -1], 1)


def beside_poisson(name: str, task: str, rows: int, runs: int) -> None:
    """Print how often the jackknife and the Poisson bootstrap hold the true difference, and what each takes."""
    make, random = MAKERS[task], np.random.default_rng(11)
    large = make(np.random.default_rng(1), LARGE)
    true = paired_influence.value(name, large[1]) - paired_influence.value(name, large[0])
    held, spent = np.zeros(2), np.zeros(2)
    for run in range(runs):
        base, cand = make(random, rows)
        start = time.perf_counter()
        values = paired_influence.value(name, base), paired_influence.value(name, cand)
        found = paired_influence.difference(name, base, cand, values).interval(0.95)
        between = time.perf_counter()
        weights = np.random.default_rng(run).poisson(1, (DRAWS, rows)).astype(float)
        low, high = np.quantile(poisson(name, cand, weights) - poisson(name, base, weights), [0.025, 0.975])
        spent += between - start, time.perf_counter() - between
        held += found.low <= true <= found.high, low <= true <= high
    shares, times = 100 * held / runs, 1000 * spent / runs
    print(f"  {name:18} {rows:5} rows: jackknife {shares[0]:.1f} % in {times[0]:.1f} ms,", end=" ")
    print(f"Poisson bootstrap {shares[1]:.1f} % in {times[1]:.1f} ms")


def main(runs: int) -> None:
    """Print all of it."""
    for task, make in MAKERS.items():
        print(f"{task}, {ROWS} rows, {runs} runs: of the difference, of the value (%)", flush=True)
        coverage(names(task), make(np.random.default_rng(1), LARGE), lambda r, make=make: make(r, ROWS), runs)
    for task in GROUPED:
        print(f"{task}, {GROUPS} groups, {runs} runs: difference, value; the same as if rows were independent (%)")
        large = in_groups(task, np.random.default_rng(1), LARGE // 8)
        coverage(names(task), large, lambda r, task=task: in_groups(task, r, GROUPS), runs)
    print("the difference by two methods")
    for rows in (50, 100, 250):
        beside_poisson("average_precision", "binary", rows, runs)
        beside_poisson("r2", "regression", rows, runs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
