"""Two models of which every slice's table is given, so that gates meet exact numbers."""

from __future__ import annotations

import numpy as np

from cdml.evaluation.predictions import Predictions

Table = tuple[int, int, int, int]


def models(tables: dict[str, Table], column: str = "part") -> tuple[Predictions, Predictions]:
    """Rows right in both, gained by the second model, lost by it, wrong in both: by the value of a column."""
    was, now, values = [], [], []
    for value, (both, gained, lost, neither) in tables.items():
        was += [True] * both + [False] * gained + [True] * lost + [False] * neither
        now += [True] * (both + gained) + [False] * (lost + neither)
        values += [value] * (both + gained + lost + neither)
    truth = np.arange(len(values)) % 2
    columns = {column: np.array(values, dtype=object)}
    ids = np.array([f"r{index:06}" for index in range(len(values))], dtype=object)
    return _model(truth, np.array(was), columns, ids), _model(truth, np.array(now), columns, ids)


def _model(truth: np.ndarray, right: np.ndarray, columns: dict[str, np.ndarray], ids: np.ndarray) -> Predictions:
    predicted = np.where(right, truth, 1 - truth)
    return Predictions("x.csv", "binary", truth, predicted, None, ("0", "1"), ids=ids, columns=columns)
