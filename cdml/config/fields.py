"""The kinds of values that several parts of mlops.yaml's grammar share, and what every part of it is."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from cdml.config import grammar

Text = Annotated[str, Field(pattern=r"\S")]
FilePath = Annotated[
    str,
    AfterValidator(grammar.path),
    WithJsonSchema({"type": "string", "pattern": grammar.PATH_PATTERN}),
]
DatasetName = Annotated[
    str,
    AfterValidator(grammar.dataset),
    WithJsonSchema({"type": "string", "pattern": grammar.DATASET_PATTERN}),
]
Against = Annotated[
    str,
    AfterValidator(grammar.against),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(grammar.BASELINES)},
                {"type": "string", "pattern": grammar.VERSION_PATTERN},
                {"type": "string", "pattern": grammar.OTHER_MODEL_PATTERN},
                {
                    "type": "string",
                    "allOf": [{"pattern": grammar.PATH_PATTERN}, {"pattern": grammar.PREDICTIONS_PATTERN}],
                },
            ]
        }
    ),
]
Cut = Annotated[
    str, AfterValidator(grammar.cut), WithJsonSchema({"type": "string", "pattern": grammar.CUT_PATTERN})
]
Share = Annotated[str, Field(pattern=grammar.SHARE_PATTERN)]
Confidence = Annotated[float, Field(ge=0.5, le=0.999)]
Margin = Annotated[float, Field(ge=0)]
Absent = SkipJsonSchema[None]


def without(*keys: str) -> dict[str, JsonValue]:
    """The schema of a mapping that has none of these keys."""
    return {"not": {"anyOf": [{"required": [key]} for key in keys]}}


class Strict(BaseModel):
    """No other keys, and no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, allow_inf_nan=False)
