"""`cdml schema`: what editors complete mlops.yaml from."""

from __future__ import annotations

from cdml.cli.app import app, say_json


@app.command()
def schema() -> None:
    """Print the JSON Schema of mlops.yaml."""
    from cdml.config.schema import json_schema

    say_json(json_schema())
