"""`cdml register`."""

from __future__ import annotations

import typer

from cdml.cli.app import JSON, app, leave, note, root, say_json


@app.command()
def register(context: typer.Context, json: bool = JSON) -> None:
    """Make a version of what main holds: an annotated tag that carries its provenance."""
    from cdml.cli import ci_output
    from cdml.cli.outcome import tell_registered
    from cdml.jobs.forge import find_forge
    from cdml.jobs.project import open_project
    from cdml.jobs.register import register as run
    from cdml.jobs.verdict import exit_code

    project = open_project(root(context))
    registered = run(project, find_forge(project), note)
    if json:
        ci_output.registered(registered, project.settings.model)
        say_json(registered)
        failed = registered.version is None and registered.judgement is not None
        leave(exit_code(registered.judgement) if failed and registered.judgement else 0)
    leave(tell_registered(registered, project.settings.model))
