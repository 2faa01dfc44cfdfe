"""mlops.yaml after it was read and completed with defaults: what every job is handed.

`cdml.config` makes these; nothing below it reads YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Task = Literal["binary", "multiclass", "regression"]
GateKind = Literal["min", "max", "max-regression"]
OnInconclusive = Literal["fail", "warn", "pass"]
Bump = Literal["auto", "major", "minor", "patch"]
When = Literal["ready", "always", "command"]

CONFIG_FILE = "mlops.yaml"


@dataclass(frozen=True)
class Stage:
    """One inline stage in DVC's words; `params` maps a parameters file to its keys (empty: all of them)."""

    name: str
    cmd: str
    deps: tuple[str, ...] = ()
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Train:
    """How a model is made: one inline stage, or the names of stages in the project's own dvc.yaml.

    `when` says which pull requests train; `schedule` is the cron line of retraining, None where nothing is due.
    """

    stage: Stage | None
    stages: tuple[str, ...]
    when: When = "ready"
    schedule: str | None = None


@dataclass(frozen=True)
class Gate:
    """One demand on one metric. `metric` is empty where it means the primary one, whose name the task decides.

    `limit` is in the metric's units, or a fraction of the baseline's value when `relative`.
    `confidence` is None when a `min` or `max` gate judges the point estimate alone.
    `line` is the line of mlops.yaml that asked for it.
    """

    kind: GateKind
    metric: str
    limit: float
    relative: bool = False
    confidence: float | None = None
    on_inconclusive: OnInconclusive = "warn"
    line: int | None = None


@dataclass(frozen=True)
class Evaluate:
    """How a model is judged. `task` is None until it is read off the target column.

    `predictions` is None only where a project keeps its own metrics files and writes no predictions.
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
