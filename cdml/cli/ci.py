"""`cdml ci plan` and `cdml ci gate`: what only generated CI calls."""

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
    from cdml.jobs.ci_plan import contexts, plan_monitor
    from cdml.jobs.ci_plan import plan as plan_models
    from cdml.state.git import Git, open_git

    here = run_context(os.environ)
    if here is None:
        raise UsageError("there is no run of CI to plan", "cdml run train evaluate")
    git = Git(open_git(root(context)).top())
    found = plan_models(git, here)
    entries = [one.entry() for one in found]
    folders, train = [one.folder for one in found], [one.folder for one in found if one.trains]
    watched = plan_monitor(git, here)
    values = {
        "models": entries,
        "folders": folders,
        "train": train,
        "contexts": contexts(git, here, found),
        "monitored": [one.entry() for one in watched],
        "monitor": [one.folder for one in watched],
    }
    ci_output.outputs({name: json.dumps(value) for name, value in values.items()})
    for one in found:
        say(printable(" ".join(f"{one.model} in {one.folder}".split())))
    for one in watched:
        say(printable(" ".join(f"{one.model} in {one.folder}: production".split())))
    if not found and not watched:
        say("no model is concerned")


@ci.command()
def gate(context: typer.Context) -> None:
    """Whether all of CDML_CONTEXTS say success of this run's commit by now; exits 10 where one does not."""
    from cdml.ci import run_context
    from cdml.core.errors import UsageError
    from cdml.jobs.forge import forge_of
    from cdml.jobs.gate import require_stated
    from cdml.state.git import Git, open_git

    here = run_context(os.environ)
    if here is None or here.head is None:
        raise UsageError("this is not the run of a pull request", "cdml pr open")
    names = _names(os.environ.get("CDML_CONTEXTS", ""))
    require_stated(forge_of(Git(open_git(root(context)).top())), here.head, names)
    say(printable(f"stated since: {', '.join(names)}"))


def _names(text: str) -> tuple[str, ...]:
    """The plan's list of contexts; none where it made no plan."""
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return ()
    return tuple(str(name) for name in found) if isinstance(found, list) else ()
