"""Which class is taken for which, and the rows whose answer two models change from right to wrong or back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cdml.core.diagnostics import (
    MOST_CLASSES,
    MOST_COLUMNS,
    MOST_EXAMPLES,
    Confusion,
    FlippedRow,
    Flips,
    short,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cdml.evaluation.predictions import Predictions


def confusion(baseline: Predictions | None, candidate: Predictions) -> Confusion:
    """Counts by truth and answer; where there are too many classes those that are rare here count as one.

    Both models know the same classes (`pairing.pair` sees to it), and `candidate.y_pred` is there.
    """
    import numpy as np

    k = len(candidate.classes)
    place, classes, others = np.arange(k), candidate.classes, 0
    if k > MOST_CLASSES:
        often = np.bincount(candidate.y_true, minlength=k) + np.bincount(candidate.predicted, minlength=k)
        kept = np.sort(np.argsort(-often, kind="stable")[: MOST_CLASSES - 1])
        place = np.full(k, len(kept))
        place[kept] = np.arange(len(kept))
        others = k - len(kept)
        classes = (*(candidate.classes[one] for one in kept), f"{others} other classes")
    matrices = (None if one is None else _matrix(one, place, len(classes)) for one in (candidate, baseline))
    own, before = matrices
    assert own is not None  # noqa: S101
    return Confusion(tuple(short(label) for label in classes), own, before, others)


def _matrix(p: Predictions, place: NDArray[Any], k: int) -> tuple[tuple[int, ...], ...]:
    import numpy as np

    cells = np.bincount(place[p.y_true] * k + place[p.predicted], minlength=k * k).reshape(k, k)
    return tuple(tuple(row) for row in cells.tolist())


def flips(baseline: Predictions, candidate: Predictions, columns: tuple[str, ...]) -> Flips:
    """Rows that one model answers rightly and the other does not, and examples of both kinds.

    The examples are those in which the score of the truth moved farthest, where there are scores; `columns` are
    shown beside them.
    """
    import numpy as np

    before, after = (one.predicted == one.y_true for one in (baseline, candidate))
    fixed, broken = np.flatnonzero(after & ~before), np.flatnonzero(before & ~after)
    moved = int((~before & ~after & (baseline.predicted != candidate.predicted)).sum())
    half = MOST_EXAMPLES // 2
    most_broken = max(half, MOST_EXAMPLES - len(fixed))
    bad = _farthest(baseline, candidate, broken, most_broken)
    good = _farthest(baseline, candidate, fixed, MOST_EXAMPLES - len(bad))
    rows = [_row(baseline, candidate, int(place), columns) for place in (*bad, *good)]
    return Flips(len(fixed), len(broken), moved, tuple(rows))


def _farthest(base: Predictions, cand: Predictions, places: NDArray[Any], most: int) -> NDArray[Any]:
    import numpy as np

    if base.score is None or cand.score is None:
        return places[:most]
    by = np.abs(_of_truth(cand, places) - _of_truth(base, places))
    return np.asarray(places[np.argsort(-by, kind="stable")[:most]])


def _of_truth(p: Predictions, places: NDArray[Any]) -> NDArray[Any]:
    """The score of the true class in these rows, or in a binary task what says the same of how far it moved."""
    scores = p.scored[places]
    import numpy as np

    return np.asarray(scores if scores.ndim == 1 else scores[range(len(places)), p.y_true[places]])


def _row(base: Predictions, cand: Predictions, place: int, columns: tuple[str, ...]) -> FlippedRow:
    return FlippedRow(
        row=place + 1,
        id=None if cand.ids is None else short(cand.ids[place]),
        truth=short(cand.classes[cand.y_true[place]]),
        before=_answer(base, place),
        after=_answer(cand, place),
        fixed=bool(cand.predicted[place] == cand.y_true[place]),
        columns=columns_of(cand, place, columns),
    )


def columns_of(p: Predictions, place: int, columns: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What stands in a row's columns, as short words; those that the file lacks are left out."""
    known = [column for column in columns if column in p.columns][:MOST_COLUMNS]
    return tuple((short(column), short(p.columns[column][place])) for column in known)


def _answer(p: Predictions, place: int) -> str:
    """What a model said of a row, and how sure it was."""
    answer = int(p.predicted[place])
    if p.score is None:
        return short(p.classes[answer])
    said = p.score[place] if p.score.ndim == 1 else p.score[place, answer]
    return short(f"{short(p.classes[answer])[:60]} ({float(said):.2f})")
