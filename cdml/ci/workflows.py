"""The one description of jobs and triggers, from which every provider is rendered."""

from __future__ import annotations

from dataclasses import replace

from cdml.ci.base import Concurrency, Condition, Input, Job, Permission, Repository, Step, Workflow
from cdml.ci.machines import like, per_model, secrets_of
from cdml.core.settings import Environment

HANDOVER = "cdml-handover"
STATED = "What was stated since"  # forges know this job by its title, to run it again
REPORT = "cdml-report"  # the pages of the models that a pull request concerns, for people
# What a job hands on to the next so that it need not work again, as paths in the model's folder.
WORK = ("dvc.lock", ".dvc/cache")
OPERATIONS = ("promote", "rollback")
SCHEDULED = ("retrain", "monitor")  # the jobs that a schedule starts, as well as a person
NO_OR_YES = ("false", "true")
# What a command in a comment tells the run that judges again; the program reads it as `RunContext` has it.
TOLD = (
    Input("pull", "The number of the pull request", required=True),
    Input("head", "The commit that it offers, in full", required=True),
    Input("base", "The branch that it wants into", required=True),
    Input("fork", "Whether the commit comes from a fork", False, NO_OR_YES, "false"),
    Input("force", "Whether to train where nothing changed", False, NO_OR_YES, "false"),
    Input("folder", "The folder of the one model to judge; all that are concerned where it is empty"),
)

READ = Permission("contents", "read", "reads the repository")
PUSH = Permission("contents", "write", "pushes judged runs, tags and branches")
COMMENT = Permission("pull-requests", "write", "writes comments, opens pull requests")
STATUS = Permission("statuses", "write", "states the verdict on the commit")
SEE = Permission("statuses", "read", "reads what was stated of the commit")
ISSUE = Permission("issues", "write", "keeps the one issue that says why there is no version")
DRIFT = Permission("issues", "write", "keeps the one issue that says what drifted")
ANSWER = Permission("issues", "write", "shows on a comment that it was seen, and how it went")
START = Permission("actions", "write", "starts the workflow that judges again, and the check that looks again")
AGAIN = Permission("actions", "write", "has the required check look again, after a run that was asked for")
ARTIFACTS = Permission("actions", "read", "reads what the run of the pull request handed over")


def workflows(repository: Repository, *, only_judge: bool = False) -> tuple[Workflow, ...]:
    """Every workflow of a repository; with `only_judge` the one that judges pull requests and writes nothing."""
    if only_judge:
        return (_pull_request(repository, report=False),)
    found = [_pull_request(repository, report=True), _commands(repository), _main(repository)]
    found += [_deploy(repository)] if any(model.environments for model in repository.models) else []
    found.append(_operate(repository))
    found += [_forks(repository)] if any(model.ci.forks for model in repository.models) else []
    return tuple(found)


def _pull_request(repository: Repository, *, report: bool) -> Workflow:
    judge = Job(
        "judge",
        "Train and judge",
        (_step("Test, train, evaluate and judge", "run", "--event", "pull_request", "--handover", HANDOVER),),
        needs=("plan",),
        permissions=(READ,),
        cloud="read",
        stores=HANDOVER,
        cache=True,
        untrusted=True,
        concurrency=Concurrency("cdml-judge", by_pull=True, cancel="superseded"),
    )
    jobs = [_plan(repository), per_model(repository, judge, "train")]
    if report:
        jobs[0] = replace(jobs[0], when=("asked",))
        jobs.append(replace(_report(repository), needs=("judge",), when=("always", "own")))
        jobs.append(_stated(repository))
    gate = Job(
        "gate",
        "cdml gate",
        needs=tuple(job.id for job in jobs),
        when=("always",),
        checkout="none",
        concurrency=Concurrency("cdml-gate", by_pull=True, cancel="always"),
    )
    return Workflow(
        "cdml-pull-request",
        "cdml pull request",
        "trains and judges what a pull request offers, and comments on it",
        ("pull_request",),
        (*jobs, like(repository, gate, "default")),
        told=TOLD if report else (),
    )


def _stated(repository: Repository) -> Job:
    """After a waiver, or a run that somebody asked for, the check follows what was stated of the commit."""
    job = Job(
        "stated",
        STATED,
        (Step("See whether it was judged or waived since", ("cdml", "ci", "gate")),),
        needs=("plan", "judge", "report"),
        when=("broken",),
        permissions=(READ, SEE),
        checkout="main",
        concurrency=Concurrency("cdml-stated", by_pull=True, cancel="always"),
    )
    return like(repository, job, "default")


def without(workflow: Workflow, condition: Condition) -> Workflow:
    """The workflow without the jobs of a condition that a provider has no use for."""
    gone = {job.id for job in workflow.jobs if condition in job.when}
    kept = (job for job in workflow.jobs if job.id not in gone)
    jobs = (replace(job, needs=tuple(name for name in job.needs if name not in gone)) for job in kept)
    return replace(workflow, jobs=tuple(jobs))


def _plan(repository: Repository) -> Job:
    """Which models a change touches is decided in a job: a filter on the workflow would leave a check pending."""
    step = Step("See which models are concerned", ("cdml", "ci", "plan"))
    once = Concurrency("cdml-plan", by_pull=True, cancel="always")
    return like(repository, Job("plan", "Plan", (step,), permissions=(READ,), concurrency=once), "default")


def _report(repository: Repository) -> Job:
    """The trusted half: it runs no code of the pull request, and reads what that handed over as data."""
    job = Job(
        "report",
        "Report",
        (
            Step(
                "Comment, state the verdict, keep the judged run",
                ("cdml", "comment", "--from", HANDOVER, "--report", REPORT),
            ),
        ),
        permissions=(PUSH, COMMENT, STATUS, AGAIN),
        checkout="main",
        cloud="write",
        pushes=True,
        takes=HANDOVER,
        shows=REPORT,
        concurrency=Concurrency("cdml-report", by_pull=True),
    )
    return replace(like(repository, job, "default"), secrets=secrets_of(repository.models, ("register",)))


def _commands(repository: Repository) -> Workflow:
    """One job for all models: which of them a comment is about, and whether its writer may, the forge is asked.

    It runs main's code and nothing of the pull request's; what must be judged again is started as its own run.
    """
    job = Job(
        "answer",
        "Answer",
        (Step("Do what the comment asks for", ("cdml", "run", "--event", "comment")),),
        when=("command",),
        permissions=(PUSH, COMMENT, STATUS, ANSWER, START),
        checkout="main",
        cloud="write",
        pushes=True,
        concurrency=Concurrency("cdml-commands", by_pull=True),
    )
    answer = replace(like(repository, job, "default"), secrets=secrets_of(repository.models, ("register",)))
    title = "does what a comment on a pull request asks for"
    return Workflow("cdml-commands", "cdml commands", title, ("comment",), (answer,))


def _forks(repository: Repository) -> Workflow:
    """Nothing of a fork is kept: its judged run is trained again, by main, once it is merged."""
    report = replace(
        _report(repository),
        when=("forks",),
        permissions=(READ, COMMENT, STATUS, ARTIFACTS),
        pushes=False,
        cloud=None,
        secrets=(),
    )
    return Workflow(
        "cdml-forks",
        "cdml forks",
        "comments on pull requests of forks, whose own runs may not write",
        ("forks",),
        (report,),
    )


def _main(repository: Repository) -> Workflow:
    register = Job(
        "register",
        "Register",
        (_step("Register what was merged", "run", "--event", "main"),),
        needs=("plan",),
        permissions=(PUSH, ISSUE),
        cloud="write",
        pushes=True,
        concurrency=Concurrency("cdml-register"),
        parts=_parts(repository),
    )
    return Workflow(
        "cdml-main",
        "cdml main",
        "registers what was merged",
        ("main",),
        (_plan(repository), per_model(repository, register, "register", "train")),
    )


def _parts(repository: Repository) -> tuple[Job, ...]:
    """What a registration trains and evaluates where no judged run holds it, as jobs that may not write."""
    shared = Job("train", "Train", when=("untrained",), permissions=(READ,), cloud="read")
    train = replace(shared, steps=(_step("Train", "run", "train"),), needs=("plan",), stores="cdml-train")
    evaluate = replace(
        shared,
        id="evaluate",
        title="Evaluate",
        steps=(_step("Evaluate", "run", "evaluate"),),
        needs=("plan", "train"),
        takes="cdml-train",
        stores="cdml-evaluate",
    )
    return tuple(per_model(repository, job, "train") for job in (train, evaluate))


def _deploy(repository: Repository) -> Workflow:
    """One job for each release branch: each has its own protection, secrets and queue."""
    jobs = [replace(_plan(repository), checkout="main")]
    for number, (branch, environment) in enumerate(branches(repository).items(), start=1):
        job = Job(
            f"deploy-{number}",
            f"Deploy {environment.name}",
            (_step("Deploy what the release branch says", "run", "--event", "release", "--branch", branch),),
            needs=("plan",),
            when=("branch",),
            permissions=(PUSH, STATUS),
            cloud="write",
            pushes=True,
            checkout="main",
            environment=environment.name,
            branch=branch,
            concurrency=Concurrency(f"cdml-deploy-{number}"),
        )
        jobs.append(per_model(repository, job, "deploy"))
    return Workflow(
        "cdml-deploy",
        "cdml deploy",
        "deploys what was merged to a release branch",
        ("release",),
        tuple(jobs),
    )


def branches(repository: Repository) -> dict[str, Environment]:
    """Every release branch of the repository with its environment, in promotion order."""
    found: dict[str, Environment] = {}
    for environment in (one for model in repository.models for one in model.environments):
        found.setdefault(environment.branch, environment)
    return found


def _operate(repository: Repository) -> Workflow:
    """What people start by hand, and the schedules of retraining and of looking at production."""
    names = tuple(dict.fromkeys(environment.name for environment in branches(repository).values()))
    due, watched = _schedules(repository), any(model.monitor for model in repository.models)
    promote = _step("Open the promotion", "promote", "$CDML_VERSION", "--to", "$CDML_ENVIRONMENT")
    rollback = _step("Open the rollback", "rollback", "$CDML_ENVIRONMENT", "--why", "$CDML_REASON")
    retrain = _step("Train main again on what moved on", "run", "retrain")
    moves = [("promote", "Promote", promote), ("rollback", "Roll back", rollback)] if names else []
    # A rollback deploys in the same run; a promotion is deployed by its merge.
    kinds = {"promote": ("register",), "rollback": ("deploy", "register")}
    jobs = [_by_hand(repository, Job(name, title, (step,)), *kinds[name]) for name, title, step in moves]
    again = Job("retrain", "Retrain", (retrain,), permissions=(ISSUE,), concurrency=Concurrency("cdml-register"))
    return Workflow(
        "cdml-operate",
        "cdml operate",
        _purpose(bool(names), watched, bool(due)),
        ("manual", "schedule") if due else ("manual",),
        (
            replace(_plan(repository), checkout="main"),
            *jobs,
            _by_hand(repository, again, "retrain", "train", "register"),
            *((_monitor(repository),) if watched else ()),
        ),
        _inputs(repository, names),
        due,
    )


def _purpose(moves: bool, watches: bool, scheduled: bool) -> str:
    verbs = [*(("promotes", "rolls back") if moves else ()), "retrains", *(("monitors",) if watches else ())]
    listed = f"{', '.join(verbs[:-1])} and {verbs[-1]}" if verbs[1:] else verbs[0]
    return f"{listed}, by hand{' or on a schedule' if scheduled else ''}"


def _monitor(repository: Repository) -> Job:
    """It runs none of the project's code, and writes nothing but an issue."""
    job = Job(
        "monitor",
        "Monitor",
        (_step("Compare production with the test data of its version", "monitor"),),
        needs=("plan",),
        when=("monitored", "choice"),
        per_model=True,
        permissions=(READ, DRIFT),
        cloud="write",
        checkout="main",
        concurrency=Concurrency("cdml-monitor"),
    )
    return like(repository, job, "monitor")


def _by_hand(repository: Repository, job: Job, *kinds: str) -> Job:
    """A job of the model that a person chose or the schedule names, which changes what a branch will hold."""
    asked = replace(
        job,
        needs=("plan",),
        when=("choice",),
        permissions=(PUSH, COMMENT, STATUS, *job.permissions),
        cloud="write",
        pushes=True,
        checkout="main",
        concurrency=job.concurrency or Concurrency("cdml-move"),
    )
    return per_model(repository, asked, *kinds)


def _inputs(repository: Repository, environments: tuple[str, ...]) -> tuple[Input, ...]:
    """What a person is asked; which model, only where there are several."""
    watched = any(model.monitor for model in repository.models)
    operations = (*(OPERATIONS if environments else ()), "retrain", *(("monitor",) if watched else ()))
    asked = [Input("operation", "What to do", True, operations, operations[0])]
    if len(repository.models) > 1:
        folders = tuple(model.folder for model in repository.models)
        asked.append(Input("folder", "The model's folder", True, folders, folders[0]))
    if environments:
        asked.append(Input("environment", "The environment to change", True, environments, environments[0]))
        asked.append(Input("version", "What to promote: a version such as v1.2.0, or latest", default="latest"))
        asked.append(Input("reason", "Why, for the record"))
    return tuple(asked)


def _schedules(repository: Repository) -> tuple[str, ...]:
    """Every cron line of retraining and of monitoring: what is due on one, the plan says."""
    lines = [line for model in repository.models for line in (model.schedule, model.monitor)]
    return tuple(dict.fromkeys(filter(None, lines)))


def _step(title: str, *words: str) -> Step:
    """A command in the model's folder."""
    return Step(title, ("cdml", "-C", "$CDML_FOLDER", *words))
