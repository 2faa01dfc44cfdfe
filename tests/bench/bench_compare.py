"""How long a comparison takes: `python tests/bench/bench_compare.py [ROWS]` (a million).

Eight metrics, twenty slices of each, 5,000 resamples, both models' predictions in memory as `read_predictions`
leaves them. Beside it one AUC by resampling rows with scikit-learn: a few resamples, multiplied up to 2,000, and
said so. The memory is this process's peak before scikit-learn is imported.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np

from cdml.core.comparison import Side
from cdml.core.settings import MetricSpec
from cdml.evaluation.compare import compare
from cdml.evaluation.predictions import Predictions

METRICS = ("roc_auc", "average_precision", "f1", "precision", "recall", "accuracy", "log_loss", "cost")
COST = MetricSpec("cost", "cost", "lower", costs=(0.0, 1.0, 20.0, 0.0))
RESAMPLES, TRIED = 2_000, 3
SMALL = 10_000


def models(rows: int) -> tuple[Predictions, Predictions]:
    """Two classifiers of the same rows, with ids and a column of twenty values."""
    random = np.random.default_rng(1)
    truth = (random.random(rows) < 0.3).astype("int64")
    shared = random.normal(size=rows)
    ids = np.array([f"r{number:07d}" for number in range(rows)], dtype=object)
    names = np.array([f"region {number:02d}" for number in range(20)], dtype=object)
    columns = {"region": names[random.integers(0, 20, rows)]}

    def classifier(lift: float) -> Predictions:
        logit = lift * (2 * truth - 1) + 0.8 * shared + 0.6 * random.normal(size=rows)
        score = 1 / (1 + np.exp(-logit))
        said = (score >= 0.5).astype("int64")
        return Predictions("x", "binary", truth, said, score, ("0", "1"), ids, columns, defined=(COST,))

    return classifier(0.8), classifier(0.81)


def seconds(base: Predictions, cand: Predictions) -> tuple[float, float]:
    """One whole comparison: pairing, eight metrics, all of them in each slice; and what a report draws of it."""
    start = time.perf_counter()
    found = compare(replace(base), replace(cand), metrics=METRICS, by=("region",))
    assert len(found.slices) == 20
    assert all(metric.interval for metric in found.metrics)
    measured = time.perf_counter()
    found.comparison("bench", Side("old"), Side("new"))
    return measured - start, time.perf_counter() - measured


def peak() -> float:
    """The most memory that this process has had, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def rows_resampled(base: Predictions, cand: Predictions) -> float:
    """Seconds of one AUC's bootstrap with scikit-learn's metric, from a few resamples multiplied."""
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(2)
    start = time.perf_counter()
    for _ in range(TRIED):
        rows = random.integers(0, base.rows, base.rows)
        for side in (base, cand):
            roc_auc_score(base.y_true[rows], side.scored[rows])
    return (time.perf_counter() - start) * RESAMPLES / TRIED


def main(rows: int) -> None:
    """Print all of it."""
    base, cand = models(SMALL)
    seconds(*models(1_000))  # imports
    few = min(seconds(base, cand)[0] for _ in range(3))
    base, cand = models(rows)
    before = peak()
    ours, drawn = seconds(base, cand)
    print(f"{rows:,} rows, {len(METRICS)} metrics, 20 slices of each: {ours:.2f} s")
    print(f"curves, flipped rows, fairness and weak slices for the report: {drawn:.2f} s")
    print(f"peak memory {peak():.2f} GB, of which {before:.2f} GB were there with the data")
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import sklearn.metrics"], check=True)
    imported = time.perf_counter() - start
    print(f"{SMALL:,} rows: {few:.2f} s; a Python that imports scikit-learn's metrics: {imported:.2f} s")
    theirs = rows_resampled(base, cand)
    print(f"one AUC by resampling rows with scikit-learn: {theirs:,.0f} s for {RESAMPLES:,} resamples,")
    print(f"  multiplied from {TRIED}: {theirs / ours:.0f} times the whole comparison")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
