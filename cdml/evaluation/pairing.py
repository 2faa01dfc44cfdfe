"""Same rows or no claim: brings two prediction files into one order, or says why they cannot be paired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from cdml.evaluation.predictions import Predictions

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pair:
    """Two models' predictions. Where `unpaired` is None row i is the same test row in both, with the same truth.

    `missing` counts the baseline's test rows that the candidate lacks: it must never gain from having left them
    out. `edges` are where columns of numbers are cut into bins, by column, where that was said.
    """

    baseline: Predictions | None
    candidate: Predictions
    unpaired: str | None = None
    missing: int = 0
    edges: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def paired(self) -> bool:
        """Whether a difference may be claimed."""
        return self.baseline is not None and self.unpaired is None


def pair(baseline: Predictions | None, candidate: Predictions) -> Pair:
    """Order both by id where both have ids, else as they stand; demand the same rows and the same truth."""
    if baseline is None:
        return Pair(None, candidate)
    reason = _different_questions(baseline, candidate) or _different_rows(baseline, candidate)
    if reason is not None:
        return Pair(baseline, candidate, reason, _missing(baseline, candidate))
    first, second = _same_classes(*_in_order(baseline, candidate))
    reason = _different_truths(first, second)
    if reason is not None:
        return Pair(baseline, candidate, reason)
    # Rows belong together whichever file says so: leaving the column out gains nothing.
    groups = first.groups if second.groups is None else second.groups
    return Pair(replace(first, groups=groups), replace(second, groups=groups))


def _different_questions(baseline: Predictions, candidate: Predictions) -> str | None:
    if baseline.task != candidate.task:
        return f"tasks differ: {baseline.task} in the baseline, {candidate.task} in the candidate"
    if baseline.task == "binary" and baseline.classes[1] != candidate.classes[1]:
        before, after = baseline.classes[1], candidate.classes[1]
        return f"positive classes differ: {before} in the baseline, {after} in the candidate"
    return None


def _different_truths(first: Predictions, second: Predictions) -> str | None:
    """Of the same rows in the same order."""
    changed = int((first.y_true != second.y_true).sum())
    if changed:
        return f"test data differ: y_true is another in {_rows(changed)}"
    if first.task == "ranking" and not _same_partition(first.groups, second.groups):
        return "test data differ: rows belong to other queries"
    return None


def subset(p: Predictions, mask: NDArray[Any] | slice) -> Predictions:
    """The rows where `mask` (n,) is true, those of a slice, or the rows in the order of an index array."""
    return replace(
        p,
        y_true=p.y_true[mask],
        y_pred=None if p.y_pred is None else p.y_pred[mask],
        score=None if p.score is None else p.score[mask],
        ids=None if p.ids is None else p.ids[mask],
        columns=_cut(p.columns, mask),
        groups=None if p.groups is None else p.groups[mask],
    )


def _cut(columns: Mapping[str, NDArray[Any]], mask: NDArray[Any] | slice) -> dict[str, NDArray[Any]]:
    return {key: values[mask] for key, values in columns.items()}


def _missing(baseline: Predictions, candidate: Predictions) -> int:
    if baseline.ids is None or candidate.ids is None:
        return max(0, baseline.rows - candidate.rows)
    return int((_index(candidate).get_indexer(_index(baseline)) < 0).sum())


def _different_rows(baseline: Predictions, candidate: Predictions) -> str | None:
    if baseline.ids is None or candidate.ids is None:
        if baseline.rows == candidate.rows:
            return None
        return (
            f"test data differ: {_rows(baseline.rows)} in the baseline, {_rows(candidate.rows)} in the candidate"
        )
    if _same_ids(baseline, candidate):
        return None
    lost, new = _missing(baseline, candidate), _missing(candidate, baseline)
    parts = [f"{_rows(lost)} only in the baseline"] if lost else []
    parts += [f"{_rows(new)} only in the candidate"] if new else []
    return f"test data differ: {', '.join(parts)}" if parts else None


def _index(p: Predictions) -> pd.Index[Any]:
    import pandas as pd

    return p.once("index", lambda: pd.Index(cast("NDArray[Any]", p.ids)))


def _same_ids(one: Predictions, other: Predictions) -> bool:
    import numpy as np

    return bool(np.array_equal(one.ids, other.ids))  # type: ignore[arg-type]


def _same_partition(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    """Whether two numberings put the same rows together."""
    import numpy as np

    if one is None or other is None:
        return one is other
    pairs = len(np.unique(one.astype("int64") * (int(other.max()) + 1) + other))
    return pairs == len(np.unique(one)) == len(np.unique(other))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _in_order(one: Predictions, other: Predictions) -> tuple[Predictions, Predictions]:
    """Both sorted by id, so that the order of rows in a file never moves a number; as they stand without ids."""
    if one.ids is None or other.ids is None:
        return one, other
    order = _sorting(one.ids)
    same = _same_ids(one, other)
    return _ordered(one, order), _ordered(other, order if same else _sorting(other.ids))


def _sorting(ids: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.argsort(ids.astype(str), kind="stable")


def _ordered(p: Predictions, order: NDArray[Any]) -> Predictions:
    import numpy as np

    return p if np.array_equal(order, np.arange(p.rows)) else subset(p, order)


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
