"""`cdml split`: one table into training and test rows, as a stage of DVC or by hand."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer

from cdml.cli.app import app, root, say


class By(StrEnum):
    """What must not be torn apart."""

    random = "random"
    group = "group"
    stratified = "stratified"
    stratified_group = "stratified-group"
    time = "time"


@app.command()
def split(
    context: typer.Context,
    data: str = typer.Argument(..., metavar="DATA", help="A table: CSV, Parquet or JSON lines."),
    train: str = typer.Option("train.csv", "--train", "-t", metavar="FILE", help="Where the training rows go."),
    output: str = typer.Option("test.csv", "--output", "-o", metavar="FILE", help="Where the test rows go."),
    test: float = typer.Option(0.2, help="The test rows' share of all rows."),
    by: By = typer.Option(By.random, help="How: whole groups, kept shares of classes, or the latest rows."),
    column: str = typer.Option("", metavar="NAME", help="The column of the class, the group or the time."),
    group: str = typer.Option("", metavar="NAME", help="For stratified-group: the column of the group."),
    seed: int = typer.Option(0, help="The same seed gives the same rows."),
    gap: str = typer.Option("", metavar="SPAN", help="By time: leave this out before the test rows (7d, 12h)."),
) -> None:
    """Split a table without bias: no group on both sides, no future in training."""
    from cdml.jobs.split_table import split_table

    made = split_table(
        root(context),
        data,
        (train, output),
        by.value,
        test,
        column=column or None,
        group=group or None,
        seed=seed,
        gap=gap or None,
    )
    left = f", {made.left:,} in the gap left out" if made.left else ""
    say(f"{made.train:,} rows to {Path(train)}, {made.test:,} rows to {Path(output)}{left}")
