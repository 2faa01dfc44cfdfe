"""The entry point, and the only place where an error becomes words and an exit code."""

from __future__ import annotations

import sys

import typer

from cdml.cli.app import app
from cdml.core.errors import CdmlError, ConfigError, Exit


def main() -> None:
    """Run the command line and exit."""
    try:
        app()
    except CdmlError as error:
        _explain(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(Exit.EXTERNAL)


def _explain(error: CdmlError) -> None:
    problems = error.problems if isinstance(error, ConfigError) else ()
    for problem in problems:
        typer.echo(str(problem), err=True)
    if error.message:
        typer.echo(f"cdml: {error.message}", err=True)
    if error.hint:
        typer.echo(f"  try: {error.hint}", err=True)
