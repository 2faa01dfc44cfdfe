"""`cdml init`: scaffold a project, or adopt the repository it stands in."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from cdml.cli.app import JSON, app, note, root, say, say_json

if TYPE_CHECKING:
    from cdml.jobs.init import InitResult

_COMMAND = "cdml.command"


class _WithCommand(TyperCommand):
    """Takes what stands after `--` for a command; click would take its first word for PATH."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Set the command aside and parse the rest."""
        if "--" in args:
            place = args.index("--")
            ctx.meta[_COMMAND] = tuple(args[place + 1 :])
            args = args[:place]
        return super().parse_args(ctx, args)


@app.command(cls=_WithCommand, epilog="After -- may stand a command that trains: it is run once.")
def init(
    context: typer.Context,
    path: Path = typer.Argument(Path(), metavar="PATH", help="The project's folder."),
    template: str = typer.Option("", help="Scaffold this project beside what is there: churn."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Ask nothing: take the best guess, and say so."),
    json: bool = JSON,
) -> None:
    """Scaffold a project in an empty folder, or adopt the repository it stands in.

    `cdml init -- python train.py` runs the command once, sees which files it reads and writes, and fills deps and
    outs. Files that are there are kept, nothing is committed, and running it again completes what is missing.
    """
    from cdml.core.errors import UsageError
    from cdml.jobs.init import init as initialise

    command: tuple[str, ...] = context.meta.get(_COMMAND, ())
    if _COMMAND in context.meta and not command:
        raise UsageError("no command stands after --", "cdml init -- python train.py")
    asks = not (yes or json) and sys.stdin.isatty() and sys.stdout.isatty()
    place = (root(context) / path).resolve()
    result = initialise(
        place, command=command, template=template or None, ask=_ask if asks else None, say=None if json else note
    )
    if json:
        say_json(result)
    else:
        _tell(result, place)


def _ask(question: str, best: str) -> str:
    return str(typer.prompt(question, default=best))


def _tell(result: InitResult, place: Path) -> None:
    for text in result.found:
        say(f"found      {text}")
    for text in result.guessed:
        say(f"guessed    {text}")
    width = max((len(file.path) for file in result.files), default=0)
    states = {"written": "wrote", "extended": "extended", "kept": "kept"}
    for file in result.files:
        say(f"{states[file.state]:<10} {file.path:<{width}}  {file.purpose}")
    for branch in result.branches:
        say(f"created    {branch} on origin: what that environment should run, one record per model")
    for text in result.notes:
        say(f"note       {text}")
    away = [f"cd {shlex.quote(str(place))}"] if place != Path.cwd() else []
    say("\nNext:")
    for step in (*away, *result.next_steps):
        say(f"  {step}")
