"""`cdml check`: every problem at once, before anything trains."""

from __future__ import annotations

import typer

from cdml.cli.app import JSON, app, leave, note, root, say, say_json


@app.command()
def check(
    context: typer.Context,
    show: bool = typer.Option(False, "--show", help="Print mlops.yaml with every default filled in."),
    as_json: bool = JSON,
) -> None:
    """Check mlops.yaml, the generated files and the repository: every problem at once."""
    from cdml.cli import ci_output
    from cdml.config.show import complete
    from cdml.config.show import show as shown
    from cdml.core.errors import Exit
    from cdml.core.serialize import plain
    from cdml.jobs import check as job

    found = job.check(root(context))
    settings = found.settings if show else None
    if as_json:
        say_json({"problems": plain(found.problems), **({"settings": complete(settings)} if settings else {})})
    elif settings:
        say(shown(settings, found.written).rstrip())
    elif not found.problems:
        say("mlops.yaml, the generated files and the repository: no problem found")
    if found.problems:
        ci_output.problems(found.problems)
        if not as_json:
            for problem in found.problems:
                note(str(problem))
            note("cdml: 1 problem" if len(found.problems) == 1 else f"cdml: {len(found.problems)} problems")
        leave(Exit.CONFIG)
