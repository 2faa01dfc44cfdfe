"""Whether two prediction files of one model say the same: then it runs here as it did elsewhere."""

from __future__ import annotations

from cdml.evaluation.pairing import pair
from cdml.evaluation.predictions import Predictions

# Sums in another order differ by less; a model that was trained again does not.
CLOSE = 1e-6


def differing(before: Predictions, now: Predictions) -> str:
    """What the second says otherwise of the same rows, as the end of a sentence; nothing where nothing."""
    import numpy as np

    both = pair(before, now)
    if both.unpaired or both.baseline is None:
        return f"its rows are others: {both.unpaired}"
    one, other = both.baseline, both.candidate
    changed = np.zeros(one.rows, dtype=bool)
    for first, second in ((one.y_pred, other.y_pred), (one.score, other.score)):
        if (first is None) != (second is None):
            return "it gives no scores" if second is None else "it gives scores, which it did not"
        if first is not None and second is not None:
            apart = ~np.isclose(first.astype(float), second.astype(float), rtol=CLOSE, atol=CLOSE)
            changed |= apart.reshape(one.rows, -1).any(axis=1)
    count = int(changed.sum())
    return f"it predicts otherwise for {count:,} of {one.rows:,} rows of its own test data" if count else ""
