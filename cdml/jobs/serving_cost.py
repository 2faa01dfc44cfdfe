"""What one prediction costs: how long it takes, and how large the model is.

Measured where a gate asks for it, for no two runs give the same numbers. Two models are only compared fairly side
by side, row by row in turn, on one machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cdml.core.files import digest
from cdml.serving.client import Worker

ROWS = 200
WARM = 10
SECONDS = 20.0
_MEGABYTE = 1_000_000
Columns = Mapping[str, Sequence[Any]]


def measure_serving(worker: Worker, columns: Columns, artifact: Path) -> dict[str, float]:
    """Latency of single rows in milliseconds, and the artifact's size in 10^6 bytes, by their metrics' names.

    `worker` has the model loaded, `columns` are all that it wants, each with a value for every row.
    """
    (found,) = side_by_side([(worker, columns)])
    return {**found, "model_size_mb": digest(artifact).size / _MEGABYTE}


def side_by_side(models: Sequence[tuple[Worker, Columns]]) -> list[dict[str, float]]:
    """Latency of several models on the same rows, each row asked of each in turn: a slow moment hits them alike.

    Some rows first that do not count, then `ROWS` of them, or as many as `SECONDS` allow.
    """
    times: list[list[float]] = [[] for _ in models]
    deadline = time.monotonic() + SECONDS
    for number, rows in enumerate(zip(*(_rows(columns) for _, columns in models), strict=True)):
        for (worker, _), row, mine in zip(models, rows, times, strict=True):
            started = time.perf_counter()
            worker.predict(row)
            if number >= WARM:
                mine.append((time.perf_counter() - started) * 1000)
        if number >= WARM and time.monotonic() > deadline:
            break
    return [_percentiles(mine) for mine in times]


def _percentiles(times: list[float]) -> dict[str, float]:
    import numpy as np

    half, most = np.percentile(times, [50, 99])
    return {"latency_p50_ms": float(half), "latency_p99_ms": float(most)}


def _rows(columns: Columns) -> Iterator[dict[str, list[Any]]]:
    """Single rows, taken evenly from all of them, and again from the first where there are few."""
    count = len(next(iter(columns.values())))
    step = max(1, count // (ROWS + WARM))
    for number in range(ROWS + WARM):
        yield {name: [values[number * step % count]] for name, values in columns.items()}
