"""The entry point, and the only place where an error becomes words and an exit code."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import typer

from cdml.cli.app import app, printable
from cdml.core.errors import CdmlError, ConfigError, Exit
from cdml.state.objects import close_objects


def main() -> None:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except CdmlError as error:
        _explain(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(Exit.EXTERNAL)
    except OSError as error:  # a full disk, a folder that may not be written
        typer.echo(f"cdml: {error.filename or 'the system'}: {error.strerror or error}", err=True)
        sys.exit(Exit.EXTERNAL)
    finally:
        close_objects()


def _stop(number: int, _frame: FrameType | None) -> None:
    """CI cancels with SIGTERM: leave as an exception does, so that what was begun is cleaned up."""
    sys.exit(128 + number)


def _explain(error: CdmlError) -> None:
    from cdml.cli import ci_output

    problems = error.problems if isinstance(error, ConfigError) else ()
    for problem in problems:
        typer.echo(printable(str(problem)), err=True)
    if error.message:
        typer.echo(f"cdml: {printable(error.message)}", err=True)
    if error.hint:
        typer.echo(f"  try: {printable(error.hint)}", err=True)
    ci_output.failed(error)
