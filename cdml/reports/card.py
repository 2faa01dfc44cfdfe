"""The model card that a release commit carries: what a person should know before using a version.

Its head is Hugging Face's metadata (https://huggingface.co/docs/hub/model-cards); people are asked for the rest.
"""

from __future__ import annotations

import json

from cdml.core.release import Measured, Provenance
from cdml.core.resources import render
from cdml.core.settings import Settings
from cdml.reports import escape


def card(settings: Settings, version: str, provenance: Provenance) -> str:
    """The card as Markdown; everything that comes from outside is escaped."""
    return render(
        "reports/card.md.j2",
        model=escape.markdown(settings.model),
        version=version,
        description=escape.paragraph(settings.description) or "No description was written.",
        owners=[escape.markdown(owner) for owner in settings.owners],
        commit=provenance.commit,
        base=provenance.base,
        axes=provenance.axes,
        artifact=provenance.artifact,
        path=escape.markdown(provenance.artifact.path),
        python=escape.markdown(provenance.python),
        fields=[(escape.markdown(field.name), field.kind) for field in provenance.signature or ()],
        metrics=[(escape.markdown(m.name), f"{m.value:.4g}", _interval(m)) for m in provenance.metrics],
        verdicts=[(escape.markdown(gate), outcome) for gate, outcome in provenance.verdicts.items()],
        data=[(escape.markdown(path), digest) for path, digest in provenance.data.items()],
        parameters=[(escape.markdown(k), escape.markdown(_value(v))) for k, v in provenance.parameters.items()],
    )


def _value(value: object) -> str:
    """A parameter as its file writes it, not as Python does."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _interval(measured: Measured) -> str:
    if measured.low is None or measured.high is None:
        return ""
    return f"{measured.low:.4g} to {measured.high:.4g}"
