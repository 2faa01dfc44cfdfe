"""GitLab CI: one file with every job, which the repository's own .gitlab-ci.yml includes.

A job's rules are read before anything ran, so there is no matrix over the plan: each model has its own jobs, and a
job whose model the event does not concern ends before it sets anything up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cdml.ci.base import (
    CiFile,
    Event,
    Job,
    Level,
    Model,
    Provider,
    Repository,
    RunContext,
    Telling,
    Told,
    Workflow,
)
from cdml.ci.text import command, comment, refuse_expression, scalar
from cdml.ci.workflows import DEFAULT_LABEL, OLDEST_PYTHON, tool_python
from cdml.core.errors import ConfigError
from cdml.core.resources import render

MAIN_FILE = ".gitlab-ci.yml"
FILE = ".gitlab/cdml.yml"
TOKEN = "CDML_TOKEN"  # noqa: S105
TRAIN_LABEL = "cdml train"
NO_COMMIT = "0" * 40
_ID_TOKEN = "CDML_ID_TOKEN_"  # noqa: S105
# What a person is asked who starts a pipeline, by the input's name.
_INPUTS = {
    "operation": "CDML_OPERATION",
    "folder": "CDML_CHOSEN_FOLDER",
    "environment": "CDML_ENVIRONMENT",
    "version": "CDML_VERSION",
    "reason": "CDML_REASON",
}
_BY_HAND = "$CI_PIPELINE_SOURCE =~ /^(web|api|trigger)$/"
_OWN = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
_DRAFT = re.compile(r"\s*(\[draft\]|\(draft\)|draft:)", re.IGNORECASE)


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
            "trains and judges merge requests, registers, deploys and retrains",
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


def render_include() -> str:
    """The file that GitLab reads, where a repository has none of its own."""
    return (
        "# For jobs of your own delete the two lines above: from then on this file is yours, and stays as it is.\n"
        f"include:\n  - local: {FILE}\n"
    )


def _text(repository: Repository, workflows: tuple[Workflow, ...]) -> str:
    exact = repository.cdml.removeprefix("==") if repository.cdml.startswith("==") else ""
    refuse_expression(repository.cdml)
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
        requirement=f"cdml[serve]{repository.cdml}",
        exact=exact,
        main=repository.main,
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
    """Each model's job hands over a folder of its own: artifacts of several jobs are unpacked in one place."""
    return tuple("$CDML_HANDOVER" if word == job.stores else word for word in words)


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
    of_pull = "-$CI_MERGE_REQUEST_IID" if job.concurrency.by_pull else ""
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
    if job.branch or "main" in workflow.events:
        return (_pushed(job.branch or repository.main),)
    main = f"$CI_COMMIT_BRANCH == {_literal(repository.main)}"
    due = (f'$CI_PIPELINE_SOURCE == "schedule" && {main} && $CDML_SCHEDULE',) if workflow.schedules else ()
    return (f'{_BY_HAND} && {main} && $CDML_OPERATION == "{job.id}"', *(due if job.id == "retrain" else ()))


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
    return {f"{_ID_TOKEN}{name.upper()}": audiences[name] for name in clouds}


def context(environ: Mapping[str, str]) -> RunContext | None:
    """This run, from GitLab's predefined variables; None elsewhere."""
    if environ.get("GITLAB_CI") != "true":
        return None
    event = _event(environ)
    sha, before = environ.get("CI_COMMIT_SHA"), environ.get("CI_COMMIT_BEFORE_SHA")
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    merging, pushed = event == "pull_request", event in ("main", "release")
    return RunContext(
        provider="gitlab",
        event=event,
        pull=int(number) if merging and number.isdecimal() else None,
        # Pipelines of merged results run on a commit of GitLab's own, and only they have the first of these.
        head=(environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or sha) if merging else None,
        base=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
        branch=environ.get("CI_COMMIT_BRANCH"),
        before=before if pushed and before != NO_COMMIT else None,
        after=sha if pushed else None,
        draft=merging and _is_draft(environ),
        asked=TRAIN_LABEL in environ.get("CI_MERGE_REQUEST_LABELS", "").split(","),
        fork=merging and _is_fork(environ),
        folder=environ.get("CDML_CHOSEN_FOLDER") or None,
        schedule=(environ.get("CDML_SCHEDULE") or None) if event == "schedule" else None,
        run_url=environ.get("CI_PIPELINE_URL"),
        actor=environ.get("GITLAB_USER_LOGIN"),
    )


def _event(environ: Mapping[str, str]) -> Event | None:
    source, branch = environ.get("CI_PIPELINE_SOURCE", ""), environ.get("CI_COMMIT_BRANCH")
    if source == "push" and branch:
        return "main" if branch == environ.get("CI_DEFAULT_BRANCH") else "release"
    known: dict[str, Event] = {
        "merge_request_event": "pull_request",
        "schedule": "schedule",
        "web": "manual",
        "api": "manual",
        "trigger": "manual",
    }
    return known.get(source)


def _is_draft(environ: Mapping[str, str]) -> bool:
    """GitLab says so since 17.10; before that its titles do."""
    said = environ.get("CI_MERGE_REQUEST_DRAFT")
    return said == "true" if said else bool(_DRAFT.match(environ.get("CI_MERGE_REQUEST_TITLE", "")))


def _is_fork(environ: Mapping[str, str]) -> bool:
    """Asked of the merge request: in a pipeline of the fork's project, CI_PROJECT_ID is the fork itself."""
    return environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID") != environ.get("CI_MERGE_REQUEST_PROJECT_ID")


def annotation(level: Level, message: str, file: str | None, line: int | None) -> str:
    """A plain line: GitLab shows nothing on lines of files but its own reports."""
    where = ":".join(str(part) for part in (file, line if file else None) if part is not None)
    return comment(f"{level}: {where}{': ' if where else ''}{message}")


def output(environ: Mapping[str, str], name: str, value: str) -> Telling | None:
    """A line of the file that the plan hands over; GitLab's own dotenv report would hold 5 kB at most."""
    file = environ.get("CDML_OUTPUT")
    return Telling(file=file, text=f"{name}={value}\n") if file else None


def credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """What lets git push with the project's token: GitLab's own, in the address of its clone, starts no pipelines.

    Git asks a helper that reads the token when it is needed, so it stands in no configuration.
    """
    project, server = environ.get("CI_PROJECT_URL"), environ.get("CI_SERVER_URL")
    if not environ.get(TOKEN) or not project or not server or environ.get("GIT_CONFIG_COUNT"):
        return {}
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "remote.origin.pushurl",
        "GIT_CONFIG_VALUE_0": f"{project}.git",
        "GIT_CONFIG_KEY_1": f"credential.{server}.helper",
        "GIT_CONFIG_VALUE_1": f"!f() {{ echo username=cdml; echo password=${TOKEN}; }}; f",
    }


def identity(environ: Mapping[str, str], cloud: str, _: str) -> str | None:
    """The token that the job asked GitLab for under `id_tokens`, one for each cloud."""
    return environ.get(f"{_ID_TOKEN}{cloud.upper()}")


PROVIDER = Provider(
    name="gitlab",
    files=files,
    context=context,
    told=Told(
        annotation=annotation,
        # GitLab shows the difference of the two times beside the title; no time is told, so none is shown.
        group=lambda title: f"\x1b[0Ksection_start:0:cdml\r\x1b[0K{comment(title)}",
        end_group="\x1b[0Ksection_end:0:cdml\r\x1b[0K",
        output=output,
        summary=lambda _environ, _page: None,
    ),
    hosts=("gitlab.com",),
    owns=(FILE, MAIN_FILE),
    credentials=credentials,
    identity=identity,
)
