"""ROC, precision-recall and calibration as pictures: the candidate's line solid, the baseline's dashed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cdml.core.diagnostics import Bin, Calibration, Calibrations, Confusion, Curve, Curves
from cdml.reports.html_axes import Frame, Plot, Point, Shape, Spot, framed, number, percent

UNIT = Frame(0.0, 1.0, 0.0, 1.0)
CANDIDATE, BASELINE = "candidate", "baseline"


@dataclass(frozen=True)
class Names:
    """What the two models are called on the page."""

    candidate: str
    baseline: str


def roc(curves: Curves, names: Names, confusion: Confusion | None) -> Plot:
    """True against false positives, with the places at which the models' own answers lie."""
    sides = _sides(curves, names)
    shapes = [Shape("reference", UNIT.line([(0, 0), (1, 1)]))]
    shapes += [Shape(f"{look} curve", UNIT.line(_points(curve))) for look, _, curve in reversed(sides)]
    spots = [spot for look, name, curve in sides for spot in _roc_spots(look, name, curve)]
    marks = [
        Spot(f"{look} mark", *UNIT.at(x, y), f"{name}’s answers: {percent(y)} found, {percent(x)} false alarms")
        for look, name, (x, y) in _answers(confusion, names)
    ]
    return Plot(
        "roc",
        "ROC curve",
        f"{_areas('area under the curve', sides)}. The diagonal is a guess; dots are the models’ own answers.",
        UNIT,
        "false positive rate",
        "true positive rate",
        tuple(shapes),
        (*spots, *marks),
        tuple((look, f"{name}: {number(curve.area)}") for look, name, curve in sides),
        ("model", "score at least", "false positive rate", "true positive rate"),
        tuple(
            (name, number(score) if place else "above all", number(x), number(y))
            for _, name, curve in sides
            for place, (x, y, score) in enumerate(zip(curve.x, curve.y, curve.thresholds, strict=True))
        ),
    )


def precision_recall(curves: Curves, names: Names, confusion: Confusion | None) -> Plot:
    """Precision against recall in steps; the level line is what a guess has."""
    sides = _sides(curves, names)
    shapes = [Shape("reference", UNIT.line([(0, share), (1, share)])) for share in _prevalence(confusion)]
    shapes += [Shape(f"{look} curve", UNIT.steps(_points(curve))) for look, _, curve in reversed(sides)]
    return Plot(
        "precision-recall",
        "Precision and recall",
        f"{_areas('average precision', sides)}. The level line is the precision of a guess.",
        UNIT,
        "recall",
        "precision",
        tuple(shapes),
        tuple(
            Spot(f"{look} spot", *UNIT.at(x, y), f"{name}, score at least {number(score)}: {_found(x, y)}")
            for look, name, curve in sides
            for x, y, score in zip(curve.x, curve.y, curve.thresholds, strict=True)
        ),
        tuple((look, f"{name}: {number(curve.area)}") for look, name, curve in sides),
        ("model", "score at least", "recall", "precision"),
        tuple(
            (name, number(score), number(x), number(y))
            for _, name, curve in sides
            for x, y, score in zip(curve.x, curve.y, curve.thresholds, strict=True)
        ),
    )


Side = tuple[str, str, Calibration]


def calibration(found: Calibrations, names: Names, positive: str) -> Plot | None:
    """What the scores say against what came true; whiskers are the candidate's intervals."""
    sides: list[Side] = [(CANDIDATE, names.candidate, found.candidate)]
    sides += [(BASELINE, names.baseline, found.baseline)] if found.baseline else []
    bins = [one for _, _, side in sides for one in side.bins]
    ends = [end for one in bins for end in (one.score, one.true)]
    ends += [end for one in found.candidate.bins for end in (one.low, one.high)]
    low, high = min(ends, default=0), max(ends, default=1)
    frame = framed((low, high), (low, high))
    if frame is None or not bins:
        return None
    of = f"of class {positive}" if positive else "of the likeliest class"
    return Plot(
        "calibration",
        f"Calibration {of}",
        f"{_errors(sides)}. On the diagonal scores are what comes true; above it they are too low.",
        frame,
        f"mean score {of}",
        "share that came true",
        tuple(_calibration_shapes(frame, sides)),
        tuple(_calibration_spots(frame, sides)),
        tuple((look, f"{name}: off by {percent(side.error)}") for look, name, side in sides),
        ("model", "mean score", "came true", "interval", "rows"),
        tuple((name, number(one.score), *_came_true(one)) for _, name, side in sides for one in side.bins),
    )


def _calibration_shapes(frame: Frame, sides: list[Side]) -> Iterator[Shape]:
    """The diagonal, the models' lines with the candidate's on top, and its intervals."""
    yield Shape("reference", frame.line([(frame.left, frame.left), (frame.right, frame.right)]))
    for look, _, side in reversed(sides):
        yield Shape(f"{look} curve", frame.line((one.score, one.true) for one in side.bins))
    for one in sides[0][2].bins:
        yield Shape("candidate whisker", frame.line([(one.score, one.low), (one.score, one.high)]))


def _calibration_spots(frame: Frame, sides: list[Side]) -> Iterator[Spot]:
    for look, name, side in sides:
        for one in side.bins:
            true, interval, rows = _came_true(one)
            words = f"{name}: said {number(one.score)}, came true {true} ({interval}), {rows} rows"
            yield Spot(f"{look} dot", *frame.at(one.score, one.true), words)


def _came_true(one: Bin) -> tuple[str, str, str]:
    """The share, its interval and the rows of one bin, in words."""
    return number(one.true), f"{number(one.low)} to {number(one.high)}", f"{one.rows:,}"


def _sides(curves: Curves, names: Names) -> list[tuple[str, str, Curve]]:
    own = [(CANDIDATE, names.candidate, curves.candidate)]
    return own + ([(BASELINE, names.baseline, curves.baseline)] if curves.baseline else [])


def _points(curve: Curve) -> list[Point]:
    return list(zip(curve.x, curve.y, strict=True))


def _roc_spots(look: str, name: str, curve: Curve) -> list[Spot]:
    return [
        Spot(
            f"{look} spot",
            *UNIT.at(x, y),
            f"{name}, score at least {number(score)}: {percent(y)} found, {percent(x)} false alarms",
        )
        for x, y, score in list(zip(curve.x, curve.y, curve.thresholds, strict=True))[1:]
    ]


def _found(recall: float, precision: float) -> str:
    return f"{percent(recall)} found, {percent(precision)} of the alarms right"


def _areas(what: str, sides: list[tuple[str, str, Curve]]) -> str:
    return f"{what.capitalize()}: " + ", ".join(f"{name} {number(curve.area)}" for _, name, curve in sides)


def _errors(sides: list[tuple[str, str, Calibration]]) -> str:
    return "Expected calibration error: " + ", ".join(f"{name} {percent(side.error)}" for _, name, side in sides)


def _answers(confusion: Confusion | None, names: Names) -> list[tuple[str, str, Point]]:
    """False and true positive rate of the classes that each model chose."""
    if confusion is None or len(confusion.classes) != 2:
        return []
    sides = [(CANDIDATE, names.candidate, confusion.candidate)]
    sides += [(BASELINE, names.baseline, confusion.baseline)] if confusion.baseline else []
    return [
        (look, name, (cells[0][1] / sum(cells[0]), cells[1][1] / sum(cells[1])))
        for look, name, cells in sides
        if sum(cells[0]) and sum(cells[1])
    ]


def _prevalence(confusion: Confusion | None) -> list[float]:
    """The share of the positive class, where it is known."""
    if confusion is None or len(confusion.classes) != 2:
        return []
    rows = [sum(row) for row in confusion.candidate]
    return [rows[1] / sum(rows)] if sum(rows) else []
