"""`cdml run JOB...` and `cdml run --event E`: what CI runs, here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cdml.cli.app import JSON, app, leave, note, root, say, say_json

if TYPE_CHECKING:
    from cdml.jobs.project import Project


@app.command()
def run(
    context: typer.Context,
    jobs: list[str] = typer.Argument(None, metavar="JOB", help="train, evaluate"),
    event: str = typer.Option("", help="Run the jobs of an event instead: pull_request, main, release."),
    pull: int = typer.Option(0, show_default=False, help="The number of the pull request, for that event."),
    branch: str = typer.Option("", help="The release branch, for that event."),
    json: bool = JSON,
) -> None:
    """Train and evaluate what changed, through DVC, exactly as CI does."""
    from cdml.core.errors import UsageError
    from cdml.jobs.project import open_project
    from cdml.jobs.run import run_jobs, share

    project = open_project(root(context))
    if event:
        leave(_run_event(project, event, pull, branch))
    if not jobs:
        raise UsageError("name a job", "cdml run train evaluate")
    report = run_jobs(project, tuple(jobs), note)
    for path in report.undeclared:
        note(f"warning: {path} was read, but no stage declares it: a change of it would go unseen")
    alone = share(project) if report.ran else None
    if alone:
        note(f"warning: the outputs stay on this machine: {alone}")
    if json:
        say_json(report)
        return
    for name in report.ran:
        say(f"{name}: ran")
    for name in report.skipped:
        say(f"{name}: nothing changed")


def _run_event(project: Project, event: str, pull: int, branch: str) -> int:
    from cdml.cli.outcome import tell_deployed, tell_judged, tell_registered
    from cdml.core.errors import UsageError
    from cdml.jobs.events import on_main, on_pull_request, on_release
    from cdml.jobs.forge import find_forge, require_forge
    from cdml.jobs.project import fetch

    fetch(project)
    if event == "pull_request" and pull:
        return tell_judged(on_pull_request(project, require_forge(project), pull, note))
    if event == "main":
        return tell_registered(on_main(project, find_forge(project), note), project.settings.model)
    if event == "release" and branch:
        return tell_deployed(on_release(project, find_forge(project), branch), branch)
    raise UsageError(
        f"{event!r} does not say what to run", "--event pull_request --pull N | main | release --branch NAME"
    )
