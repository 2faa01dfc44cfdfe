"""`cdml comment`: the trusted half of a pull request's run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cdml.cli.app import JSON, app, leave, note, printable, root, say, say_json

if TYPE_CHECKING:
    from cdml.jobs.deliver import Delivered

REPORT = "report.html"


@app.command()
def comment(
    context: typer.Context,
    source: Path = typer.Option(..., "--from", metavar="DIR", help="What `cdml run --handover DIR` left."),
    report: Path = typer.Option(
        None, metavar="DIR", help=f"Write the report of what was judged to DIR/{REPORT}, too."
    ),
    pull: int = typer.Option(0, show_default=False, help="The pull request that it must be about."),
    head: str = typer.Option("", help="The commit that it must be about, where CI does not say it."),
    run_url: str = typer.Option("", help="Where people see this run, where CI does not say it."),
    report_url: str = typer.Option("", help="Where people will find its report, likewise."),
    verdict: bool = typer.Option(False, "--verdict", help="Exit as the gates say, waivers counted."),
    as_json: bool = JSON,
) -> None:
    """Write the one comment, set the status and keep the judged run; code of the pull request is never run."""
    from cdml.ci import run_context
    from cdml.ci.by_hand import pull_context, with_addresses
    from cdml.cli import ci_output
    from cdml.core.errors import ExternalError, UsageError
    from cdml.jobs.deliver import deliver

    if not source.is_dir():
        raise UsageError(f"there is no folder {source}", "cdml run --event pull_request --handover DIR")
    here = with_addresses(pull_context(run_context(os.environ), pull, head, ""), run_url, report_url)
    done = deliver(root(context), source.absolute(), here, lambda line: note(_line(line)))
    if not done:
        raise ExternalError("nothing was handed over: the job before this one broke", "see its log")
    if report and (judged := [one.shown for one in done if one.shown]):
        from cdml.core.files import write
        from cdml.reports.html import reports

        write(report / REPORT, reports(judged))
    written = sum(one.outcome == "written" for one in done)
    ci_output.outputs({"exit_code": "0", "written": str(written)})
    if as_json:
        say_json([{"model": d.handover.model, "outcome": d.outcome, "kept": d.kept} for d in done])
    for one in () if as_json else done:
        kept = "" if one.kept is None else "; its run is kept"
        say(f"{one.handover.model}: {one.outcome}{kept}")
    codes = [code for one in done if verdict and (code := _code(one))]
    # Of several models the plainest refusal counts.
    leave(min(codes, default=0))


def _code(one: Delivered) -> int:
    """The exit code of a handover; waivers count where the forge was asked for them.

    What another push has hidden meanwhile is no success: the commit may be offered again.
    """
    from cdml.jobs.verdict import exit_code
    from cdml.jobs.waivers import without_waivers

    claimed = one.handover.judgement
    judgement = one.shown[0] if one.shown else without_waivers(claimed) if claimed else None
    return exit_code(judgement) if judgement else 0


def _line(text: str) -> str:
    """Words of others on one line: they must give the runner no commands."""
    return printable(" ".join(text.split()))
