"""What every provider of CI is told and asked: the description of jobs, and where a run stands.

`cdml.ci.workflows` describes the jobs once; a provider is one module that renders them, and reads from its
environment which run this is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cdml.core.settings import Ci, Environment, When

Right = Literal["contents", "pull-requests", "statuses", "issues", "id-token", "actions"]
Event = Literal["pull_request", "main", "release", "schedule", "manual", "forks", "comment"]
Checkout = Literal["event", "main", "none"]
Level = Literal["error", "warning", "notice"]
# When a job runs: whatever came of those that it needs; where there are models to work on; only for pull requests
# of this repository and those that a person asked for, or of forks; only for the operation that a person chose, or
# for its own release branch; only where the judged run that a registration needs is missing; only where there are
# models to look at in production; only for a comment that begins as a command does; of what such a command
# started, only on the branch for that; only where a job before it failed.
Condition = Literal[
    "always", "models", "own", "forks", "choice", "branch", "untrained", "monitored", "command", "asked", "broken"
]


@dataclass(frozen=True)
class Model:
    """One mlops.yaml: its model, its folder from the top of the repository (`.`: the top), what CI needs of it.

    `schedule` is the cron line of retraining, `monitor` that of looking at production. `parquet` says that cdml
    itself reads such files of it.
    """

    name: str
    folder: str
    ci: Ci
    environments: tuple[Environment, ...]
    schedule: str | None = None
    when: When = "ready"
    monitor: str | None = None
    parquet: bool = False


@dataclass(frozen=True)
class Repository:
    """Everything that is rendered; `cdml` is the version that jobs install, as pip writes it (`==0.1.0`).

    `vendored` says that copies of third-party actions are in the repository.
    """

    main: str
    models: tuple[Model, ...]
    cdml: str
    vendored: bool = False

    @property
    def requirement(self) -> str:
        """What pip installs to have cdml."""
        extras = "serve,parquet" if any(model.parquet for model in self.models) else "serve"
        return f"cdml[{extras}]{self.cdml}"


@dataclass(frozen=True)
class Permission:
    """One right of a job's token, and why the job needs it."""

    right: Right
    level: Literal["read", "write"]
    why: str


@dataclass(frozen=True)
class Step:
    """One command of a job; a word that begins with `$` is an environment variable that the provider fills."""

    title: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Concurrency:
    """Which runs of a job exclude each other. `cancel` is "superseded" where the plan may end an older run."""

    group: str
    by_pull: bool = False
    cancel: Literal["never", "always", "superseded"] = "never"


@dataclass(frozen=True)
class Job:
    """One job. `secrets` are names, `labels` name its machine, `minutes` limit it.

    Both map a model's folder to what mlops.yaml there asks for. `pushes` keeps the token for git; `project` also
    sets up what the project's own code needs; `cache` keeps DVC's cache between runs. `cloud` says how far the
    job's identity reaches there. `stores` and `takes` name artifacts for jobs, `shows` one that people read.
    `untrusted` marks a job that runs code of a pull request. Of a job of `branch`, `environment` holds the
    protection. `parts` are jobs that a provider may run before this one, which then finds their work done; one
    that hands nothing on between jobs leaves them out.
    """

    id: str
    title: str
    steps: tuple[Step, ...] = ()
    needs: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    per_model: bool = False
    permissions: tuple[Permission, ...] = ()
    secrets: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    minutes: Mapping[str, int] = field(default_factory=dict)
    checkout: Checkout = "event"
    pushes: bool = False
    project: bool = False
    cache: bool = False
    cloud: Literal["read", "write"] | None = None
    stores: str | None = None
    takes: str | None = None
    shows: str | None = None
    environment: str | None = None
    branch: str | None = None
    concurrency: Concurrency | None = None
    untrusted: bool = False
    parts: tuple[Job, ...] = ()


@dataclass(frozen=True)
class Input:
    """What a person is asked who starts a workflow by hand."""

    name: str
    description: str
    required: bool = False
    options: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True)
class Workflow:
    """Jobs that one kind of event starts; `id` is the stem of its file where a provider has one for each.

    `inputs` are asked of a person who starts it by hand. `told` is what a command in a comment tells it that
    starts it for one commit of one pull request, where the provider can be asked for that.
    """

    id: str
    title: str
    purpose: str
    events: tuple[Event, ...]
    jobs: tuple[Job, ...]
    inputs: tuple[Input, ...] = ()
    schedules: tuple[str, ...] = ()
    told: tuple[Input, ...] = ()


@dataclass(frozen=True)
class CiFile:
    """One generated file: its path from the top of the repository, what it is for, and its whole text.

    Where people have a file of their own at that path, `instead` is the line that belongs into theirs; such a file
    stays as it is. Without `instead` it is refused. `release` says that release branches hold the file too: a push
    is answered by the files of the branch that it goes to.
    """

    path: str
    purpose: str
    text: str
    instead: str = ""
    release: bool = False


@dataclass(frozen=True)
class RunContext:
    """Which run this is, as the provider's environment says.

    `before` and `after` are the commits that a push moved its branch between. `fork` says that the pull request
    comes from a repository whose people may not write here, `asked` that a person who may asked for training, and
    `force` for training again where nothing changed. `folder` is that of the model that a person chose, `schedule`
    the cron line that is due. `comment` is the id of the comment that a person wrote.

    `order` says which of two runs began later: the number of the run that judges, and of its attempt; (0, 0) where
    neither is known. `run_url` is where people see this run, `report_url` where they find what it shows them.
    `forge` names the forge of the repository where the provider says it.
    """

    provider: str
    event: Event | None
    pull: int | None = None
    head: str | None = None
    base: str | None = None
    branch: str | None = None
    before: str | None = None
    after: str | None = None
    draft: bool = False
    fork: bool = False
    asked: bool = False
    force: bool = False
    folder: str | None = None
    schedule: str | None = None
    comment: int | None = None
    order: tuple[int, int] = (0, 0)
    run_url: str | None = None
    report_url: str | None = None
    forge: str | None = None
    actor: str | None = None


@dataclass(frozen=True)
class Telling:
    """How one thing is told: `text` is appended to `file`, `line` is printed; either may be all of it."""

    line: str | None = None
    file: str | None = None
    text: str = ""


@dataclass(frozen=True)
class Limits:
    """What a provider shows of what one step tells; the rest it drops without a word.

    `findings` are those of each level, `message` is a finding's length and `page` the summary's in bytes of UTF-8.
    """

    findings: int
    message: int
    page: int


@dataclass(frozen=True)
class Told:
    """How a provider hears from a job.

    `annotation` makes the line of the log (either stream) that shows a message on a line of a file; `group` and
    `end_group` fold what is printed between them. `output` tells later jobs a value (a name and one line of
    text), `summary` shows people a page of Markdown; both give None where this run has no place for it.

    Jobs decide by these outputs of the plan: `models`, a JSON list of objects, one for each model that the event
    concerns; `folders`, a JSON list of these models' folders; `train`, a JSON list of those of them that register
    would have to train, empty unless main was pushed to; `monitored` and `monitor`, as `models` and `folders` are,
    of the models whose production is looked at.
    """

    annotation: Callable[[Level, str, str | None, int | None], str]
    group: Callable[[str], str]
    end_group: str
    output: Callable[[Mapping[str, str], str, str], Telling | None]
    summary: Callable[[Mapping[str, str], str], Telling | None]
    limits: Limits | None = None


@dataclass(frozen=True, kw_only=True)
class System:
    """A system of CI: how a run of it is recognised, and how it is told things.

    `credentials` makes of a run's token the variables by which git uses it, on no command line and in no file.
    `identity` is a token that tells a cloud (its name, the audience) which run this is; None where none is given.
    """

    name: str
    context: Callable[[Mapping[str, str]], RunContext | None]
    told: Told
    credentials: Callable[[Mapping[str, str]], dict[str, str]] = lambda _: {}
    identity: Callable[[Mapping[str, str], str, str], str | None] = lambda _, __, ___: None


@dataclass(frozen=True, kw_only=True)
class Provider(System):
    """A system whose files are rendered.

    `hosts` are those of remotes that it serves unasked; `owns` are patterns of the files that it may have written.
    """

    files: Callable[[Repository, tuple[Workflow, ...]], tuple[CiFile, ...]]
    hosts: tuple[str, ...] = ()
    owns: tuple[str, ...] = ()
