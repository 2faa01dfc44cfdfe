"""mlops.yaml after it was read and completed with defaults: what every job is handed.

`cdml.config` makes these; nothing below it reads YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cdml.core.findings import BehaviourKind
from cdml.core.serialize import digest

Task = Literal["binary", "multiclass", "regression", "ranking", "scores"]
GateKind = Literal["min", "max", "max-regression", "min-improvement", "max-improvement", "max-gap", "behaviour"]
OnInconclusive = Literal["fail", "warn", "pass"]
Bump = Literal["auto", "major", "minor", "patch"]
When = Literal["ready", "always", "command"]
OnDrift = Literal["issue", "retrain"]

CONFIG_FILE = "mlops.yaml"


@dataclass(frozen=True)
class Stage:
    """One inline stage in DVC's words; `params` maps a parameters file to its keys (empty: all of them).

    `metrics` are outputs too, which DVC knows as metrics files.
    """

    name: str
    cmd: str
    deps: tuple[str, ...] = ()
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Train:
    """How a model is made: one inline stage, or the names of stages in the project's own dvc.yaml.

    `when` says which pull requests train; `schedule` is the cron line of retraining, None where nothing is due.
    `repeats` counts trainings that differ in their seed alone; 1 is the model itself.
    """

    stage: Stage | None
    stages: tuple[str, ...]
    when: When = "ready"
    schedule: str | None = None
    repeats: int = 1


@dataclass(frozen=True)
class Gate:
    """One demand on one metric. `metric` is empty where it means the primary one, whose name the task decides.

    `limit` is in the metric's units, or a fraction of the baseline's value when `relative`.
    `confidence` is None when a `min` or `max` gate judges the point estimate alone.
    `line` is the line of mlops.yaml that asked for it. `by` is a column, or a cross `a*b` of two, whose slices are
    judged; empty for all rows together. Slices of fewer than `min_rows` rows do not count (None: the default).
    `dataset` is a name in evaluate.datasets, empty for the test data; `against` is what is compared with, empty
    for evaluate.baseline. `definition` is the digest of the behavioural test that a `behaviour` gate is about.
    """

    kind: GateKind
    metric: str
    limit: float
    relative: bool = False
    confidence: float | None = None
    on_inconclusive: OnInconclusive = "warn"
    line: int | None = None
    by: str = ""
    min_rows: int | None = None
    dataset: str = ""
    against: str = ""
    definition: str = ""


@dataclass(frozen=True)
class Dataset:
    """One more test set: `predictions` is the file of what the model says of it.

    The built-in evaluator writes that file of `data`; a command of the project writes it itself, and then `data`
    may be None. Gates on it are among `Evaluate.gates`, with its name as `Gate.dataset`.
    """

    name: str
    data: str | None
    predictions: str


# What a binary answer can be, in the order of `MetricSpec.costs`.
COSTS = ("tn", "fp", "fn", "tp")


@dataclass(frozen=True)
class MetricSpec:
    """A metric that mlops.yaml defines; `name` stands for it in `metrics` and in gates.

    `cost`: `costs` are the prices of a true negative, false positive, false negative and true positive. `column`:
    the mean of the predictions' column `column`. `reported`: a number of the project's own metrics files, whose
    direction is declared.
    """

    name: str
    kind: Literal["cost", "column", "reported"]
    direction: Literal["higher", "lower"]
    column: str = ""
    costs: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class BehaviourTest:
    """One demand on what a model answers, whatever its metrics are.

    `invariance`: another value in `column` (each of `values`, or `add`ed to, or `multiply`ed) must not change the
    answer; with a `tolerance` no score may move by more. `direction`: the column so changed, the score must be as
    `score` says. `examples`: rows, each a mapping of columns, with the `answers` that they must get. `pytest`: the
    project's own tests in `path`. The rows of the first two are `sample` rows of `data`. `positive` is the class
    whose score is meant where a direction names none. Each test has a gate of kind `behaviour` whose metric is its
    `name`, and whose limit is how many cases may fail, or which share.
    """

    name: str
    kind: BehaviourKind
    column: str = ""
    values: tuple[str | bool | int | float, ...] = ()
    add: float | None = None
    multiply: float | None = None
    score: Literal["rises", "falls"] = "rises"
    of: str = ""
    tolerance: float | None = None
    data: str = ""
    sample: int = 200
    examples: tuple[Mapping[str, str | bool | int | float | None], ...] = ()
    answers: tuple[str | bool | int | float, ...] = ()
    path: str = ""
    positive: str = ""

    @property
    def definition(self) -> str:
        """The digest of what is asked: a result under another one is of another test."""
        return digest(self)


@dataclass(frozen=True)
class Evaluate:
    """How a model is judged. `task` is None until it is read off the target column.

    `predictions` is None only where a project keeps its own metrics files and writes no predictions. `group` is
    the column whose rows belong together (a patient; a query to rank). `defined` are the metrics that are no
    built-in ones. `edges` are where columns of numbers in `by` are cut; `discover` says whether weak slices are
    sought (True: in all columns of the data). `importance` is the file of the columns' importances. `after` are
    generated stages that run when the model is there. `example_rows` says whether rows of the data may be shown.
    """

    stage: Stage | None
    stages: tuple[str, ...]
    builtin: bool
    data: str | None
    target: str | None
    positive: str | None
    id: str | None
    task: Task | None
    predictions: str | None
    metrics: tuple[str, ...]
    by: tuple[str, ...]
    baseline: str
    gates: tuple[Gate, ...]
    images: tuple[str, ...] = ()
    group: str | None = None
    defined: tuple[MetricSpec, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    edges: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    discover: bool | None = None
    behaviour: tuple[BehaviourTest, ...] = ()
    after: tuple[Stage, ...] = ()
    importance: str | None = None
    example_rows: bool = True

    @property
    def results(self) -> tuple[str, ...]:
        """The small files that the stages in `after` write, and the metrics that the built-in evaluator does."""
        measured = self.stage.metrics if self.stage else ()
        drawn = (self.importance,) if self.importance else ()
        return (*(out for stage in self.after for out in stage.outs), *measured, *drawn)

    def data_of(self, dataset: str) -> str | None:
        """The data file of a dataset (empty: the test data), where there is one and it is named."""
        if not dataset:
            return self.data
        return next((one.data for one in self.datasets if one.name == dataset), None)

    def predictions_of(self, dataset: str) -> str | None:
        """The file of predictions of a dataset (empty: of the test data), where there is one."""
        if not dataset:
            return self.predictions
        return next((one.predictions for one in self.datasets if one.name == dataset), None)

    @property
    def written(self) -> tuple[str, ...]:
        """Every file of predictions, that of the test data first."""
        return tuple(filter(None, (self.predictions, *(one.predictions for one in self.datasets))))


@dataclass(frozen=True)
class Register:
    """What is registered; `trusted` names the types that the loader may build from a model file."""

    artifact: str
    bump: Bump
    trusted: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeploySettings:
    """One deployment target and its own options, already validated by the target's option model."""

    target: str
    options: Mapping[str, object]


@dataclass(frozen=True)
class Environment:
    """One environment: its release branch, and where its model is served."""

    name: str
    branch: str
    deploy: DeploySettings | None


@dataclass(frozen=True)
class Ci:
    """What CI runs, where and with what.

    `providers` is None where the remote decides; the first of them registers and deploys, the others only judge.
    `runs_on`, `timeout_minutes` and `secrets` map a job's name (or `default`) to its machine's labels, its limit
    and the names of its secrets. `cloud` and `azure` hold identities and names by key, none of them a secret.
    `cdml` is the version to install as pip writes it; empty for the one that generates.
    """

    main: str | None = None
    test: str | None = None
    providers: tuple[str, ...] | None = None
    python: str = "3.11"
    install: str | None = None
    runs_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    timeout_minutes: Mapping[str, int] = field(default_factory=dict)
    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cloud: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    azure: Mapping[str, str] = field(default_factory=dict)
    index_url: str | None = None
    cdml: str = ""
    forks: bool = False


@dataclass(frozen=True)
class Monitor:
    """How a model in production is watched.

    `predictions` and `actuals` are folders of batches, or one file each. `label_delay` is in days, None where
    labels count as soon as they are there. `schedule` is a cron line, None where monitoring is started by hand.
    """

    predictions: str
    actuals: str | None = None
    label_delay: int | None = None
    schedule: str | None = None
    on_drift: tuple[OnDrift, ...] = ("issue",)
    line: int | None = None


@dataclass(frozen=True)
class DataContract:
    """A file of data (or a folder of them) and the file of the contract that it must keep.

    The one called `train` is what others are compared with. `serving`: it is a sample of what the model is asked,
    without the columns that only training data have.
    """

    name: str
    path: str
    schema: str
    serving: bool = False


@dataclass(frozen=True)
class Settings:
    """The whole of mlops.yaml, complete. `environments` are in promotion order."""

    model: str
    description: str
    owners: tuple[str, ...]
    ci: Ci
    train: Train
    evaluate: Evaluate
    register: Register
    environments: tuple[Environment, ...]
    monitor: Monitor | None = None
    data: tuple[DataContract, ...] = ()
