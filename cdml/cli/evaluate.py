"""`cdml evaluate`: a registered version on other data."""

from __future__ import annotations

from pathlib import Path

import typer

from cdml.cli.app import JSON, app, note, printable, root, say, say_json


@app.command()
def evaluate(
    context: typer.Context,
    version: str = typer.Argument(..., metavar="VERSION", help="Such as v1.4.0 or churn@v1.4.0."),
    data: str = typer.Option(
        "", metavar="NAME|FILE", help="A name in evaluate.datasets, or a file.  [default: the test data]"
    ),
    json: bool = JSON,
) -> None:
    """Score a registered version on other data: its metrics with their 95 % intervals.

    The built-in evaluator loads its artifact; a command of the project is run as it was released, with the data in
    the place of its own.
    """
    from cdml.jobs.evaluate_version import evaluate_version
    from cdml.jobs.project import open_project

    path = root(context)
    found = evaluate_version(open_project(path), version, data, Path(context.obj or "."), note)
    if json:
        say_json(found)
        return
    say(f"{found.version} on {printable(found.data)}, {found.rows:,} rows")
    say(_table(found.metrics))
    if found.note:
        note(f"scored {found.note}")


def _table(metrics) -> str:  # type: ignore[no-untyped-def]
    from tabulate import tabulate

    from cdml.evaluation import numbers

    rows = []
    for result in metrics:
        digits = numbers.decimals(result)
        own = result.own_interval
        span = f"{numbers.value(own.low, digits)} to {numbers.value(own.high, digits)}" if own else ""
        rows.append([printable(result.name), numbers.value(result.candidate, digits), span or result.method])
    return tabulate(rows, ["metric", "value", "95 % interval"], disable_numparse=True)
