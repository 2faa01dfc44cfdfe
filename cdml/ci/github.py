"""GitHub Actions: a workflow file for each workflow."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from cdml.ci.base import CiFile, Event, Job, Provider, Repository, Workflow
from cdml.ci.github_run import TOLD, context, credentials, identity
from cdml.ci.machines import tool_python
from cdml.ci.text import command, comment, refuse_expression, scalar
from cdml.ci.workflows import SCHEDULED
from cdml.core.names import ASKED_BRANCH
from cdml.core.resources import render

FOLDER = ".github/workflows"
# Third-party code by its commit; the tag that it had then stands beside it.
ACTIONS = {
    "checkout": "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
    "setup-python": "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0",
    "cache": "actions/cache@5a3ec84eff668545956fd18022155c47e93e2684 # v4.2.3",
    "upload": "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
    "download": "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093 # v4.3.0",
}
# Where their copies stand in repositories that reach no other (`cdml generate --vendor-actions`).
VENDORED = ".github/actions/vendor"
_CONDITIONS = {
    "models": "needs.plan.outputs.models != '[]'",
    "monitored": "needs.plan.outputs.monitored != '[]'",
    "always": "!cancelled()",
    "own": "needs.judge.result != 'skipped' && (github.event_name == 'workflow_dispatch'"
    " || github.event.pull_request.head.repo.full_name == github.repository)",
    "forks": "github.event.workflow_run.event == 'pull_request'"
    " && github.event.workflow_run.head_repository.full_name != github.repository",
    "asked": f"github.event_name == 'pull_request' || github.ref == 'refs/heads/{ASKED_BRANCH}'",
    "broken": "failure()",
    # Nothing more is read of a comment here: whether it is a command, and who may give one, the program says.
    "command": "github.event.issue.pull_request && startsWith(github.event.comment.body, '/cdml')",
}
_INPUTS = {"version": "CDML_VERSION", "environment": "CDML_ENVIRONMENT", "reason": "CDML_REASON"}


@dataclass(frozen=True)
class _View:
    """A job with what only GitHub's words can say of it."""

    job: Job
    condition: str
    runs_on: str
    minutes: str
    python: str
    tool_python: str
    environment: dict[str, str]


def files(repository: Repository, workflows: tuple[Workflow, ...]) -> tuple[CiFile, ...]:
    """A file for each workflow."""
    return tuple(
        CiFile(
            f"{FOLDER}/{workflow.id}.yml",
            workflow.purpose,
            _text(repository, workflow),
            release="release" in workflow.events,
        )
        for workflow in workflows
    )


def _text(repository: Repository, workflow: Workflow) -> str:
    return render(
        "ci/github/workflow.yml.j2",
        workflow=workflow,
        repository=repository,
        triggers={event: _branches(repository, workflow, event) for event in workflow.events},
        jobs=[_view(repository, job) for job in workflow.jobs],
        actions={name: f"./{VENDORED}/{name}" for name in ACTIONS} if repository.vendored else ACTIONS,
        by_label=any(model.when == "command" for model in repository.models),
        tool=_tool(repository),
        index=repository.models[0].ci.index_url,
        scalar=scalar,
        command=command,
        comment=comment,
    )


def _branches(repository: Repository, workflow: Workflow, event: Event) -> list[str]:
    """The patterns of the branches that an event is about, with every special character taken literally."""
    named = [job.branch for job in workflow.jobs if job.branch] if event == "release" else [repository.main]
    return [re.sub(r"([*?+\[!\\])", r"\\\1", branch) for branch in named]


def _view(repository: Repository, job: Job) -> _View:
    first = repository.models[0]
    labels = {folder: list(names) for folder, names in job.labels.items()}
    limited = len(set(job.minutes.values())) == 1 or not job.per_model  # only a job of one model has a matrix
    alike = len({tuple(names) for names in labels.values()}) == 1
    runs_on = _labels(labels[first.folder]) if alike or not job.per_model else "${{ fromJSON(matrix.runs-on) }}"
    condition = _condition(job)
    pythons = {model.ci.python for model in repository.models}
    python = scalar(first.ci.python) if len(pythons) == 1 or not job.project else "${{ matrix.python }}"
    return _View(
        job=job,
        condition=json.dumps(condition) if condition.startswith("!") else condition,
        runs_on=runs_on,
        minutes=str(job.minutes[first.folder]) if limited else "${{ matrix.minutes }}",
        python=python,
        tool_python=tool_python(repository),
        environment=_environment(job),
    )


def _labels(names: list[str]) -> str:
    words = [scalar(name) for name in names]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


def _condition(job: Job) -> str:
    parts = [_CONDITIONS[name] for name in job.when if name in _CONDITIONS]
    if job.branch:
        refuse_expression(job.branch)
        parts.append("github.ref_name == '{}'".format(job.branch.replace("'", "''")))
    if "choice" in job.when:
        asked = f"inputs.operation == '{job.id}'"
        parts.append(f"(github.event_name == 'schedule' || {asked})" if job.id in SCHEDULED else asked)
    return " && ".join(parts)


def _environment(job: Job) -> dict[str, str]:
    """What the job's commands read; text that people write comes in as variables and never as code."""
    found = {"CDML_FOLDER": "${{ matrix.folder }}"} if job.per_model else {}
    words = {word for step in job.steps for word in step.command}
    found |= {
        variable: f"${{{{ inputs.{name} }}}}" for name, variable in _INPUTS.items() if f"${variable}" in words
    }
    found |= {"CDML_CLOUD": job.cloud} if job.cloud else {}
    found |= {"CDML_CONTEXTS": "${{ needs.plan.outputs.contexts }}"} if "broken" in job.when else {}
    if job.id != "plan" and not job.untrusted:
        found["GITHUB_TOKEN"] = "${{ github.token }}"  # noqa: S105
    return found | {name: f"${{{{ secrets.{name} }}}}" for name in job.secrets}


def _tool(repository: Repository) -> dict[str, str]:
    """How cdml is installed: into an environment of its own, unless the machine has this version already."""
    version = repository.cdml
    refuse_expression(version)
    return {
        "requirement": repository.requirement,
        "exact": version.removeprefix("==") if version.startswith("==") else "",
        "key": f"cdml-tool-{version.lstrip('=<>~')}{'-parquet' if 'parquet' in repository.requirement else ''}",
    }


PROVIDER = Provider(
    name="github",
    files=files,
    context=context,
    told=TOLD,
    hosts=("github.com", "ghe.com"),
    owns=(f"{FOLDER}/cdml-*.yml",),
    credentials=credentials,
    identity=identity,
)
