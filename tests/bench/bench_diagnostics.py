"""What the report's curves, matrices and flipped rows cost on a million paired rows: CPU seconds and bytes.

`.venv/bin/python tests/bench/bench_diagnostics.py [rows]`
"""

from __future__ import annotations

import sys
import time

import numpy as np

from cdml.core.serialize import dump
from cdml.evaluation.diagnose import diagnose
from cdml.evaluation.pairing import Pair
from cdml.evaluation.predictions import Predictions


def _binary(random: np.random.Generator, rows: int) -> Pair:
    truth = (random.random(rows) < 0.4).astype(int)
    signal = 1.3 * (2 * truth - 1) + random.normal(size=rows)
    columns = {"sex": random.choice(["f", "m"], rows)}
    scores = (1 / (1 + np.exp(-signal - 0.3 * random.normal(size=rows))) for _ in range(2))
    sides = [
        Predictions("x", "binary", truth, (s >= 0.5).astype(int), s, ("0", "1"), columns=columns) for s in scores
    ]
    return Pair(sides[0], sides[1])


def _multiclass(random: np.random.Generator, rows: int) -> Pair:
    truth = random.integers(0, 10, rows)
    sides = []
    for _ in range(2):
        score = np.exp(2 * np.eye(10)[truth] + random.normal(size=(rows, 10)))
        score /= score.sum(axis=1, keepdims=True)
        sides.append(Predictions("x", "multiclass", truth, score.argmax(axis=1), score, tuple("abcdefghij")))
    return Pair(sides[0], sides[1])


def _regression(random: np.random.Generator, rows: int) -> Pair:
    truth = random.normal(size=rows)
    sides = [Predictions("x", "regression", truth, truth + random.normal(size=rows), None) for _ in range(2)]
    return Pair(sides[0], sides[1])


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for make in (_binary, _multiclass, _regression):
        both = make(np.random.default_rng(1), rows)
        diagnose(both, ("sex",))  # imports are not what is measured
        began = time.process_time()
        found = diagnose(both, ("sex",))
        seconds = time.process_time() - began
        print(f"{make.__name__[1:]:10} {rows:>9,} rows: {seconds:.2f} s, {len(dump(found)):,} bytes")


if __name__ == "__main__":
    main()
