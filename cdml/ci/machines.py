"""On which machine a job runs, for how long and with which secrets: what mlops.yaml gives to each kind of job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from cdml.ci.base import Job, Model, Permission, Repository
from cdml.core.settings import Ci, Settings
from cdml.evaluation.table import PARQUET

Value = TypeVar("Value")

OLDEST_PYTHON = "3.11"  # that cdml itself runs on
DEFAULT_LABEL = "ubuntu-latest"
MINUTES = {"train": 360, "register": 360, "retrain": 360, "deploy": 60}
OTHER_MINUTES = 15
# Whose machine and limit a job takes where mlops.yaml names none for it: what may train does so on train's.
LIKE = {"register": "train", "retrain": "train"}
IDENTITY = Permission("id-token", "write", "proves to the cloud who it is, without a stored key")


def model_of(settings: Settings, folder: str) -> Model:
    """What CI needs of one mlops.yaml."""
    watched = settings.monitor.schedule if settings.monitor else None
    train = settings.train
    evaluate = settings.evaluate
    paths = (evaluate.predictions, evaluate.data, *(one.predictions for one in evaluate.datasets))
    return Model(
        settings.model,
        folder,
        settings.ci,
        settings.environments,
        train.schedule,
        train.when,
        watched,
        parquet=settings.monitor is not None or any(path and path.endswith(PARQUET) for path in paths),
    )


def per_model(repository: Repository, job: Job, kind: str, *secrets: str) -> Job:
    """The job once for each model that the plan names, with what the project's own code needs."""
    made = replace(job, per_model=True, project=True, when=("models", *job.when))
    return like(repository, made, kind, *secrets)


def like(repository: Repository, job: Job, kind: str, *secrets: str) -> Job:
    """The job on the machine, with the limit and the secrets that mlops.yaml gives to its kind."""
    models = repository.models
    clouds = job.cloud is not None and any(_enters(model.ci, job.cloud) for model in models)
    return replace(
        job,
        cloud=job.cloud if clouds else None,
        permissions=(*job.permissions, IDENTITY) if clouds else job.permissions,
        labels={model.folder: machine(model.ci, kind) for model in models},
        minutes={model.folder: limit(model.ci, kind) for model in models},
        secrets=() if kind == "default" else secrets_of(models, ("default", kind, *secrets)),
    )


def tool_python(repository: Repository) -> str:
    """A Python of cdml's own, where one of the projects' is too old for it; else empty."""
    minors = [int(model.ci.python.partition(".")[2]) for model in repository.models]
    return "" if min(minors) >= int(OLDEST_PYTHON.partition(".")[2]) else OLDEST_PYTHON


def machine(ci: Ci, kind: str) -> tuple[str, ...]:
    """The labels of the machine for a kind of job."""
    return _chosen(ci.runs_on, kind) or (DEFAULT_LABEL,)


def limit(ci: Ci, kind: str) -> int:
    """After how many minutes a kind of job is ended."""
    return _chosen(ci.timeout_minutes, kind) or MINUTES.get(kind, OTHER_MINUTES)


def _enters(ci: Ci, access: str) -> bool:
    """Whether a job has somebody to be in a cloud: code of pull requests needs its own, who may only read."""
    keys = [key for cloud in ci.cloud.values() for key in cloud]
    return bool(keys) and (access == "write" or any(key.startswith("pull-request-") for key in keys))


def _chosen(given: Mapping[str, Value], kind: str) -> Value | None:
    return next((given[name] for name in (kind, LIKE.get(kind, kind), "default") if name in given), None)


def secrets_of(models: Iterable[Model], kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the secrets of these kinds of job, of all models."""
    return tuple(
        dict.fromkeys(name for model in models for kind in kinds for name in model.ci.secrets.get(kind, ()))
    )
