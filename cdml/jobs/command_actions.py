"""What the commands in comments do, but for waivers; each returns what it did, in words and as an address."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cdml.core.errors import UsageError
from cdml.core.release import Version
from cdml.forges import detect
from cdml.forges.base import PullRequest
from cdml.jobs.asked import Asked, is_release, models, one_model, require_open, require_seen
from cdml.jobs.asked_branch import point_at_main
from cdml.jobs.concerned import Concerned
from cdml.jobs.events import on_pull_request
from cdml.jobs.forge import require_forge
from cdml.jobs.project import Project, fetch
from cdml.jobs.promote import Plan, open_plan, plan_promotion, plan_rollback
from cdml.jobs.pulls import judge_pull
from cdml.registry.model import Registered
from cdml.registry.read import complete, read
from cdml.registry.record import read_record
from cdml.reports.words import headline
from cdml.state.plumbing import temporary_clone

# Forges whose CI is asked to run a workflow, and needs a branch to run it on.
ON_A_BRANCH = ("github", "gitea")


@dataclass(frozen=True)
class Done:
    """What a command did; `url` is where it is seen, or empty, `head` the commit that it was done to."""

    said: str
    url: str = ""
    head: str = ""


def judge_again(asked: Asked) -> Done:
    """retrain and evaluate: the forge's CI judges the pull request's head, or this process where there is none."""
    require_open(asked)
    if is_release(asked):
        raise UsageError("this pull request promotes a version: nothing is trained for it", "/cdml help")
    meant = models(asked)
    require_seen(asked, meant)
    force = asked.command.verb == "retrain"
    forge = detect(asked.git.remote_url() or "")
    if forge == "local":
        return Done("; ".join(_judge_here(asked, one, force) for one in meant))
    pull = asked.pull
    inputs = {
        "pull": str(pull.number),
        "head": pull.head,
        "base": pull.target,
        "fork": str(pull.fork).lower(),
        "force": str(force).lower(),
        "folder": (meant[0].folder or ".") if asked.command.model else "",
    }
    if forge in ON_A_BRANCH:
        point_at_main(asked.git)
    url = asked.forge.start_run(pull, inputs)
    names = ", ".join(one.model for one in meant)
    return Done(f"{names}: a run that judges {pull.head[:7]} was started", url)


def _judge_here(asked: Asked, one: Concerned, force: bool) -> str:
    with temporary_clone(asked.git, asked.pull.head) as clone:
        there = asked.pick(clone.top() / one.folder)
        judged = on_pull_request(there, require_forge(there), asked.pull.number, asked.say, force=force)
    return headline(judged.judgement) if judged.judgement else f"{one.model}: judged"


def promote(asked: Asked) -> Done:
    """Open the pull request that puts the version of this one into an environment."""
    project = asked.project(one_model(asked))
    fetch(project)
    version = _version(asked, project)
    plan = plan_promotion(project, version, asked.command.environment, _why(asked), lift=False)
    return _open(asked, project, plan)


def rollback(asked: Asked) -> Done:
    """Open the pull request that brings the earlier version of an environment back."""
    project = asked.project(one_model(asked))
    return _open(asked, project, plan_rollback(project, asked.command.environment, None, _why(asked)))


def _open(asked: Asked, project: Project, plan: Plan) -> Done:
    pull = open_plan(project, replace(plan, record=replace(plan.record, who=asked.who)), _why(asked))
    # What CI's own token opens starts no run of CI.
    judge_pull(project, require_forge(project), pull, asked.say)
    return Done(f"{plan.title}: pull request {pull.number} is open, merging it deploys", pull.url)


def _why(asked: Asked) -> str:
    return f"{asked.who} asked for it in comment {asked.comment.id} on pull request {asked.pull.number}"


def _version(asked: Asked, project: Project) -> str:
    """The version that a pull request is about: its record's, or what its merge became; else the latest."""
    model = project.settings.model
    if is_release(asked):
        record = read_record(project.git, asked.pull.head, model)
        return record.label if record else "latest"
    registry = read(project.git)
    made = _made_of(project, asked.pull, registry.versions(model))
    return made.label if made else "latest"


def _made_of(project: Project, pull: PullRequest, versions: tuple[Registered, ...]) -> Version | None:
    """The first version that holds what was merged."""
    if pull.merged_as is None:
        return None
    found = None
    for version in map(complete, sorted(versions, key=lambda one: one.time, reverse=True)):
        commit = version.provenance.commit if version.provenance else version.commit
        holds = project.git.run("merge-base", "--is-ancestor", pull.merged_as, commit, check=False).code == 0
        if not holds:
            break
        found = version
    return found
