"""Everything that the report draws of a pair of models, by task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cdml.core.diagnostics import Calibration, Calibrations, Curve, Curves, Diagnostics, short
from cdml.evaluation import curves, curves_confusion, curves_residuals
from cdml.evaluation.curves import Ranked, ranked

if TYPE_CHECKING:
    from cdml.evaluation.pairing import Pair
    from cdml.evaluation.predictions import Predictions

CONFIDENCE = 0.95
FEWEST_NUMBERS = 10  # rows of a regression: fewer have no distribution to draw
LARGEST = 1e100  # residuals beyond it are not drawn


def diagnose(both: Pair, by: tuple[str, ...] = ()) -> Diagnostics | None:
    """Curves, matrices and flipped rows; the baseline's where both saw the same rows. None where nothing is drawn.

    `by` are the columns that the project slices by, `a*b` for a cross of two; they stand beside flipped rows.
    """
    baseline, candidate = (both.baseline if both.paired else None), both.candidate
    if not candidate.rows:
        return None
    if candidate.task == "regression":
        return _numbers(baseline, candidate, _columns(candidate, by))
    if candidate.task not in ("binary", "multiclass"):
        return None
    found = _answers(baseline, candidate, by)
    return _scores(found, baseline, candidate) if candidate.score is not None else found


def _numbers(baseline: Predictions | None, candidate: Predictions, columns: tuple[str, ...]) -> Diagnostics | None:
    import numpy as np

    sides = [one for one in (candidate, baseline) if one]
    largest = max(float(np.abs([one.y_true, one.predicted]).max()) for one in sides)
    if candidate.rows < FEWEST_NUMBERS or not largest < LARGEST:
        return None
    return Diagnostics(
        residuals=curves_residuals.residuals(baseline, candidate),
        moved=curves_residuals.moved(baseline, candidate, columns) if baseline else (),
        confidence=CONFIDENCE,
    )


def _answers(baseline: Predictions | None, candidate: Predictions, by: tuple[str, ...]) -> Diagnostics:
    """What needs no scores but the classes that the models chose."""
    found = Diagnostics(confidence=CONFIDENCE)
    if candidate.y_pred is None:
        return found
    if baseline is None or baseline.y_pred is None:
        return replace(found, confusion=curves_confusion.confusion(None, candidate))
    return replace(
        found,
        confusion=curves_confusion.confusion(baseline, candidate),
        flips=curves_confusion.flips(baseline, candidate, _columns(candidate, by)),
    )


def _columns(p: Predictions, by: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that are sliced by; a cross of two is two of them."""
    parts = ((name,) if name in p.columns else name.split("*") for name in by)
    return tuple(dict.fromkeys(part.strip() for several in parts for part in several))


def _scores(found: Diagnostics, baseline: Predictions | None, candidate: Predictions) -> Diagnostics:
    """The same with the curves of scores; each model's are sorted once for all of them."""
    own = _ranked(candidate)
    before = _ranked(baseline) if baseline and baseline.score is not None else None
    found = replace(found, calibration=Calibrations(_calibration(own), _calibration(before) if before else None))
    if candidate.task != "binary":
        return found
    return replace(
        found,
        roc=_curves(curves.roc, own, before),
        precision_recall=_curves(curves.precision_recall, own, before),
        positive=short(candidate.classes[1]),
    )


def _ranked(p: Predictions) -> Ranked:
    """Binary: the score of the positive class; several classes: that of the likeliest, and whether it is right."""
    if p.scored.ndim == 1:
        return ranked(p.y_true, p.scored)
    return ranked(p.y_true == p.scored.argmax(axis=1), p.scored.max(axis=1))


def _calibration(found: Ranked) -> Calibration:
    return curves.calibration(found, CONFIDENCE)


def _curves(make: Callable[[Ranked], Curve | None], own: Ranked, before: Ranked | None) -> Curves | None:
    first = make(own)
    return Curves(first, make(before) if before else None) if first else None
