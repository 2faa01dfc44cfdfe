"""`cdml deploy ENV` and `cdml status`."""

from __future__ import annotations

import typer

from cdml.cli.app import JSON, app, leave, note, root, say, say_json


@app.command()
def deploy(
    context: typer.Context, environment: str = typer.Argument(..., metavar="ENV"), json: bool = JSON
) -> None:
    """Serve what the environment's release branch says."""
    from cdml.cli import ci_output
    from cdml.cli.outcome import tell_deployed
    from cdml.jobs.deployments import deploy_and_record
    from cdml.jobs.forge import find_forge
    from cdml.jobs.project import open_project

    project = open_project(root(context))
    deployed = deploy_and_record(project, find_forge(project), environment, note)
    if json:
        ci_output.deployed(deployed.deployment, environment)
        say_json(deployed)
        return
    leave(tell_deployed(deployed, environment))


@app.command()
def status(context: typer.Context, json: bool = JSON) -> None:
    """What should run (branch), what was recorded (tag), what does run (server); exit 4 when they differ."""
    from tabulate import tabulate

    from cdml.core.errors import Exit
    from cdml.jobs.project import no_environments, open_project
    from cdml.jobs.status import status as read

    project = open_project(root(context))
    found = read(project)
    if json:
        say_json(list(found))
    else:
        rows = [
            (s.environment, s.desired, s.recorded, s.actual, s.digest and s.digest[:12], s.problem or "ok", s.hold)
            for s in found
        ]
        headers = ["environment", "branch", "tag", "server", "sha256", "", "hold"]
        say(tabulate(rows, headers=headers, missingval="-") if rows else no_environments(project))
    leave(Exit.EXTERNAL if any(s.problem for s in found) else Exit.DONE)
