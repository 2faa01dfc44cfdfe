"""`cdml pr open | list | show | comment | merge`."""

from __future__ import annotations

from enum import StrEnum

import typer

from cdml.cli.app import JSON, app, leave, note, printable, root, say, say_json

pr = typer.Typer(help="Pull requests, on the forge of the remote.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(pr, name="pr")


class Method(StrEnum):
    """How branches are joined."""

    merge = "merge"
    squash = "squash"
    rebase = "rebase"


@pr.command("open", short_help="Offer the present branch, and run its jobs.")
def open_(
    context: typer.Context,
    to: str = typer.Option("", help="The branch to merge into; default: the main branch."),
    title: str = typer.Option("", help="Default: the subject of the last commit."),
    body: str = typer.Option("", help="What a reviewer should know."),
) -> None:
    """Offer the present branch, or update what it offered, and run its jobs."""
    from cdml.cli.outcome import tell_judged
    from cdml.jobs.project import open_project
    from cdml.jobs.pulls import offer

    project = open_project(root(context))
    leave(tell_judged(offer(project, to or None, title or None, body, note)))


@pr.command("list")
def list_(
    context: typer.Context,
    all: bool = typer.Option(False, "--all", help="Merged and closed ones too."),
    json: bool = JSON,
) -> None:
    """Pull requests, newest first."""
    from tabulate import tabulate

    from cdml.jobs.forge import require_forge
    from cdml.jobs.project import open_project

    pulls = require_forge(open_project(root(context))).pulls(None if all else "open")
    if json:
        say_json(list(pulls))
        return
    rows = [(p.number, p.state, p.source, p.target, printable(p.title)) for p in pulls]
    say(tabulate(rows, headers=["#", "state", "from", "into", "title"]) if rows else "no pull requests")


@pr.command()
def show(context: typer.Context, number: int, json: bool = JSON) -> None:
    """One pull request: its statuses and comments."""
    from cdml.jobs.forge import require_forge
    from cdml.jobs.project import open_project

    forge = require_forge(open_project(root(context)))
    pull = forge.pull(number)
    statuses, comments = forge.statuses(pull.head), forge.comments(number)
    if json:
        say_json({"pull": pull, "statuses": list(statuses), "comments": list(comments)})
        return
    say(
        f"#{pull.number} {printable(pull.title)} ({pull.state}: {pull.source} into {pull.target}, {pull.head[:7]})"
    )
    for status in statuses:
        say(printable(f"{status.state}: {status.context}: {status.description}"))
    for comment in comments:
        say(printable(f"\n{comment.author}:\n{comment.body}"))


@pr.command(short_help="Write a comment; a command in it is obeyed.")
def comment(
    context: typer.Context, number: int, text: str = typer.Argument(..., help="`/cdml help` for one.")
) -> None:
    """Write a comment. A command in it is answered by the forge's CI, and at once where there is none."""
    from cdml.core.command import is_command
    from cdml.forges import detect
    from cdml.jobs.commands import answer_here
    from cdml.jobs.forge import require_forge
    from cdml.jobs.project import open_project

    project = open_project(root(context))
    written = require_forge(project).comment(number, text)
    say(f"comment {written.id} is on pull request {number}")
    if not is_command(text):
        return
    if detect(project.git.remote_url() or "") != "local":
        say("its CI answers the command")
        return
    answered = answer_here(project, number, written.id, note)
    say(printable(answered.said))
    leave(answered.code)


@pr.command(short_help="Merge what was judged; register or deploy.")
def merge(context: typer.Context, number: int, method: Method = typer.Option(Method.merge, help="How.")) -> None:
    """Merge what was judged, then register or deploy as CI would after the push."""
    from cdml.cli.outcome import tell_merged
    from cdml.jobs.project import open_project
    from cdml.jobs.pulls import merge as merge_pull

    project = open_project(root(context))
    leave(tell_merged(merge_pull(project, number, method.value, note), project.settings.model))
