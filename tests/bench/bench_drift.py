"""How often drift is called where there is none, and where one column of twenty moved; and how long a look takes.

python tests/bench/bench_drift.py [LOOKS]
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from cdml.core.observation import Seen
from cdml.monitoring.drift import MATTERS, Reference, drift

COLUMNS, TEST_ROWS = 20, 10_000
random = np.random.default_rng(0)


def table(rows: int, shift: float = 0.0) -> pd.DataFrame:
    values = random.normal(0, 1, (rows, COLUMNS))
    values[:, 0] += shift
    return pd.DataFrame(values, columns=[f"c{n}" for n in range(COLUMNS)])


def main(looks: int) -> None:
    print(f"{looks} looks each; share of looks with an alarm, of {COLUMNS} columns")
    print("rows   no drift: cdml   test alone 0.05   index alone   one column by 0.3 sd   by 0.5 sd   s a look")
    for rows in (200, 500, 1000, 10_000):
        counts = np.zeros(5)
        began = time.perf_counter()
        for _ in range(looks):
            columns = look(table(rows))
            counts[0] += any(one.seen is Seen.DRIFT for one in columns)
            raw = sorted(one.p or 0.0 for one in columns)
            counts[1] += raw[0] < 0.05 * COLUMNS  # Holm multiplied the least p by the number of columns
            counts[2] += any((one.psi or 0) >= MATTERS for one in columns)
            for place, shift in ((3, 0.3), (4, 0.5)):
                counts[place] += look(table(rows, shift))[0].seen is Seen.DRIFT
        seconds = (time.perf_counter() - began) / looks / 3
        shares = "   ".join(f"{count / looks:>8.1%}" for count in counts)
        print(f"{rows:>6}   {shares}   {seconds:.2f}")


def look(observed: pd.DataFrame):
    return drift(REFERENCE, observed)[0]


REFERENCE = {name: Reference(values, "feature") for name, values in table(TEST_ROWS).items()}

if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
