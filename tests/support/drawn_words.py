"""Diagnostics in which every text that anybody could choose is one word."""

from __future__ import annotations

from cdml.core.diagnostics import (
    Band,
    Bin,
    Bounded,
    Calibration,
    Calibrations,
    Confusion,
    Curve,
    Curves,
    Diagnostics,
    FlippedRow,
    Flips,
    Importance,
    Residuals,
    ResidualsOf,
    short,
)


def diagnostics(word: str) -> Diagnostics:
    """Everything that can be drawn, of both models; no real run has all of it."""
    cut = short(word)
    curve = Curve((0.0, 0.2, 1.0), (0.0, 0.7, 1.0), (0.9, 0.5, 0.1), 0.75)
    calibration = Calibration((Bin(0.2, 0.1, 0.05, 0.2, 40), Bin(0.7, 0.8, 0.7, 0.9, 40)), 0.1)
    bands = (Band(1.0, (-2.0, -1.0, 0.0, 1.0, 2.0), 20), Band(2.0, (-2.0, -1.0, 0.5, 1.0, 2.0), 20))
    missed = ResidualsOf(bands, (10, 20, 10), (-2.0, 0.0, 2.0))
    flips = (
        FlippedRow(1, cut, cut, cut, cut, False, ((cut, cut),)),
        FlippedRow(2, None, cut, cut, cut, True, ((cut, cut),)),
    )
    return Diagnostics(
        roc=Curves(curve, curve),
        precision_recall=Curves(curve, curve),
        calibration=Calibrations(calibration, calibration),
        confusion=Confusion((cut, cut), ((30, 10), (5, 35)), ((28, 12), (5, 35))),
        residuals=Residuals((-3.0, -1.0, 1.0, 3.0), (-1.0, 0.0, 1.0), missed, missed),
        flips=Flips(3, 1, 2, flips),
        importances=(Importance(cut, Bounded(0.1, 0.05, 0.15), Bounded(0.2, 0.1, 0.3)), Importance(cut, None)),
        positive=cut,
    )
