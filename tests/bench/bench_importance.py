"""How often the interval of a permutation importance holds the true value, and what a column costs; by hand:
`python tests/bench/bench_importance.py [SIMULATIONS]`. The true value is that of a test set without end.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from cdml.config.load import parse
from cdml.core.settings import Evaluate
from cdml.evaluation.predictions import Predictions, read
from cdml.jobs.importance import Columns, measure_importances

TEXT = (
    "model: m\ntrain: {cmd: t, outs: [m]}\nevaluate: {data: d.csv, target: y, importance: true, metrics: [%s]}\n"
)
ROWS, ENDLESS = 400, 200_000
METRICS = {"roc_auc": "roc_auc", "log_loss": "neg_log_loss", "accuracy": "accuracy"}


def drawn(rows: int, random: np.random.Generator) -> tuple[pd.DataFrame, pd.Series]:
    columns = pd.DataFrame(random.normal(size=(rows, 3)), columns=["much", "some", "none"])
    return columns, (2 * columns["much"] + columns["some"] + random.logistic(size=rows) > 0).astype(int)


def main(simulations: int) -> None:
    random = np.random.default_rng(0)
    model = LogisticRegression().fit(*drawn(1_000, random))
    endless = drawn(ENDLESS, random)
    for metric, scoring in METRICS.items():
        judged = parse(TEXT % metric).evaluate
        true = permutation_importance(model, *endless, scoring=scoring, n_repeats=3, random_state=0)
        held, started = np.zeros(3), time.perf_counter()
        for _ in range(simulations):
            columns, target = drawn(ROWS, random)

            def ask(given: Columns, target: pd.Series = target, judged: Evaluate = judged) -> Predictions:
                frame = pd.DataFrame(given)
                answers = {"y_pred": model.predict(frame), "y_score": model.predict_proba(frame)[:, 1]}
                table = pd.DataFrame({"y_true": target, **answers})
                return read(table.to_csv(index=False).encode(), "p.csv", judged)

            found = measure_importances(ask, {name: columns[name].tolist() for name in columns}, judged).columns
            held += [
                found[n].low <= v <= found[n].high for n, v in zip(columns, true.importances_mean, strict=True)
            ]
        took = (time.perf_counter() - started) / simulations / 3
        shares = ", ".join(f"{name} {share:.1%}" for name, share in zip(columns, held / simulations, strict=True))
        print(f"{metric}: held in {shares} of {simulations}; {took * 1000:.0f} ms a column of {ROWS} rows")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
