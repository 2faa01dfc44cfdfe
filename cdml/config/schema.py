"""mlops.yaml's JSON Schema, from the loader's own models, so that an editor completes what the loader takes."""

from __future__ import annotations

from typing import Any

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FILE = ".cdml/mlops.schema.json"


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of mlops.yaml, deploy targets' own options included."""
    from cdml.config.model import FileModel

    schema = FileModel.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs")
    definitions["DeployModel"] = _deploy(definitions)
    tidy: dict[str, Any] = _tidy({"$defs": definitions, **schema})
    return {"$schema": DRAFT, "title": "mlops.yaml", **{k: v for k, v in tidy.items() if k != "title"}}


def _deploy(definitions: dict[str, Any]) -> dict[str, Any]:
    """One closed shape for each target: its name and its own options."""
    from cdml.deploy import TARGETS

    shapes = []
    for name, plugin in TARGETS.items():
        options = plugin.options.model_json_schema(by_alias=True)
        definitions.update(options.pop("$defs", {}))
        target = {"const": name, "description": "The kind of deployment."}
        shapes.append(
            {
                **options,
                "properties": {"target": target, **options.get("properties", {})},
                "required": ["target", *options.get("required", [])],
                "additionalProperties": False,
            }
        )
    return {"description": definitions["DeployModel"]["description"], "type": "object", "oneOf": shapes}


def _tidy(value: Any) -> Any:
    """Without what pydantic adds and no reader needs: titles made from keys, and null as a default."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        if (key == "title" and isinstance(item, str)) or (key == "default" and item is None):
            continue
        kept[key] = {k: _tidy(v) for k, v in item.items()} if key in ("properties", "$defs") else _tidy(item)
    return kept
