"""`cdml monitor`."""

from __future__ import annotations

from pathlib import Path

import typer

from cdml.cli.app import JSON, app, colour, leave, note, root, say, say_json


@app.command()
def monitor(
    context: typer.Context,
    environment: str = typer.Argument(
        "", metavar="[ENV]", help="Default: the last environment that has a version.", show_default=False
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Open, edit and close no issue."),
    strict: bool = typer.Option(False, "--strict", help="Exit 11 where there are too few rows to tell."),
    report: Path = typer.Option(None, metavar="FILE", help="Write what was seen as Markdown, too."),
    json: bool = JSON,
) -> None:
    """Compare what production sees and says with the test data of its version; exits 10 on drift."""
    from cdml.cli import ci_output
    from cdml.jobs.forge import find_forge
    from cdml.jobs.monitor import monitor as look
    from cdml.jobs.monitor import now
    from cdml.jobs.monitor_told import exit_code
    from cdml.jobs.project import open_project
    from cdml.reports.observation import page, table

    project = open_project(root(context))
    forge = None if dry_run else find_forge(project)
    seen = look(project, forge, environment, note, now())
    code = exit_code(seen, strict) if seen else 0
    if report and seen:
        report.write_text(page(seen), "utf-8")
    ci_output.observed(seen, project.settings.monitor, report, strict)
    if json:
        say_json(seen)
    elif seen is None:
        say("there is no version to look at yet")
    else:
        say(table(seen, colour=colour()))
    leave(code)
