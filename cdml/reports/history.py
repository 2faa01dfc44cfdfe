"""What earlier runs of the same pull request said, and how the metric went over the versions before it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from cdml.core.dialect import Dialect
from cdml.core.run import PastRun, Trend
from cdml.evaluation import numbers
from cdml.reports import escape
from cdml.reports.parts import fold, table
from cdml.reports.reasons import LIGHTS

MOST_RUNS = 10
MOST_RUNS_UNFOLDED = 3
MOST_POINTS = 20
FEWEST_POINTS = 3
LONGEST_LABEL = 24
_LARGEST = 1e12
# The diagram's own first colour is next to white, and its height that of a page.
_LOOK = '%%{init: {"xyChart": {"height": 300}, "themeVariables": {"xyChart": {"plotColorPalette": "#1f6feb"}}}}%%'
_BARS = "▁▂▃▄▅▆▇█"


def earlier_runs(runs: tuple[PastRun, ...], model: str, dialect: Dialect) -> str:
    """The table of earlier runs, newest first, folded; empty where there were none."""
    if not runs:
        return ""
    shown = runs[: MOST_RUNS if dialect.folds else MOST_RUNS_UNFOLDED]
    count = len(runs)
    title = f"Last {len(shown)} of {count} earlier runs" if count > len(shown) else f"{count} earlier runs"
    rows = [["commit", "verdict", "when (UTC)", " "], *(_run(run, model) for run in shown)]
    return fold("1 earlier run" if count == 1 else title, table(rows), dialect)


def _run(run: PastRun, model: str) -> list[str]:
    light = f"{run.light} " if run.light in LIGHTS else ""
    said = escape.markdown(run.headline.removeprefix(f"{model}: "))
    return [f"`{escape.code(run.head[:7])}`", f"{light}{said}", minute(run.at), escape.link("run", run.url)]


def minute(seconds: int) -> str:
    """`2026-11-21 14:03` in UTC; empty for what is no time."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return ""


def trend_line(trend: Trend | None) -> str:
    """`roc_auc ▂▃▃▅▆▆▇█ 0.801 (v1.0.0) to 0.861 (this PR), 8 models`; empty below three points."""
    points = _points(trend)
    if trend is None or not points:
        return ""
    values = [value for _, value in points]
    digits = _digits(values)
    first, last = (
        f"{numbers.value(v, digits)} ({escape.markdown(label)})" for label, v in (points[0], points[-1])
    )
    name = escape.markdown(trend.metric)
    return f"**Trend:** {name} {sparkline(values)} {first} to {last}, {len(points)} models"


def trend_chart(trend: Trend | None, dialect: Dialect) -> str:
    """The same as a folded Mermaid diagram, where the forge draws one."""
    points = _points(trend)
    if trend is None or not points or not (dialect.mermaid and dialect.folds):
        return ""
    values = [value for _, value in points]
    digits = _digits(values) + 1
    # Room above and below, and never so little that the axis would begin where it ends.
    room = max((max(values) - min(values)) / 10, 10.0 ** (1 - digits))
    lines = [
        "```mermaid",
        _LOOK,
        "xychart-beta",
        f"    x-axis [{', '.join(_label(label) for label, _ in points)}]",
        f"    y-axis {_label(trend.metric)} {min(values) - room:.{digits}f} --> {max(values) + room:.{digits}f}",
        f"    line [{', '.join(f'{value:.{digits}f}' for value in values)}]",
        "```",
    ]
    return fold(f"{escape.markdown(trend.metric)} over {len(points)} models", "\n".join(lines), dialect)


def sparkline(values: list[float]) -> str:
    """One bar per value between the least and the greatest; all in the middle where they are one."""
    low, span = min(values), max(values) - min(values)
    return "".join(_BARS[round((v - low) / span * (len(_BARS) - 1))] if span else _BARS[3] for v in values)


def _points(trend: Trend | None) -> tuple[tuple[str, float], ...]:
    """The last points that can be drawn; none where they are too few to show a direction."""
    drawn = [p for p in trend.points if math.isfinite(p[1]) and abs(p[1]) < _LARGEST] if trend else []
    return tuple(drawn[-MOST_POINTS:]) if len(drawn) >= FEWEST_POINTS else ()


def _digits(values: list[float]) -> int:
    """Digits after the point that tell the values apart: two significant ones of their spread."""
    largest = max(abs(value) for value in values)
    scale = (max(values) - min(values)) / 10 or largest / 1_000
    wanted = math.ceil(-math.log10(scale)) if scale > 1e-12 else 3
    return min(max(wanted, 3 if largest <= 10 else 0), 8)


def _label(text: str) -> str:
    """A quoted text of a diagram: letters, digits and what versions and names are made of, no syntax."""
    kept = "".join(c if c.isalnum() or c in " ._-+" else " " for c in escape.legible(text))
    return f'"{" ".join(kept.split())[:LONGEST_LABEL] or "?"}"'
