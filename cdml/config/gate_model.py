"""The grammar of a gate: one demand on one metric, and what it is judged on."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue
from pydantic.config import JsonDict

from cdml.config.fields import Absent, Against, Confidence, Cut, DatasetName, Margin, Share, Strict, Text, without
from cdml.core.settings import GateKind, OnInconclusive

KINDS: tuple[GateKind, ...] = (
    "min",
    "max",
    "max-regression",
    "min-improvement",
    "max-improvement",
    "max-gap",
)
COMPARING = ("max-regression", "min-improvement", "max-improvement")
# Below this no interval is worth its claim (cdml.evaluation.paired).
FEWEST_ROWS = 10


def _shape(kind: str) -> JsonValue:
    """The schema of a gate of this kind: no other kind beside it, and what it needs or has no use for."""
    others = [other for other in KINDS if other != kind]
    useless = [] if kind in COMPARING else ["against"]
    return {"required": [kind, *(["by"] if kind == "max-gap" else [])], **without(*others, *useless)}


GATE_RULES: JsonDict = {
    "oneOf": [_shape(kind) for kind in KINDS],
    "dependentRequired": {"min-rows": ["by"]},
}
NO_DATASET: JsonDict = {"not": {"required": ["dataset"]}}


class GateModel(Strict):
    """One demand on one metric: exactly one of the kinds `min`, `max`, `max-regression`, ..."""

    model_config = ConfigDict(json_schema_extra=GATE_RULES)

    metric: Text = Field(description="Name of the metric.")
    min: float | Absent = Field(None, description="The candidate's value must be at least this.")
    max: float | Absent = Field(None, description="The candidate's value must be at most this.")
    max_regression: Margin | Share | Absent = Field(
        None,
        alias="max-regression",
        description="The candidate may be at most this much worse than the baseline: in the metric's units, "
        "or a share of the baseline's value such as `1%`.",
    )
    min_improvement: Margin | Share | Absent = Field(
        None,
        alias="min-improvement",
        description="The candidate must be at least this much better than the baseline.",
    )
    max_improvement: Margin | Share | Absent = Field(
        None,
        alias="max-improvement",
        description="More than this much better than the baseline is too good to be true: look for a leak.",
    )
    max_gap: Margin | Absent = Field(
        None,
        alias="max-gap",
        description="The metric may differ by at most this much between any two groups of the column `by`.",
    )
    by: Cut | Absent = Field(
        None,
        description="A column of the predictions, or a cross `a*b` of two: each of its slices is judged, or, with "
        "`max-gap`, they are compared with each other.",
    )
    min_rows: Annotated[int, Field(ge=FEWEST_ROWS)] | Absent = Field(
        None, alias="min-rows", description="Slices of fewer rows do not count. Default: 30."
    )
    dataset: DatasetName | Absent = Field(
        None, description="The name in evaluate.datasets that is judged, instead of the test data."
    )
    against: Against | Absent = Field(
        None,
        description="What the candidate is compared with, instead of evaluate.baseline: `production`, `latest`, "
        "`main`, a version (v1.2.0), another model's (other@v1.2.0), or a file of predictions.",
    )
    confidence: Confidence | Absent = Field(
        None,
        description="Confidence of the interval that the gate judges. Default: 0.95; `min` and `max` pass by the "
        "value alone unless this is given.",
    )
    on_inconclusive: OnInconclusive = Field(
        "warn", alias="on-inconclusive", description="What an undecided gate does."
    )


class DatasetGateModel(GateModel):
    """A gate on the dataset that it stands in, which it therefore does not name."""

    model_config = ConfigDict(json_schema_extra={**GATE_RULES, **NO_DATASET})
