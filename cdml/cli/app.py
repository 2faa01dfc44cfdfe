"""The application that every verb registers with, and what verbs share to speak to people and machines."""

from __future__ import annotations

import json
import os
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import typer

from cdml.cli import credentials
from cdml.cli.verbs import Verbs

# Plain help: rich's costs three times typer's own import.
app = typer.Typer(
    cls=Verbs,
    name="cdml",
    help="Continuous delivery for machine learning, driven by repository state.",
    options_metavar="[-C PATH] [--version] [--help]",
    epilog="-C PATH acts as if started in PATH; cdml COMMAND --help tells more of one.",
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
JSON = typer.Option(False, "--json", help="Print JSON for machines.")
_ACTED_ON = ContextVar("acted on", default=Path())


def _version(asked: bool) -> None:
    if asked:
        from cdml import __version__

        typer.echo(f"cdml {__version__}")
        raise typer.Exit


@app.callback()
def place(
    context: typer.Context,
    path: Path = typer.Option(Path(), "-C", metavar="PATH", help="Act as if started in PATH."),
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_version, help="Print the version and exit."
    ),
) -> None:
    """Continuous delivery for machine learning, driven by repository state."""
    context.obj = path
    credentials.enter()
    _ACTED_ON.set(path)


def root(context: typer.Context) -> Path:
    """The directory that the command acts on."""
    path = Path(context.obj or ".")
    if not path.is_dir():
        from cdml.core.errors import UsageError

        raise UsageError(f"{path} is not a directory")
    return path.resolve()


def acted_on() -> Path:
    """The same, unchecked, where the command's context is gone: what ended it is told afterwards."""
    return _ACTED_ON.get()


def say(text: str = "") -> None:
    """A line of the answer, on standard output."""
    typer.echo(text)


def note(text: str) -> None:
    """A line about the work, on standard error, so that the answer can be piped."""
    typer.echo(text, err=True)


def printable(text: str) -> str:
    """Words of others without what moves a terminal's cursor, turns its direction or commands an agent of CI.

    Lines stay lines.
    """
    from cdml.ci.text import harmless

    return harmless("".join(character for character in text if character.isprintable() or character in "\n\t"))


def say_json(value: Any) -> None:
    """The answer for machines."""
    from cdml.core.serialize import plain

    typer.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def leave(code: int) -> None:
    """End the command with an exit code."""
    raise typer.Exit(code)


def colour() -> bool:
    """Whether to colour: only on a terminal, and never against NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
