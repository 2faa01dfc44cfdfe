"""`cdml behaviour` and `cdml repeats`: what the generated dvc.yaml calls when the model is there."""

from __future__ import annotations

import typer

from cdml.cli.app import app, root, say


@app.command(hidden=True)
def behaviour(context: typer.Context, spec: int = typer.Option(..., help="The version of what it does.")) -> None:
    """Try the tests in evaluate.behaviour on the artifact and write the results; DVC runs it."""
    from cdml.jobs.behaviour import try_behaviour

    for result in try_behaviour(root(context), spec):
        say(f"{result.name}: {result.failed:,} of {result.cases:,} cases fail")


@app.command(hidden=True)
def repeats(context: typer.Context, spec: int = typer.Option(..., help="The version of what it does.")) -> None:
    """Train again with other seeds and write how the metrics spread; DVC runs it."""
    from cdml.jobs.repeats import repeat

    repeat(root(context), spec, say)
