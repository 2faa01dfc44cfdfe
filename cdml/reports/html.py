"""The whole report as one HTML file: what the comment says, without its limits, for screens, telephones and paper.

It needs no network and no script; the one that it carries sorts tables. Names, values and reasons are data from
outside: the template escapes every one of them, and the page's own policy lets nothing run but that script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cdml.core.comparison import Comparison, Judgement
from cdml.core.images import Image
from cdml.core.resources import render_html, template_text
from cdml.core.run import Around, PastRun
from cdml.evaluation import numbers
from cdml.evaluation.gates import gate_ids, gate_words
from cdml.reports import cells
from cdml.reports.escape import address, code, legible
from cdml.reports.history import minute
from cdml.reports.html_axes import BOTTOM, LEFT, RIGHT, TALL, TOP, WIDE
from cdml.reports.html_diagnostics import diagnostics
from cdml.reports.html_found import constant_line, found_tables
from cdml.reports.html_plots import HEIGHT, TREND_HEIGHT, TREND_WIDTH, WIDTH, trend_line
from cdml.reports.html_rows import gate_row, metric_row, slice_tables
from cdml.reports.html_sets import set_kind, set_tables, set_words
from cdml.reports.reasons import duration, light, why
from cdml.reports.words import headline, worst_first

NOWHERE = "base-uri 'none'; form-action 'none'"
LIGHTS = {"🔴": "bad", "🟡": "doubt", "🟢": "good"}


def report(judgement: Judgement, around: Around | None = None) -> str:
    """One model's report as a self-contained HTML page; the same bytes for the same judgement."""
    return reports([(judgement, around or Around())])


def reports(judged: Sequence[tuple[Judgement, Around]]) -> str:
    """The same for several models, one below the other."""
    style, script = template_text("reports/report.css"), template_text("reports/report.js")
    pictures = "default-src 'none'; " + ("img-src data:; " if any(a.images for _, a in judged) else "")
    return render_html(
        "reports/report.html.j2",
        title=legible(headline(judged[0][0])) if len(judged) == 1 else f"{len(judged)} models",
        style=style,
        script=script,
        bar_size=(WIDTH, HEIGHT),
        trend_size=(TREND_WIDTH, TREND_HEIGHT),
        plot_size=(WIDE, TALL),
        plot_box={"left": LEFT, "right": WIDE - RIGHT, "top": TOP, "bottom": TALL - BOTTOM},
        policy=f"{pictures}style-src {_digest(style)}; script-src {_digest(script)}; {NOWHERE}",
        models=[_model(judgement, around) for judgement, around in judged],
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _model(judgement: Judgement, around: Around) -> dict[str, object]:
    comparison = judgement.comparison
    ordered = worst_first(judgement.verdicts)
    called = gate_ids([verdict.gate for verdict in judgement.verdicts])
    names = {id(verdict): name for verdict, name in zip(judgement.verdicts, called, strict=True)}
    return {
        "headline": legible(headline(judgement)),
        "tone": LIGHTS.get(light(judgement), "plain"),
        "why": legible(why(judgement)),
        "sides": _sides(comparison),
        "loosened": [(legible(gate_words(v.gate)), legible(v.loosened)) for v in ordered if v.loosened],
        "contracts": [legible(one) for one in comparison.loosened],
        "metrics": [metric_row(judgement, result) for result in comparison.metrics],
        "gates": [gate_row(verdict, names[id(verdict)]) for verdict in ordered],
        "changed": [(str(c.axis), [legible(d) for d in c.details]) for c in comparison.changes if c.changed],
        "same": [str(c.axis) for c in comparison.changes if not c.changed],
        "slices": slice_tables(comparison),
        "diagnostics": diagnostics(comparison),
        "basis": [legible(line) for line in comparison.basis],
        "sets": set_tables(comparison),
        "set_words": set_words(comparison),
        "set_sides": {**_sides(comparison), "kind": set_kind(comparison)},
        "constant": constant_line(comparison),
        "found": found_tables(comparison),
        "notes": [legible(note) for note in comparison.notes],
        "images": [(legible(image.path), _data(image)) for image in around.images],
        "trend": _trend(around),
        "earlier": [_earlier(run) for run in around.earlier],
        "foot": _foot(comparison, around),
    }


def _data(image: Image) -> str:
    """A picture as an address that holds it: the page stays one file."""
    kind = "png" if image.path.endswith(".png") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image.content).decode()}"


def _sides(comparison: Comparison) -> dict[str, object]:
    """What heads the columns: who is compared, on how many rows, and how sure the intervals are."""
    intervals = [own for m in comparison.metrics for own in (m.interval, m.own_interval) if own]
    return {
        "kind": "alone" if comparison.baseline is None else "unpaired" if comparison.unpaired else "paired",
        "baseline": legible(comparison.baseline.label) if comparison.baseline else "",
        "candidate": legible(comparison.candidate.label),
        "rows": f"{comparison.rows:,}" if comparison.rows else "",
        "sure": numbers.percent(intervals[0].confidence) if intervals else "95 %",
        "primary": legible(comparison.metrics[0].name) if comparison.metrics else "",
    }


def _trend(around: Around) -> dict[str, object] | None:
    line = trend_line(around.trend)
    if line is None or around.trend is None:
        return None
    return {
        "metric": legible(around.trend.metric),
        "line": line,
        "points": [(legible(label), f"{value:.4g}") for label, value in around.trend.points],
    }


def _earlier(run: PastRun) -> dict[str, str]:
    return {
        "head": code(run.head[:7]),
        "headline": legible(run.headline),
        "tone": LIGHTS.get(run.light, "plain"),
        "when": minute(run.at),
        "url": address(run.url),
    }


def _foot(comparison: Comparison, around: Around) -> dict[str, str]:
    head, base = (
        cells.reference(comparison, comparison.candidate),
        cells.reference(comparison, comparison.baseline),
    )
    return {
        "command": f"cdml compare {base} {head}" if base else "cdml run train evaluate",
        "stamp": f"{head} against {base}" if base else f"{head}, first model",
        "trained": "" if around.seconds is None else f"trained {duration(around.seconds)}",
        "run_url": address(around.run_url),
    }
