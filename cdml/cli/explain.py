"""`cdml explain`: what was tested, how and why, in words."""

from __future__ import annotations

import typer

from cdml.cli.app import JSON, app, printable, say, say_json


@app.command()
def explain(
    context: typer.Context,
    gate: str = typer.Argument("", metavar="GATE", help="A gate (f1:max-regression) or a metric; default: all."),
    base: str = typer.Option("", help="A version, a revision or a file of predictions; default: the champion."),
    head: str = typer.Option("", help="The same; default: the working tree."),
    as_json: bool = JSON,
) -> None:
    """Say what was tested, how and why, and what it means for the merge."""
    from cdml.cli.compare import judged
    from cdml.reports.explain import SEEDS
    from cdml.reports.explain import explain as explained

    found = explained(judged(context, base, head, {}), gate)
    if as_json:
        say_json(found)
        return
    for one in found:
        say(printable(f"{one.title}: {one.outcome}" if one.outcome else one.title))
        for sentence in one.sentences:
            say(printable(_wrapped(sentence)))
        say()
    say(SEEDS)


def _wrapped(sentence: str) -> str:
    import textwrap

    return textwrap.fill(sentence, 100, initial_indent="  ", subsequent_indent="  ")
