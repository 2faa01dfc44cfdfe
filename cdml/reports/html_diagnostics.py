"""What the report draws of two models' answers, gathered for its template."""

from __future__ import annotations

from cdml.core.comparison import Comparison
from cdml.core.diagnostics import Diagnostics
from cdml.reports import html_curves, html_residuals
from cdml.reports.escape import legible
from cdml.reports.html_axes import Plot
from cdml.reports.html_curves import Names
from cdml.reports.html_importance import rows as importance_rows
from cdml.reports.html_matrix import flipped, matrix, moved


def diagnostics(comparison: Comparison) -> dict[str, object]:
    """Pictures and tables by name; empty ones where the comparison holds nothing to draw."""
    found = comparison.diagnostics or Diagnostics()
    names = Names(
        legible(comparison.candidate.label),
        legible(comparison.baseline.label) if comparison.baseline else "baseline",
    )
    return {
        "names": names,
        "heading": "Residuals" if found.residuals else "Curves",
        "plots": _plots(found, names),
        "matrix": matrix(found.confusion, names.baseline),
        "flipped": flipped(found.flips) or moved(found.moved),
        "importances": importance_rows(found.importances),
        "importances_unmeasured": f"{found.unmeasured:,}" if found.unmeasured else "",
        "importances_paired": any(one.baseline for one in found.importances),
    }


def _plots(found: Diagnostics, names: Names) -> list[Plot]:
    made: list[Plot | None] = []
    if found.roc:
        made.append(html_curves.roc(found.roc, names, found.confusion))
    if found.precision_recall:
        made.append(html_curves.precision_recall(found.precision_recall, names, found.confusion))
    if found.calibration:
        made.append(html_curves.calibration(found.calibration, names, legible(found.positive)))
    if found.residuals:
        made += html_residuals.plots(found.residuals, names)
    return [one for one in made if one]
