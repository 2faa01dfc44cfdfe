"""`cdml ci plan`: what only generated CI calls."""

from __future__ import annotations

import json
import os

import typer

from cdml.cli.app import app, printable, root, say

ci = typer.Typer(help="What generated CI calls.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(ci, name="ci", hidden=True)


@ci.callback()
def _group() -> None:
    """What generated CI calls."""


@ci.command()
def plan(context: typer.Context) -> None:
    """Which models this run is about, as outputs of the job."""
    from cdml.ci import run_context
    from cdml.cli import ci_output
    from cdml.core.errors import UsageError
    from cdml.jobs.ci_plan import plan as plan_models
    from cdml.state.git import Git, open_git

    here = run_context(os.environ)
    if here is None:
        raise UsageError("there is no run of CI to plan", "cdml run train evaluate")
    found = plan_models(Git(open_git(root(context)).top()), here)
    entries = [one.entry() for one in found]
    folders, train = [one.folder for one in found], [one.folder for one in found if one.trains]
    values = {"models": entries, "folders": folders, "train": train}
    ci_output.outputs({name: json.dumps(value) for name, value in values.items()})
    for one in found:
        say(printable(" ".join(f"{one.model} in {one.folder}".split())))
    if not found:
        say("no model is concerned")
