"""Azure Pipelines: one main file that names triggers and stages, and a template of each job under .azure/cdml.

Which stages a run has is decided when the run is compiled, so that a pull request's run never asks for the
environments, connections and variables of a release. Which models a stage is about, the plan says. There is a job
for each model instead of a matrix, since a deployment job has none and names of connections cannot be variables.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby

from cdml.ci.azure_run import AS_PUSHED, HEADS, SCHEDULE, TOLD, context
from cdml.ci.base import CiFile, Input, Job, Model, Provider, Repository, Workflow
from cdml.ci.machines import DEFAULT_LABEL, tool_python
from cdml.ci.text import command, comment, refuse_expression, scalar
from cdml.ci.workflows import SCHEDULED, WORK, branches, without
from cdml.core.errors import ConfigError
from cdml.core.resources import render

MAIN_FILE = "azure-pipelines.yml"
FOLDER = ".azure/cdml"
_INPUTS = {"version": "CDML_VERSION", "environment": "CDML_ENVIRONMENT", "reason": "CDML_REASON"}
_PULL = "eq(variables['Build.Reason'], 'PullRequest')"
_IMAGES = ("ubuntu-", "windows-", "macos-")
# Labels that self-hosted machines bear elsewhere, as what an agent says of itself.
_DEMANDS = {
    "linux": "Agent.OS -equals Linux",
    "windows": "Agent.OS -equals Windows_NT",
    "macos": "Agent.OS -equals Darwin",
    "x64": "Agent.OSArchitecture -equals X64",
    "arm64": "Agent.OSArchitecture -equals ARM64",
}
_RAN = "'Succeeded', 'SucceededWithIssues'"
_BROKE = "'Failed', 'Canceled', 'Abandoned'"
_STAGES = {
    "models": "ne(dependencies.plan.outputs['plan.cdml.folders'], '[]')",
    "own": "ne(variables['System.PullRequest.IsFork'], 'True')",
    "untrained": "ne(dependencies.plan.outputs['plan.cdml.train'], '[]')",
    "monitored": "ne(dependencies.plan.outputs['plan.cdml.monitor'], '[]')",
}


_LISTS = {"untrained": "train", "monitored": "monitor"}  # the plan's output that names a job's folders


@dataclass(frozen=True)
class _View:
    """A job with what only Azure's words can say of it; `name` is that of its stage and the stem of its jobs'.

    `when` decides on compiling whether a run has the stage, `stage_condition` on running it.
    """

    job: Job
    repository: Repository
    name: str
    when: str
    needs: tuple[Job, ...]
    stage_condition: str
    inputs: tuple[str, ...]
    writes: str
    connection: str | None
    group: str | None

    @property
    def models(self) -> tuple[tuple[int, Model], ...]:
        """The models that the job is for, numbered."""
        return _models(self.repository, self.job)

    @property
    def takes(self) -> str | None:
        """The artifact that the job begins with: of parts, what the last of them handed on."""
        return self.job.parts[-1].stores if self.job.parts else self.job.takes

    @property
    def env(self) -> dict[str, str]:
        """What the job's commands read; text of people and secrets come in as variables and never as code."""
        found = {"CDML_FOLDER": "${{ parameters.folder }}"} if self.job.per_model else {}
        found |= {_INPUTS[name]: f"${{{{ parameters.{name} }}}}" for name in self.inputs}
        if self.writes:
            found["SYSTEM_ACCESSTOKEN"] = f"$(System.AccessToken) # {self.writes}"
        return found | {name: f"$({name})" for name in self.job.secrets}

    def job_name(self, number: int) -> str:
        """The name of the job for a model, 0 for the one of all."""
        return _name(self.job, number)

    def condition(self, number: int, model: Model) -> str:
        """Whether a model's job runs: where the plan names its model, and the jobs that it builds on went well."""
        job, entry = self.job, _literal(json.dumps(model.folder))
        refuse_expression(entry)
        listed = next((_LISTS[name] for name in job.when if name in _LISTS), "folders")
        parts = [f"contains(stageDependencies.plan.plan.outputs['cdml.{listed}'], {entry})"]
        if job.takes:
            parts += [f"in({_result(one, number)}, {_RAN})" for one in self.needs if one.id != "plan"]
        parts += [f"not(in({_result(one, number)}, {_BROKE}))" for one in job.parts]
        return _plain(f"and(not(canceled()), {', '.join(parts)})")

    def pool(self, model: Model | None) -> str:
        """The machine of a model's job."""
        return _pool(model or self.repository.models[0], self.job)

    def minutes(self, model: Model | None) -> int:
        """The limit of a model's job."""
        return self.job.minutes[(model or self.repository.models[0]).folder]

    def variables(self, number: int) -> dict[str, str]:
        """What the job must know of those before it, as expressions that are evaluated when it begins."""
        if self.job.parts:
            return {"done": f"$[ {_result(self.job.parts[-1], number)} ]"}
        if self.job.steps:
            return {}
        before = [(one, n) for one in self.needs for n, _ in _models(self.repository, one) or ((0, None),)]
        places = " ".join(f"{{{index}}}" for index in range(len(before)))
        found = ", ".join(f"coalesce({_result(one, n)}, 'Skipped')" for one, n in before)
        return {"results": f"$[ format('{places}', {found}) ]"}


def files(repository: Repository, workflows: tuple[Workflow, ...]) -> tuple[CiFile, ...]:
    """The pipeline, its template of set-up steps, and a template of each job."""
    _refuse_brackets(repository)
    views = _views(repository, workflows)
    values = {
        "repository": repository,
        "views": views,
        "python": repository.models[0].ci.python,
        "index": repository.models[0].ci.index_url,
        "tool": _tool(repository),
        "tool_python": tool_python(repository),
        "work": WORK,
        "scalar": scalar,
        "command": command,
        "comment": comment,
    }
    pipeline = _pipeline(repository, workflows, views)
    return (
        CiFile(
            MAIN_FILE,
            "trains, judges, registers and deploys",
            render("ci/azure/pipeline.yml.j2", **values, **pipeline),
            release=True,
        ),
        CiFile(
            f"{FOLDER}/setup.yml",
            "steps that jobs begin with",
            render("ci/azure/setup.yml.j2", **values),
            release=True,
        ),
        *(_template(view, values) for view in views),
    )


def _refuse_brackets(repository: Repository) -> None:
    """Azure's filters of branches know no `]`, which git allows; ConfigError names the branch."""
    for branch in (repository.main, *branches(repository)):
        if "]" in branch:
            raise ConfigError(f"{branch!r} cannot stand in a branch filter of Azure Pipelines", "rename it")


def _template(view: _View, values: dict[str, object]) -> CiFile:
    text = render("ci/azure/job.yml.j2", **values, view=view, job=view.job)
    # The main file names every job's; Azure looks for all of them on the branch that was pushed to.
    return CiFile(f"{FOLDER}/{view.job.id}.yml", f"the job {view.job.title!r}", text, release=True)


def _pipeline(
    repository: Repository, workflows: tuple[Workflow, ...], views: tuple[_View, ...]
) -> dict[str, object]:
    events = {event for workflow in workflows for event in workflow.events}
    pushed = [repository.main] if "main" in events else []
    pushed += [view.job.branch for view in views if view.job.branch]
    asked = tuple(one for workflow in workflows for one in workflow.inputs)
    return {
        "pushed": pushed,
        "schedules": {f"{SCHEDULE}{line}": line for workflow in workflows for line in workflow.schedules},
        "parameters": [_parameter(one) for one in asked],
        "asked": {one.name for one in asked},
        "groups": [(when, tuple(some)) for when, some in groupby(views[1:], key=lambda view: view.when)],
        "heads": HEADS,
    }


def _parameter(asked: Input) -> Input:
    """Every run has every parameter, and Azure takes an empty text for none: a blank is what may be left out."""
    if asked.name == "operation":
        return Input("operation", asked.description, True, (AS_PUSHED, *asked.options), AS_PUSHED)
    return asked if asked.default else Input(asked.name, asked.description, default=" ")


def _views(repository: Repository, workflows: tuple[Workflow, ...]) -> tuple[_View, ...]:
    """The jobs in the order of their stages, each once; the plan, which every workflow begins with, is shared."""
    found: dict[str, _View] = {}
    for workflow in (without(one, "broken") for one in workflows):
        # The second half of a fork's run is another pipeline here, which nobody has asked for. A comment starts
        # runs by nothing but an address that is open to everybody.
        if {"forks", "comment"} & set(workflow.events):
            continue
        jobs = {job.id: job for whole in workflow.jobs for job in (*whole.parts, whole)}
        for job in jobs.values():
            found.setdefault(job.id, _view(repository, workflow, job, jobs))
    return tuple(found.values())


def _view(repository: Repository, workflow: Workflow, job: Job, jobs: dict[str, Job]) -> _View:
    # Code of a pull request reaches no cloud: the connection is one, and what it may do is for releases.
    connected = bool(job.steps) and job.id != "plan" and not job.untrusted
    words = {word for step in job.steps for word in step.command}
    needs = [jobs[name] for name in job.needs] + [one for one in job.parts if one.id not in job.needs]
    return _View(
        job=job,
        repository=repository,
        name=_name(job),
        when=_plain(f"${{{{ if {_when(repository, workflow, job)} }}}}"),
        needs=tuple(needs),
        stage_condition=_stage_condition(job),
        inputs=tuple(name for name, variable in _INPUTS.items() if f"${variable}" in words),
        writes="; ".join(one.why for one in job.permissions if one.level == "write" and one.right != "id-token"),
        connection=_named(repository, "service-connection") if connected else None,
        group=_named(repository, "variable-group") if job.secrets else None,
    )


def _named(repository: Repository, key: str) -> str | None:
    return next((model.ci.azure[key] for model in repository.models if key in model.ci.azure), None)


def _models(repository: Repository, job: Job) -> tuple[tuple[int, Model], ...]:
    """The models that a job is for, numbered: of a release branch those that have its environment."""
    return tuple(
        (number, model)
        for number, model in enumerate(repository.models, start=1)
        if job.per_model and (not job.branch or any(one.branch == job.branch for one in model.environments))
    )


def _name(job: Job, number: int = 0) -> str:
    stem = job.id.replace("-", "_")
    return f"{stem}_{number}" if number else stem


def _result(job: Job, number: int) -> str:
    """How the job for a model went, in words of a job of a later stage."""
    return f"stageDependencies.{_name(job)}.{_name(job, number)}.result"


def _plain(text: str) -> str:
    """An expression as a YAML scalar: plain, unless a name in it holds what YAML would read."""
    return json.dumps(text, ensure_ascii=False) if ": " in text or " #" in text else text


def _literal(text: str) -> str:
    """Text as a literal of an expression."""
    return "'" + text.replace("'", "''") + "'"


def _pool(model: Model, job: Job) -> str:
    """The pool of a job: Microsoft's where the label is an image, else the one named, or Azure's default one."""
    labels = job.labels[model.folder]
    named = model.ci.azure.get("pool")
    if len(labels) == 1 and labels[0].startswith(_IMAGES) and (model.ci.runs_on or not named):
        return f"{{vmImage: {scalar(labels[0])}}}"
    wanted = [_DEMANDS.get(name.lower(), name) for name in labels if name not in ("self-hosted", DEFAULT_LABEL)]
    demands = f", demands: [{', '.join(scalar(one) for one in wanted)}]" if wanted else ""
    return f"{{name: {scalar(named or 'Default')}{demands}}}"


def _when(repository: Repository, workflow: Workflow, job: Job) -> str:
    """The expression that decides, when a run is compiled, whether it has this job."""
    if "pull_request" in workflow.events:
        return _PULL
    if "manual" in workflow.events:
        asked = f"and(eq(variables['Build.Reason'], 'Manual'), eq(parameters.operation, '{job.id}'))"
        due = "schedule" in workflow.events and job.id in SCHEDULED
        return f"or(eq(variables['Build.Reason'], 'Schedule'), {asked})" if due else asked
    branch = HEADS + (job.branch or repository.main)
    refuse_expression(branch)
    pushed = f"eq(variables['Build.SourceBranch'], {_literal(branch)}), eq(parameters.operation, '{AS_PUSHED}')"
    return f"and(ne(variables['Build.Reason'], 'Schedule'), {pushed})"


def _stage_condition(job: Job) -> str:
    """Whether a stage runs; the jobs in it look further, so that one model's failure stops no other model."""
    if not job.steps:
        return "always()"
    planned = f"in(dependencies.plan.result, {_RAN})"
    listed = "monitored" if "monitored" in job.when else "models"
    parts = ("not(canceled())", planned, *(_STAGES[name] for name in (listed, *job.when) if name in _STAGES))
    return f"and({', '.join(dict.fromkeys(parts))})"


def _tool(repository: Repository) -> dict[str, str]:
    """How cdml is installed: into an environment of its own, unless the machine has this version already."""
    version = repository.cdml
    refuse_expression(version)
    return {"requirement": repository.requirement, "exact": version[2:] if version.startswith("==") else ""}


PROVIDER = Provider(
    name="azure",
    files=files,
    context=context,
    told=TOLD,
    hosts=("dev.azure.com", "visualstudio.com"),
    owns=(MAIN_FILE, f"{FOLDER}/*.yml"),
)
