"""`cdml doctor`: what YAML cannot hold, with the command that mends it."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING

import typer

from cdml.cli.app import JSON, app, colour, leave, printable, root, say, say_json

if TYPE_CHECKING:
    from cdml.jobs.doctor_base import Finding

_ORDER = ("note", "unknown", "missing")
_COLOURS = {"ok": typer.colors.GREEN, "missing": typer.colors.RED, "unknown": typer.colors.YELLOW}
_INDENT = " " * 9
_WIDEST = 110


@app.command()
def doctor(
    context: typer.Context,
    fix: bool = typer.Option(False, "--fix", help="Create release branches that the remote lacks."),
    why: bool = typer.Option(False, "--why", help="Say why everything matters, not only what is missing."),
    body: str = typer.Option("", "--body", metavar="NAME", help="Print the JSON that a printed command sends."),
    as_json: bool = JSON,
) -> None:
    """Look at what YAML cannot hold: tools, remotes, tokens, protection, secrets.

    Each thing that is missing stands with the command that mends it, and the exit code is then 3. `unknown` could
    not be seen from here.
    """
    from cdml.core.errors import Exit
    from cdml.jobs import doctor as job

    if body:
        say_json(job.body(root(context), body))
        return
    found = job.doctor(root(context), fix=fix)
    if as_json:
        say_json(found)
    else:
        for branch in found.created:
            say(f"created  {branch} on origin")
        _tell(found.findings, why)
    if found.missing:
        leave(Exit.CONFIG)


def _tell(findings: tuple[Finding, ...], why: bool) -> None:
    """What is well on one line for each topic; what is missing last, nearest to where one types."""
    topics: dict[str, list[str]] = {}
    for one in findings:
        if one.state == "ok":
            topics.setdefault(one.topic, []).append(one.what)
    for things in topics.values():
        _line("ok", "; ".join(things))
    counts = dict.fromkeys(_ORDER, 0)
    for state in _ORDER:
        for one in findings:
            if one.state == state:
                counts[state] += 1
                _line(state, one.what, one.why if why or state == "missing" else "", one.command)
    parts = [f"{counts['missing'] or 'nothing'} missing"]
    parts += [f"{counts['unknown']} could not be seen"] if counts["unknown"] else []
    say(f"\n{', '.join(parts)}")


def _line(state: str, what: str, why: str = "", command: str = "") -> None:
    """A finding: a wrapped sentence, and a command that is left on one line, so that it can be copied."""
    width = min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)
    text = printable(f"{what}: {why}" if why else what)
    lines = textwrap.wrap(text, width - len(_INDENT), break_long_words=False, break_on_hyphens=False)
    mark = state.ljust(len(_INDENT))
    if colour():
        mark = typer.style(mark, fg=_COLOURS.get(state), bold=state == "missing")
    say(mark + f"\n{_INDENT}".join(lines))
    if command:
        mark = "at" if command.startswith("https://") else "$"
        say(f"{_INDENT}{mark} {printable(command)}")
