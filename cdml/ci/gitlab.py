"""GitLab CI: one file with every job, which the repository's own .gitlab-ci.yml includes.

A job's rules are read before anything ran, so there is no matrix over the plan: each model has its own jobs, and a
job whose model the event does not concern ends before it sets anything up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cdml.ci.base import CiFile, Job, Model, Provider, Repository, Workflow
from cdml.ci.gitlab_run import ID_TOKEN, TOKEN, TOLD, context, credentials, identity
from cdml.ci.machines import DEFAULT_LABEL, OLDEST_PYTHON, tool_python
from cdml.ci.text import command, comment, refuse_expression, scalar
from cdml.ci.workflows import SCHEDULED, without
from cdml.core.errors import ConfigError
from cdml.core.resources import render

MAIN_FILE = ".gitlab-ci.yml"
FILE = ".gitlab/cdml.yml"
# What a person is asked who starts a pipeline, by the input's name.
_INPUTS = {
    "operation": "CDML_OPERATION",
    "folder": "CDML_CHOSEN_FOLDER",
    "environment": "CDML_ENVIRONMENT",
    "version": "CDML_VERSION",
    "reason": "CDML_REASON",
}
_BY_HAND = "$CI_PIPELINE_SOURCE =~ /^(web|api|trigger)$/"
# A pipeline of a fork runs in the fork's project, unless a member of this one started it here.
_OWN = "$CI_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
_COMMENT = '$CI_PIPELINE_SOURCE == "trigger" && $TRIGGER_PAYLOAD'


@dataclass(frozen=True)
class _Run:
    """A job of the pipeline: one of the description, or what that is for one model."""

    name: str
    model: Model | None
    image: str
    tags: tuple[str, ...]
    minutes: int
    group: str | None
    variables: dict[str, str]


@dataclass(frozen=True)
class _View:
    """A job of the description with what only GitLab's words can say of it; `needs` are names with `optional`."""

    job: Job
    name: str
    plan: str
    rules: tuple[str, ...]
    needs: tuple[tuple[str, bool], ...]
    merge_request: bool
    interruptible: bool
    environment: str
    secrets: tuple[str, ...]
    tokens: dict[str, str]
    commands: tuple[tuple[str, ...], ...]
    runs: tuple[_Run, ...]


def files(repository: Repository, workflows: tuple[Workflow, ...]) -> tuple[CiFile, ...]:
    """Every job in one file, and the one that includes it, which a repository's own takes the place of."""
    _refuse_dollars(repository)
    if tool_python(repository):
        raise ConfigError(
            f"ci.python: a job of GitLab has one Python, and that must be {OLDEST_PYTHON} or newer for cdml",
            f'python: "{OLDEST_PYTHON}", or another provider',
        )
    # Pipelines of forks run in the fork's project, so there is no trusted half that could wait for them.
    known = tuple(workflow for workflow in workflows if "forks" not in workflow.events)
    return (
        CiFile(
            FILE,
            _purpose(repository),
            _text(repository, known),
            release=True,
        ),
        CiFile(
            MAIN_FILE,
            f"includes {FILE}",
            render_include(),
            instead=f"include: {{local: {FILE}}}",
            release=True,
        ),
    )


def _purpose(repository: Repository) -> str:
    last = ", retrains and monitors" if any(one.monitor for one in repository.models) else " and retrains"
    return f"trains and judges merge requests, registers, deploys{last}"


def render_include() -> str:
    """The file that GitLab reads, where a repository has none of its own."""
    return (
        "# For jobs of your own delete the two lines above: from then on this file is yours, and stays as it is.\n"
        f"include:\n  - local: {FILE}\n"
    )


def _text(repository: Repository, workflows: tuple[Workflow, ...]) -> str:
    exact = repository.cdml.removeprefix("==") if repository.cdml.startswith("==") else ""
    refuse_expression(repository.cdml)
    workflows = tuple(without(workflow, "broken") for workflow in workflows)
    views = [_view(repository, workflow, job) for workflow in workflows for job in workflow.jobs]
    inputs = {
        _INPUTS[one.name]: (one.description, one.options, one.default)
        for workflow in workflows
        for one in workflow.inputs
    }
    return render(
        "ci/gitlab/pipeline.yml.j2",
        views=views,
        inputs=inputs,
        schedules=[line for workflow in workflows for line in workflow.schedules],
        queued=[rule for workflow in workflows for rule in _queued(repository, workflow)],
        requirement=repository.requirement,
        exact=exact,
        main=repository.main,
        commands=any("comment" in workflow.events for workflow in workflows),
        index=repository.models[0].ci.index_url,
        token=TOKEN,
        scalar=scalar,
        quoted=_quoted,
        line=_line,
        comment=comment,
    )


def _view(repository: Repository, workflow: Workflow, job: Job) -> _View:
    writes = any(right.level == "write" and right.right != "id-token" for right in job.permissions)
    judges = "pull_request" in workflow.events
    return _View(
        job=job,
        name=f"{workflow.id}:{job.id}",
        plan=f"{workflow.id}:plan",
        rules=_rules(repository, workflow, job),
        needs=_needs(repository, workflow, job),
        merge_request=judges,
        interruptible=judges and not writes,
        environment=_environment(job, writes),
        secrets=(*((TOKEN,) if writes else ()), *job.secrets),
        tokens=_tokens(repository) if job.cloud else {},
        commands=tuple(_words(job, step.command) for step in job.steps),
        runs=_runs(repository, workflow, job),
    )


def _words(job: Job, words: tuple[str, ...]) -> tuple[str, ...]:
    """Each model's job hands over a folder of its own: artifacts of several jobs are unpacked in one place.

    The pipeline is what a merge asks for: its verdict is the report's, which knows of waivers, and is run again
    for them without training anew.
    """
    verdict = ("--verdict", "$CDML_VERDICT") if job.untrusted and job.stores else ()
    own = tuple("$CDML_HANDOVER" if word == job.stores else word for word in words)
    return (*own, *verdict, *(("--verdict",) if job.takes else ()))


def _environment(job: Job, writes: bool) -> str:
    """The scope of a job's CI/CD variables; no job that runs code of merge requests has one under `cdml/`."""
    if job.environment:
        return job.environment
    if writes:
        return f"cdml/{job.id}"
    return f"cdml-{job.id}" if job.secrets else ""


def _runs(repository: Repository, workflow: Workflow, job: Job) -> tuple[_Run, ...]:
    models: tuple[Model | None, ...] = repository.models if job.per_model else (None,)
    return tuple(_run(repository, workflow, job, number, model) for number, model in enumerate(models, start=1))


def _run(repository: Repository, workflow: Workflow, job: Job, number: int, model: Model | None) -> _Run:
    one = model or repository.models[0]
    labels = job.labels[one.folder]
    suffix = f":{model.name}" if model else ""
    variables = {"CDML_FOLDER": model.folder} if model else {}
    if model and job.stores:
        variables["CDML_HANDOVER"] = f"{job.stores}/{number}"
    if model and job.cache:
        variables["CDML_CACHE"] = (
            f"cdml-dvc-{model.name.replace('/', '.')}"  # no name holds a dot, nor a key a slash
        )
    return _Run(
        name=f"{workflow.id}:{job.id}{suffix}",
        model=model,
        # A machine of one's own has its own image, or none.
        image=f"python:{one.ci.python}" if labels == (DEFAULT_LABEL,) else "",
        tags=() if labels == (DEFAULT_LABEL,) else labels,
        minutes=job.minutes[one.folder],
        group=_group(job, model),
        variables=variables,
    )


def _group(job: Job, model: Model | None) -> str | None:
    """The resource group of jobs that wait for each other; those that end their predecessor are interruptible."""
    if job.concurrency is None or job.concurrency.cancel != "never":
        return None
    # Which merge request a comment is about stands in no variable: there all wait for each other.
    of_pull = "-$CI_MERGE_REQUEST_IID" if job.concurrency.by_pull and "command" not in job.when else ""
    return f"{job.concurrency.group}{f'-{model.name}' if model else ''}{of_pull}"


def _needs(repository: Repository, workflow: Workflow, job: Job) -> tuple[tuple[str, bool], ...]:
    """Names of the jobs that come before, and whether a pipeline may lack them."""
    known = {one.id: one for one in workflow.jobs}
    return tuple(
        (run.name, "own" in known[name].when)
        for name in job.needs
        for run in _runs(repository, workflow, known[name])
    )


def _rules(repository: Repository, workflow: Workflow, job: Job) -> tuple[str, ...]:
    """Conditions of which one must hold for a pipeline to have the job; a plan's are those of what follows it."""
    if job.id == "plan":
        after = (one for one in workflow.jobs if "plan" in one.needs and one.id != "gate")
        return tuple(dict.fromkeys(rule for one in after for rule in _rules(repository, workflow, one)))
    if "pull_request" in workflow.events:
        rule = '$CI_PIPELINE_SOURCE == "merge_request_event"'
        rule += f" && $CI_MERGE_REQUEST_TARGET_BRANCH_NAME == {_literal(repository.main)}"
        return (f"{rule} && {_OWN}" if "own" in job.when else rule,)
    if "comment" in workflow.events:
        return (f"{_COMMENT} && $CI_COMMIT_BRANCH == {_literal(repository.main)}",)
    if job.branch or "main" in workflow.events:
        return (_pushed(job.branch or repository.main),)
    main = f"$CI_COMMIT_BRANCH == {_literal(repository.main)}"
    due = (f'$CI_PIPELINE_SOURCE == "schedule" && {main} && $CDML_SCHEDULE',) if workflow.schedules else ()
    return (f'{_BY_HAND} && {main} && $CDML_OPERATION == "{job.id}"', *(due if job.id in SCHEDULED else ()))


def _queued(repository: Repository, workflow: Workflow) -> tuple[str, ...]:
    """The rules of pipelines that no newer commit may end."""
    pushed = {"main", "release"} & set(workflow.events)
    return tuple(rule for job in workflow.jobs[:1] if pushed for rule in _rules(repository, workflow, job))


def _pushed(branch: str) -> str:
    return f'$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == {_literal(branch)}'


def _literal(branch: str) -> str:
    """A branch as text of a rule, which knows both quotes and no way to escape them."""
    refuse_expression(branch)
    quote = next((mark for mark in ('"', "'") if mark not in branch), None)
    if quote is None:
        raise ConfigError(f"{branch!r} cannot stand in a rule of GitLab: it holds both quotes", "rename it")
    return f"{quote}{branch}{quote}"


def _quoted(text: str) -> str:
    """Text without line breaks as a YAML scalar that people can read."""
    return "'" + text.replace("'", "''") + "'"


def _line(words: tuple[str, ...]) -> str:
    """A command as a YAML scalar."""
    text = command(words)
    return _quoted(text) if re.search(r": | #|:$", text) else text


def _refuse_dollars(repository: Repository) -> None:
    """GitLab reads `$` as a variable nearly everywhere; ConfigError names what holds one."""
    branches = [environment.branch for model in repository.models for environment in model.environments]
    for text in (repository.main, *(model.folder for model in repository.models), *branches):
        if "$" in text:
            raise ConfigError(f"{text!r} cannot stand in GitLab CI: it reads $ as a variable", "rename it")


def _tokens(repository: Repository) -> dict[str, str]:
    """For each cloud the audience that its identity token names, by the variable that holds the token."""
    clouds = {name: keys for model in repository.models for name, keys in model.ci.cloud.items()}
    audiences = {"aws": "sts.amazonaws.com", "azure": "api://AzureADTokenExchange"}
    if "gcp" in clouds:
        audiences["gcp"] = f"https://iam.googleapis.com/{clouds['gcp']['workload-identity-provider']}"
    return {f"{ID_TOKEN}{name.upper()}": audiences[name] for name in clouds}


PROVIDER = Provider(
    name="gitlab",
    files=files,
    context=context,
    told=TOLD,
    hosts=("gitlab.com",),
    owns=(FILE, MAIN_FILE),
    credentials=credentials,
    identity=identity,
)
