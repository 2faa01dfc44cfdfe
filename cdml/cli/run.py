"""`cdml run JOB...` and `cdml run --event E`: what CI runs, here."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cdml.cli.app import JSON, app, leave, note, printable, root, say, say_json

if TYPE_CHECKING:
    from cdml.jobs.project import Project


class Verdict(StrEnum):
    """Who says that a gate failed, by its exit code."""

    here = "here"
    later = "later"


@app.command()
def run(
    context: typer.Context,
    jobs: list[str] = typer.Argument(None, metavar="JOB", help="install, data, train, evaluate, retrain"),
    event: str = typer.Option("", help="Run the jobs of an event instead: pull_request, main, release, comment."),
    pull: int = typer.Option(0, show_default=False, help="The number of the pull request, for that event."),
    head: str = typer.Option("", help="The commit that it offers; with --handover, where CI does not say it."),
    base: str = typer.Option("", help="The branch that it wants into; likewise."),
    branch: str = typer.Option("", help="The release branch, for that event."),
    comment: int = typer.Option(0, show_default=False, help="The id of the comment on --pull, for that event."),
    handover: Path = typer.Option(
        None, metavar="DIR", help="Write nothing to the forge: leave it in DIR for `cdml comment --from DIR`."
    ),
    verdict: Verdict = typer.Option(
        Verdict.here, help="Whether a failed gate fails this run, or a later job that has the handover."
    ),
    json: bool = JSON,
) -> None:
    """Train and evaluate what changed, through DVC, exactly as CI does."""
    from cdml.core.errors import UsageError
    from cdml.jobs.project import open_project

    if event == "comment":
        leave(_answer(root(context), pull, comment))
    project = open_project(root(context))
    if event and handover:
        leave(_hand_over(project, handover, (pull, head, base), verdict is Verdict.later))
    if event:
        leave(_run_event(project, event, pull, branch))
    if not jobs:
        raise UsageError("name a job", "cdml run train evaluate")
    if jobs in (["install"], ["retrain"]):
        leave(_install(project) if jobs == ["install"] else _retrain(project))
    others = tuple(job for job in jobs if job != "data")
    if "data" in jobs:
        _check_data(project, json and not others)
    if others:
        _run_jobs(project, others, json)


def _check_data(project: Project, json: bool) -> None:
    from cdml.cli import ci_output
    from cdml.jobs.data import check_data

    checked = check_data(project, lambda line: note(printable(line)))
    ci_output.outputs({"exit_code": "0"})
    if json:
        say_json({"findings": checked.findings})
        return
    for contract in project.settings.data:
        warned = sum(one.data == contract.name for one in checked.findings)
        more = f" ({warned} warnings)" if warned > 1 else " (1 warning)" if warned else ""
        say(f"data {contract.name}: {contract.path} keeps {contract.schema}{more}")
    if not project.settings.data:
        say("no data is under contract: cdml data add PATH")


def _run_jobs(project: Project, jobs: tuple[str, ...], json: bool) -> None:
    from cdml.cli import ci_output
    from cdml.jobs.run import run_jobs, share

    report = run_jobs(project, jobs, note)
    for path in report.undeclared:
        note(f"warning: {path} was read, but no stage declares it: a change of it would go unseen")
    alone = share(project) if report.ran else None
    if alone:
        note(f"warning: the outputs stay on this machine: {alone}")
    ci_output.outputs({"exit_code": "0", "ran": " ".join(report.ran)})
    if json:
        say_json(report)
        return
    for name in report.ran:
        say(f"{name}: ran")
    for name in report.skipped:
        say(f"{name}: nothing changed")


def _install(project: Project) -> int:
    from cdml.jobs.install import install

    if not install(project, note):
        say("nothing to install: there is neither ci.install nor requirements.txt")
    return 0


def _retrain(project: Project) -> int:
    from cdml.cli.outcome import tell_registered
    from cdml.jobs.retrain import retrain

    done = retrain(project, note)
    if done.pull:
        say(f"newer data: pull request {done.pull.number} trains on it")
    return tell_registered(done.registered, project.settings.model) if done.registered else 0


def _hand_over(project: Project, folder: Path, given: tuple[int, str, str], later: bool) -> int:
    from cdml.ci import run_context
    from cdml.ci.by_hand import pull_context
    from cdml.cli.outcome import tell_judgement
    from cdml.core.errors import UsageError
    from cdml.jobs.hand_over import hand_over

    context = pull_context(run_context(os.environ), *given)
    if context is None:
        raise UsageError("no run of CI says what this is of", "--pull N --head SHA --base BRANCH, or cdml pr open")
    done, code = hand_over(project, context, folder.absolute(), note)
    if done.judgement is None:
        say(done.waiting or "")
        return code
    tell_judgement(done.judgement)
    return 0 if later else code


def _answer(path: Path, pull: int, comment: int) -> int:
    """A command in a comment. One that was refused is no failure of CI: whoever wrote it has the answer."""
    from cdml.ci import run_context
    from cdml.core.errors import Exit, UsageError
    from cdml.jobs.commands import on_comment
    from cdml.jobs.forge import forge_of
    from cdml.state.git import Git, open_git

    here = run_context(os.environ)
    number, identity = pull or (here and here.pull), comment or (here and here.comment)
    if not number or not identity:
        raise UsageError("which comment is not known", "cdml run --event comment --pull N --comment ID")
    git = Git(open_git(path).top())
    answered = on_comment(git, forge_of(git), number, identity, note)
    say(printable(answered.said) or "no command for cdml")
    return answered.code if answered.code is Exit.EXTERNAL else 0


def _run_event(project: Project, event: str, pull: int, branch: str) -> int:
    from cdml.cli.outcome import tell_deployed, tell_judged, tell_registered
    from cdml.core.errors import UsageError
    from cdml.jobs.events import on_main, on_pull_request, on_release
    from cdml.jobs.forge import find_forge, require_forge
    from cdml.jobs.project import fetch

    fetch(project)
    if event == "pull_request" and pull:
        return tell_judged(on_pull_request(project, require_forge(project), pull, note))
    if event == "main":
        return tell_registered(on_main(project, find_forge(project), note), project.settings.model)
    if event == "release" and branch:
        return tell_deployed(on_release(project, find_forge(project), branch, note), branch)
    raise UsageError(
        f"{event!r} does not say what to run",
        "--event pull_request --pull N | main | release --branch NAME | comment --pull N --comment ID",
    )
