"""`cdml promote` and `cdml rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cdml.cli.app import app, leave, note, printable, root, say

if TYPE_CHECKING:
    from cdml.jobs.promote import Plan

DRY = typer.Option(False, "--dry-run", help="Print the plan and change nothing.")


@app.command()
def promote(
    context: typer.Context,
    version: str = typer.Argument(..., help="v1.4.0, churn@v1.4.0, or latest."),
    to: str = typer.Option(..., "--to", metavar="ENV", help="The environment."),
    why: str = typer.Option("", help="The reason, for the record."),
    lift: bool = typer.Option(False, "--lift", help="Lift the hold that a rollback left."),
    dry_run: bool = DRY,
) -> None:
    """Open the pull request that puts a version into an environment; merging it deploys."""
    from cdml.cli import ci_output
    from cdml.jobs.forge import require_forge
    from cdml.jobs.project import open_project
    from cdml.jobs.promote import open_plan, plan_promotion
    from cdml.jobs.pulls import judge_pull

    project = open_project(root(context))
    plan = plan_promotion(project, version, to, why, lift)
    _tell(plan)
    if dry_run:
        return
    pull = open_plan(project, plan, why)
    judge_pull(project, require_forge(project), pull, note)
    ci_output.opened(pull, plan.title)
    say(f"pull request {pull.number} is open; cdml pr merge {pull.number} deploys it")


@app.command()
def rollback(
    context: typer.Context,
    environment: str = typer.Argument(..., metavar="ENV"),
    to: str = typer.Option("", "--to", metavar="VERSION", help="Default: the version before the present one."),
    why: str = typer.Option("", help="The reason, for the record."),
    dry_run: bool = DRY,
) -> None:
    """Serve the earlier version again, without training, and hold the environment there."""
    from cdml.cli.outcome import tell_merged
    from cdml.jobs.forge import require_forge
    from cdml.jobs.project import open_project
    from cdml.jobs.promote import open_plan, plan_rollback
    from cdml.jobs.pulls import judge_pull, merge

    project = open_project(root(context))
    plan = plan_rollback(project, environment, to or None, why)
    _tell(plan)
    if dry_run:
        return
    pull = open_plan(project, plan, why)
    judge_pull(project, require_forge(project), pull, note)
    leave(tell_merged(merge(project, pull.number, "merge", note), project.settings.model))


def _tell(plan: Plan) -> None:
    say(plan.title)
    say(f"  branch  {plan.environment.branch} at {plan.tip[:7]}")
    say(f"  digest  sha256 {plan.record.artifact.sha256[:12]} ({plan.record.artifact.size:,} bytes)")
    say(f"  target  {plan.record.deploy.target}")
    if plan.record.hold:
        say(f"  hold    {printable(plan.record.hold)}")
