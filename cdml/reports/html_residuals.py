"""How a regression misses, as pictures: residuals by prediction, their distribution, and normal quantiles."""

from __future__ import annotations

import itertools

from cdml.core.diagnostics import Band, Residuals, ResidualsOf
from cdml.reports.html_axes import Frame, Plot, Shape, Spot, framed, number, percent
from cdml.reports.html_curves import BASELINE, CANDIDATE, Names

Side = tuple[str, str, ResidualsOf]


def plots(found: Residuals, names: Names) -> list[Plot]:
    """All pictures of a regression; those that cannot be drawn are left out."""
    sides = [(CANDIDATE, names.candidate, found.candidate)]
    sides += [(BASELINE, names.baseline, found.baseline)] if found.baseline else []
    made = (_by_prediction(sides), _distribution(found, sides), _normal(found, sides))
    return [one for one in made if one]


def _by_prediction(sides: list[Side]) -> Plot | None:
    bands = [band for _, _, side in sides for band in side.bands]
    frame = framed((b.predicted for b in bands), [0.0, *(q for b in bands for q in b.quantiles)])
    if frame is None:
        return None
    own = sides[0][2].bands
    shapes = [
        Shape("candidate faint", frame.area(_line(own, 0), _line(own, 4))),
        Shape("candidate soft", frame.area(_line(own, 1), _line(own, 3))),
        _zero(frame),
    ]
    shapes += [
        Shape("baseline thin", frame.line(_line(side.bands, which)))
        for _, _, side in sides[1:]
        for which in (0, 4)
    ]
    shapes += [Shape(f"{look} curve", frame.line(_line(side.bands, 2))) for look, _, side in reversed(sides)]
    return Plot(
        "residuals",
        "Residuals by prediction",
        "Truth minus prediction: the median as a line; half of the rows lie in the darker band, 80 % in the light "
        "one (the baseline’s between thin lines).",
        frame,
        "predicted",
        "truth − predicted",
        tuple(shapes),
        tuple(
            Spot(
                f"{look} dot",
                *frame.at(b.predicted, b.quantiles[2]),
                f"{name}, predicted {number(b.predicted)}: "
                f"median {number(b.quantiles[2])}, 80 % from {number(b.quantiles[0])} to {number(b.quantiles[4])}",
            )
            for look, name, side in sides
            for b in side.bands
        ),
        tuple((look, name) for look, name, _ in sides),
        ("model", "predicted", "10 %", "25 %", "median", "75 %", "90 %", "rows"),
        tuple(
            (name, number(b.predicted), *(number(q) for q in b.quantiles), f"{b.rows:,}")
            for _, name, side in sides
            for b in side.bands
        ),
    )


def _distribution(found: Residuals, sides: list[Side]) -> Plot | None:
    shares = {look: [c / (sum(side.counts) or 1) for c in side.counts] for look, _, side in sides}
    frame = framed(found.edges, [s for all_ in shares.values() for s in all_], floor=True, percent=True)
    if frame is None:
        return None
    shapes = [Shape("candidate soft", _outline(frame, found.edges, shares[CANDIDATE]) + "Z"), *_zero_across(frame)]
    shapes += [
        Shape(f"{look} curve", _outline(frame, found.edges, shares[look])) for look, _, _ in reversed(sides)
    ]
    middles = [(low + high) / 2 for low, high in itertools.pairwise(found.edges)]
    return Plot(
        "distribution",
        "Distribution of residuals",
        "Shares of the rows by truth minus prediction; the outermost bars hold all that lies beyond.",
        frame,
        "truth − predicted",
        "share of rows",
        tuple(shapes),
        tuple(
            Spot(f"{look} spot", *frame.at(x, y), f"{name}: {percent(y)} of the rows around {number(x)}")
            for look, name, _ in sides
            for x, y in zip(middles, shares[look], strict=True)
        ),
        tuple((look, name) for look, name, _ in sides),
        ("from", "to", *(name for _, name, _ in sides)),
        tuple(
            (number(low), number(high), *(f"{side.counts[place]:,}" for _, _, side in sides))
            for place, (low, high) in enumerate(itertools.pairwise(found.edges))
        ),
    )


def _normal(found: Residuals, sides: list[Side]) -> Plot | None:
    frame = framed(found.normal, [q for _, _, side in sides for q in side.quantiles])
    if frame is None:
        return None
    own = sides[0][2].quantiles
    low, high = len(own) // 4, len(own) - 1 - len(own) // 4
    run = found.normal[high] - found.normal[low]
    slope = (own[high] - own[low]) / run if run else 0.0
    ends = [(x, own[low] + slope * (x - found.normal[low])) for x in (found.normal[0], found.normal[-1])]
    shapes = [Shape("reference", frame.line(ends))]
    shapes += [
        Shape(f"{look} curve", frame.line(zip(found.normal, side.quantiles, strict=True)))
        for look, _, side in reversed(sides)
    ]
    return Plot(
        "normal",
        "Residuals against a normal distribution",
        "Quantiles of the residuals against those of a normal distribution: on the straight line they are normal, "
        "ends that leave it are heavy tails.",
        frame,
        "standard normal quantile",
        "truth − predicted",
        tuple(shapes),
        tuple(
            Spot(f"{look} spot", *frame.at(x, y), f"{name}: {number(y)} at normal quantile {number(x)}")
            for look, name, side in sides
            for x, y in zip(found.normal, side.quantiles, strict=True)
        ),
        tuple((look, name) for look, name, _ in sides),
        ("normal quantile", *(name for _, name, _ in sides)),
        tuple(
            (number(x), *(number(side.quantiles[place]) for _, _, side in sides))
            for place, x in enumerate(found.normal)
        ),
    )


def _line(bands: tuple[Band, ...], which: int) -> list[tuple[float, float]]:
    return [(band.predicted, band.quantiles[which]) for band in bands]


def _outline(frame: Frame, edges: tuple[float, ...], shares: list[float]) -> str:
    points = [(edges[0], 0.0)]
    for (low, high), share in zip(itertools.pairwise(edges), shares, strict=True):
        points += [(low, share), (high, share)]
    return frame.line([*points, (edges[-1], 0.0)])


def _zero(frame: Frame) -> Shape:
    return Shape("reference", frame.line([(frame.left, 0.0), (frame.right, 0.0)]))


def _zero_across(frame: Frame) -> list[Shape]:
    path = frame.line([(0.0, frame.bottom), (0.0, frame.top)])
    return [Shape("reference", path)] if frame.left <= 0 <= frame.right else []
