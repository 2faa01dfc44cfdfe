"""`cdml generate`: the files that follow from mlops.yaml."""

from __future__ import annotations

import typer

from cdml.cli.app import JSON, app, leave, note, root, say, say_json


@app.command()
def generate(
    context: typer.Context,
    check: bool = typer.Option(False, "--check", help="Write nothing; exit 3 on any byte of difference."),
    force: bool = typer.Option(False, "--force", help="Overwrite files that were edited below their header."),
    vendor_actions: bool = typer.Option(
        False, "--vendor-actions", help="Copy the third-party actions of GitHub workflows into the repository."
    ),
    source: str = typer.Option("https://github.com", "--from", metavar="URL", help="Where they are copied from."),
    as_json: bool = JSON,
) -> None:
    """Write dvc.yaml, the CI, the schema and the ignore rules that mlops.yaml asks for."""
    from cdml.core.errors import Exit
    from cdml.jobs import generate as job

    if vendor_actions:
        from cdml.jobs.vendor import vendor_actions as copy

        copy(root(context), source, note)
    done = job.generate(root(context), check=check, force=force)
    stale = [item for item in done if item.state == "stale"]
    if as_json:
        say_json(done)
    else:
        for item in done:
            say(f"{item.state:9}  {item.path}: {item.purpose}")
        for item in stale:
            say(f"\n{item.diff.rstrip()}")
    if stale:
        note(f"cdml: {', '.join(item.path for item in stale)}: not what mlops.yaml says\n  try: cdml generate")
        leave(Exit.CONFIG)
