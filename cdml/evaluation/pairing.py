"""Same rows or no claim: brings two prediction files into one order, or says why they cannot be paired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdml.evaluation.predictions import Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pair:
    """Two models' predictions. Where `unpaired` is None row i is the same test row in both, with the same truth.

    `missing` counts the baseline's test rows that the candidate lacks: it must never gain from having left them
    out.
    """

    baseline: Predictions | None
    candidate: Predictions
    unpaired: str | None = None
    missing: int = 0

    @property
    def paired(self) -> bool:
        """Whether a difference may be claimed."""
        return self.baseline is not None and self.unpaired is None


def pair(baseline: Predictions | None, candidate: Predictions) -> Pair:
    """Order both by id where both have ids, else as they stand; demand the same rows and the same truth."""
    if baseline is None:
        return Pair(None, candidate)
    if baseline.task != candidate.task:
        reason = f"tasks differ: {baseline.task} in the baseline, {candidate.task} in the candidate"
        return Pair(baseline, candidate, reason, _missing(baseline, candidate))
    if baseline.task == "binary" and baseline.classes[1] != candidate.classes[1]:
        before, after = baseline.classes[1], candidate.classes[1]
        reason = f"positive classes differ: {before} in the baseline, {after} in the candidate"
        return Pair(baseline, candidate, reason, _missing(baseline, candidate))
    different = _different_rows(baseline, candidate)
    if different is not None:
        return Pair(baseline, candidate, different, _missing(baseline, candidate))
    first, second = _in_order(baseline), _in_order(candidate)
    if baseline.ids is None or candidate.ids is None:
        first, second = baseline, candidate
    first, second = _same_classes(first, second)
    changed = int((first.y_true != second.y_true).sum())
    if changed:
        return Pair(baseline, candidate, f"test data differ: y_true is another in {_rows(changed)}")
    return Pair(first, second)


def subset(p: Predictions, mask: NDArray[Any]) -> Predictions:
    """The rows where `mask` (n,) is true, or the rows in the order of an index array."""
    return replace(
        p,
        y_true=p.y_true[mask],
        y_pred=None if p.y_pred is None else p.y_pred[mask],
        score=None if p.score is None else p.score[mask],
        ids=None if p.ids is None else p.ids[mask],
        columns=_cut(p.columns, mask),
    )


def _cut(columns: Mapping[str, NDArray[Any]], mask: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return {key: values[mask] for key, values in columns.items()}


def _missing(baseline: Predictions, candidate: Predictions) -> int:
    if baseline.ids is None or candidate.ids is None:
        return max(0, baseline.rows - candidate.rows)
    return len(set(baseline.ids.tolist()) - set(candidate.ids.tolist()))


def _different_rows(baseline: Predictions, candidate: Predictions) -> str | None:
    if baseline.ids is None or candidate.ids is None:
        if baseline.rows == candidate.rows:
            return None
        return (
            f"test data differ: {_rows(baseline.rows)} in the baseline, {_rows(candidate.rows)} in the candidate"
        )
    before, after = set(baseline.ids.tolist()), set(candidate.ids.tolist())
    lost, new = len(before - after), len(after - before)
    parts = [f"{_rows(lost)} only in the baseline"] if lost else []
    parts += [f"{_rows(new)} only in the candidate"] if new else []
    return f"test data differ: {', '.join(parts)}" if parts else None


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _in_order(p: Predictions) -> Predictions:
    """Sorted by id, so that the order of rows in a file never moves a number."""
    import numpy as np

    return p if p.ids is None else subset(p, np.argsort(p.ids.astype(str), kind="stable"))


def _same_classes(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    """Both in one list of classes, where one model knows a label that the other has never seen."""
    if first.classes == second.classes:
        return first, second
    if first.task == "binary":  # the negative may be named after the positive where no row shows it
        return first, replace(second, classes=first.classes)
    from cdml.evaluation.target import label_order

    classes = tuple(sorted({*first.classes, *second.classes}, key=label_order))
    return _recoded(first, classes), _recoded(second, classes)


def _recoded(p: Predictions, classes: tuple[str, ...]) -> Predictions:
    import numpy as np

    place = np.array([classes.index(label) for label in p.classes])
    score = None
    if p.score is not None:
        score = np.zeros((p.rows, len(classes)))
        score[:, place] = p.score
    predicted = None if p.y_pred is None else place[p.y_pred]
    return replace(p, y_true=place[p.y_true], y_pred=predicted, score=score, classes=classes)
