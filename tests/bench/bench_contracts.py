"""How often fresh data break an inferred contract, and what a check of a million rows costs. Run by hand.

python tests/bench/bench_contracts.py [ROUNDS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from cdml.contracts.infer import infer
from cdml.contracts.survey import Subject, survey


def draw(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """A column of each usual shape."""
    return pd.DataFrame(
        {
            "normal": rng.normal(50, 10, rows).round(3),
            "centred": rng.normal(0, 1, rows),
            "near zero": rng.normal(3, 1, rows),
            "uniform": rng.uniform(0, 1, rows),
            "exponential": rng.exponential(1, rows),
            "log-normal": rng.lognormal(0, 1, rows),
            "wide log-normal": rng.lognormal(8, 2, rows).round(2),
            "pareto": rng.pareto(2, rows),
            "t": rng.standard_t(3, rows),
            "age": rng.integers(18, 91, rows),
            "few counts": rng.poisson(3, rows),
            "counts": rng.poisson(20, rows),
            "geometric": rng.geometric(0.1, rows),
            "beta": rng.beta(2, 5, rows),
            "mostly zero": np.where(rng.random(rows) < 0.7, 0, rng.lognormal(3, 1, rows)),
            "category": rng.choice(list("abcdef"), rows, p=[0.5, 0.3, 0.1, 0.05, 0.04, 0.01]),
            "zipf": np.minimum(rng.zipf(1.6, rows), 25),
            "gaps": np.where(rng.random(rows) < 0.05, np.nan, rng.normal(0, 1, rows)),
            "flag": rng.random(rows) < 0.1,
        }
    )


def false_alarms(folder: Path, rows: int, rounds: int) -> None:
    """The rules that a second sample of the same origin breaks."""
    broken: Counter[str] = Counter()
    for seed in range(rounds):
        rng = np.random.default_rng([seed, rows])
        for name in ("a.csv", "b.csv"):
            draw(rng, rows).to_csv(folder / name, index=False)
        schema, _ = infer(folder / "a.csv", "a.csv")
        found, _ = survey(Subject("data", "b.csv", folder / "b.csv", schema))
        broken.update(f"{one.column}: {one.rule}" for one in found)
    share = sum(broken.values()) / (rounds * 19)
    print(f"{rows:,} rows, {rounds} rounds, 19 columns: {share:.2%} broken {dict(broken)}")


def cost(folder: Path, rows: int) -> None:
    """Seconds for a contract and for a check of a file."""
    frame = draw(np.random.default_rng(0), rows)
    for name in ("big.csv", "big.parquet"):
        place = folder / name
        frame.to_csv(place, index=False) if name.endswith("csv") else frame.to_parquet(place)
        started = time.perf_counter()
        schema, _ = infer(place, name)
        inferred = time.perf_counter()
        survey(Subject("data", name, place, schema))
        checked = time.perf_counter()
        size = place.stat().st_size / 1e6
        times = f"infer {inferred - started:.1f} s, check {checked - inferred:.1f} s"
        print(f"{name}: {rows:,} rows, {size:.0f} MB: {times}")
    print(
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB, the table itself included"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for size in (100, 1_000):
            false_alarms(Path(name), size, int(sys.argv[1]) if len(sys.argv) > 1 else 20)
        cost(Path(name), 1_000_000)
