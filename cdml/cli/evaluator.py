"""`cdml evaluator`: the built-in evaluator, as the generated dvc.yaml calls it."""

from __future__ import annotations

import typer

from cdml.cli.app import app, root


@app.command(hidden=True)
def evaluator(context: typer.Context, spec: int = typer.Option(..., help="The version of what it does.")) -> None:
    """Score the artifact on evaluate.data and write predictions; DVC runs it."""
    from cdml.jobs.evaluator import evaluate

    evaluate(root(context), spec)
