"""The grammar of mlops.yaml as pydantic models: the one place that says which keys there are.

The loader validates with them and the JSON Schema is made from them, so that an editor and `cdml check` agree.
Rules between keys stand twice: here as schema fragments (`*_SHAPES`), and in `checks.py` in words.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from cdml.config import behaviour as behaviour_grammar
from cdml.config import ci as ci_grammar
from cdml.config import data as data_grammar
from cdml.config import grammar
from cdml.config import monitor as monitor_grammar
from cdml.config.fields import Absent, Cut, DatasetName, FilePath, Strict, Text, without
from cdml.config.gate_model import DatasetGateModel, GateModel
from cdml.config.metrics import MetricModel
from cdml.core import images as image_rules
from cdml.core.settings import Bump, OnDrift, Task, When

Name = Annotated[
    str,
    AfterValidator(grammar.name),
    WithJsonSchema({"type": "string", "pattern": grammar.NAME_PATTERN, "maxLength": grammar.NAME_LENGTH}),
]
Image = Annotated[
    str,
    AfterValidator(grammar.image),
    WithJsonSchema({"type": "string", "pattern": image_rules.PATTERN, "maxLength": image_rules.LONGEST}),
]
Branch = Annotated[
    str,
    AfterValidator(grammar.branch),
    WithJsonSchema({"type": "string", "pattern": grammar.BRANCH_PATTERN}),
]
Baseline = Annotated[
    str,
    AfterValidator(grammar.baseline),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(grammar.BASELINES)},
                {"type": "string", "pattern": grammar.VERSION_PATTERN},
            ]
        }
    ),
]
Bins = Annotated[
    dict[Text, Annotated[tuple[float, ...], Field(min_length=1, max_length=20)]],
    Field(min_length=1, max_length=1),
]
Version = Annotated[int, AfterValidator(grammar.version), WithJsonSchema({"const": 1})]
Param = Text | dict[FilePath, Annotated[tuple[Text, ...], Field(min_length=1)] | None]


def _datasets(key: str) -> dict[str, JsonValue]:
    """That every dataset has this key."""
    return {"properties": {"datasets": {"additionalProperties": {"required": [key]}}}}


TRAIN_SHAPES: list[JsonValue] = [
    {"required": ["cmd", "outs"], **without("stages")},
    {"required": ["stages"], **without("cmd", "deps", "params", "outs")},
]
EVALUATE_SHAPES: list[JsonValue] = [
    {"required": ["cmd"], **without("stages", "importance"), **_datasets("predictions")},
    {"required": ["stages"], **without("cmd", "deps", "params", "outs", "importance"), **_datasets("predictions")},
    {"required": ["data", "target"], **without("cmd", "stages", "deps", "params", "outs"), **_datasets("data")},
]


class CiModel(Strict):
    """What CI runs, where and with what."""

    providers: tuple[ci_grammar.Provider, ...] | Absent = Field(
        None,
        description="Whose CI is generated; the first one registers and deploys, the others only judge. "
        "Default: that of the remote; [] for none.",
    )
    python: ci_grammar.Python = Field("3.11", description="Version of Python, in quotes.")
    install: Text | Absent = Field(
        None,
        description="Command line that installs what the project needs. Default: its requirements.txt.",
    )
    test: Text | Absent = Field(
        None, description="The project's own tests as one command line, run before anything trains."
    )
    main: Branch | Absent = Field(
        None, description="Name of the main branch. Default: the remote's default branch."
    )
    runs_on: ci_grammar.RunsOn | Absent = Field(
        None,
        alias="runs-on",
        description="Label, or labels, of the machine; by job where they differ: {default: ..., train: ...}.",
    )
    timeout_minutes: ci_grammar.Timeout | Absent = Field(
        None, alias="timeout-minutes", description="When a job is ended, in minutes; by job where they differ."
    )
    secrets: ci_grammar.Secrets = Field(
        default={},
        description="Names of the secrets that each job gets as environment variables. Pull requests of this "
        "repository get train's, those of forks none; deploy's reach release branches only.",
    )
    cloud: ci_grammar.Cloud = Field(
        default={}, description="Clouds that jobs enter by their own identity (OIDC), without a stored key."
    )
    azure: ci_grammar.Azure = Field(
        default={}, description="Names in Azure DevOps: pool, service-connection, variable-group."
    )
    index_url: ci_grammar.Index | Absent = Field(
        None, alias="index-url", description="The package index that pip installs from."
    )
    cdml: ci_grammar.CdmlVersion | Absent = Field(
        None, description='The cdml that CI installs, such as "==0.1.0". Default: the one that generates.'
    )
    forks: bool = Field(
        False,
        description="Comment on pull requests of forks too, by a second workflow that runs none of their code.",
    )


class _Stages(Strict):
    cmd: Text | Absent = Field(
        None, description="The command line that DVC runs. `${...}` is DVC's templating, not the shell's."
    )
    deps: tuple[FilePath, ...] = Field((), description="Files and folders that the command reads.")
    params: tuple[Param, ...] = Field(
        (),
        description="Parameters that the command reads: `params.yaml` (the whole file), `a.b` (a key of "
        "params.yaml) or `{file.yaml: [a, b]}`.",
    )
    outs: Annotated[tuple[FilePath, ...], Field(min_length=1)] | Absent = Field(
        None, description="Files and folders that the command writes. DVC caches every one."
    )
    stages: Annotated[tuple[Text, ...], Field(min_length=1)] | Absent = Field(
        None, description="Names of stages in the project's own dvc.yaml, instead of `cmd`."
    )


class TrainModel(_Stages):
    """How the model is made: one inline stage in DVC's words, or stages of the project's own dvc.yaml."""

    model_config = ConfigDict(json_schema_extra={"oneOf": TRAIN_SHAPES})

    when: When = Field(
        "ready",
        description="Which pull requests train: `ready` ones (no drafts), `always` all, or by `command`.",
    )
    schedule: ci_grammar.Cron | Absent = Field(
        None, description="When main is trained on data that moved on: a cron line, such as `17 6 * * 1`."
    )
    repeats: behaviour_grammar.Repeats = Field(
        1,
        description="How often it is trained, each time with another seed in CDML_SEED, which the command must "
        "read: the spread stands beside the interval.",
    )


class DatasetModel(Strict):
    """One more test set, on which both models are compared too."""

    data: FilePath | Absent = Field(
        None, description="The data, in the form of `evaluate.data`; the built-in evaluator scores them."
    )
    predictions: FilePath | Absent = Field(
        None,
        description="The file of predictions on it, which `cmd` or the stages write. Default, with the built-in "
        "evaluator: evaluate.predictions with the dataset's name in it.",
    )
    gates: tuple[DatasetGateModel, ...] = Field((), description="Gates on this dataset.")


class EvaluateModel(_Stages):
    """How the model is judged. Without `cmd` or `stages` the built-in evaluator scores the artifact on `data`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": EVALUATE_SHAPES})

    data: FilePath | Absent = Field(None, description="Test data, a CSV or Parquet file.")
    target: Text | Absent = Field(None, description="The column of `data` that the model predicts.")
    positive: Text | int | Absent = Field(
        None, description="The value of the target that counts as positive, for a binary task with text labels."
    )
    id: Text | Absent = Field(None, description="The column that identifies a row; it is no feature.")
    task: Task | Absent = Field(
        None,
        description="Default: read off the target column, but ranking and scores (columns of scores without a "
        "truth) are never guessed.",
    )
    predictions: FilePath | Absent = Field(
        None,
        description="The file of predictions: columns id, y_true, y_pred, y_score..., and any to slice by. "
        f"Default: {grammar.PREDICTIONS}; none where `stages` write metrics files only.",
    )
    metrics: Annotated[tuple[Text | MetricModel, ...], Field(min_length=1)] | Absent = Field(
        None,
        description="Names of metrics, or definitions {cost: {fp: 1, fn: 20}}, {column: bleu, direction: higher}; "
        "the first one is the primary metric. Default: the usual ones of the task.",
    )
    group: Text | Absent = Field(
        None,
        description="The column whose rows belong together and are no independent observations (patient_id); for "
        "ranking the query. Default for ranking: a column called query or group.",
    )
    by: tuple[Cut | Bins, ...] = Field(
        (),
        description="Columns of the predictions to slice by, or crosses `a*b` of two; `{age: [30, 50]}` cuts a "
        "column of numbers at these edges. Default of many numbers: about five bins of like size.",
    )
    importance: bool = Field(
        False, description="Whether the built-in evaluator measures how much the model relies on each column."
    )
    example_rows: bool = Field(
        True,
        alias="example-rows",
        description="Whether single rows of the data may be shown: flipped answers, failing cases of behavioural "
        "tests, values that break a contract. `false` keeps the counts alone.",
    )
    discover: bool | Absent = Field(
        None,
        description="Whether weak slices are sought that nobody asked for. Default: in the columns of the "
        "predictions; with `true` the built-in evaluator writes all columns of `data` there.",
    )
    behaviour: behaviour_grammar.Behaviour = Field(
        (),
        description="Tests of what the model answers: invariance, direction, examples, or the project's pytest.",
    )
    baseline: Baseline = Field(
        "production",
        description="What the candidate is compared with: `production`, `latest`, `main` or a version (v1.2.0).",
    )
    gates: tuple[GateModel, ...] | Absent = Field(
        None, description="Default: one, the primary metric with `max-regression: 1%`."
    )
    images: Annotated[tuple[Image, ...], Field(max_length=image_rules.MOST)] = Field(
        (),
        description="Pictures, PNG or JPEG, that the command or the stages write: shown folded in the comment and "
        "in the report.",
    )
    datasets: Annotated[dict[DatasetName, DatasetModel], Field(max_length=grammar.MOST_DATASETS)] = Field(
        default={},
        description="More test sets by name, each compared and with gates of its own. One called `train` shows "
        "the gap between training and test.",
        json_schema_extra={"propertyNames": {"pattern": grammar.DATASET_PATTERN}},
    )


class RegisterModel(Strict):
    """What becomes a version, and what the loader may trust in it."""

    artifact: FilePath | Absent = Field(
        None, description="The model's file or folder. Default: the only output of `train`."
    )
    bump: Bump = Field(
        "auto",
        description="Which part of the version grows. `auto`: major when the input signature changed, minor when "
        "code or parameters did, patch when only data or the environment did.",
    )
    trusted: tuple[Text, ...] = Field(
        (), description="Types that the loader may build from a skops model file, by their full names."
    )


class DeployModel(BaseModel):
    """Where the model is served; the other keys are the target's own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    target: Text = Field(description="The kind of deployment.")


class EnvironmentModel(Strict):
    """One environment: a release branch, and where it is served."""

    branch: Branch | Absent = Field(None, description="The release branch. Default: release/<name>.")
    deploy: DeployModel | Absent = Field(
        None, description="Where the model is served. Without it the environment is a record only."
    )


class MonitorModel(Strict):
    """How a model in production is watched: batches of what it was asked and said, and later what was true."""

    schedule: ci_grammar.Cron | Absent = Field(
        None,
        description="When CI looks: a cron line, such as `17 6 * * *`. Without it `cdml monitor` does, by hand.",
    )
    predictions: monitor_grammar.Place = Field(
        description="A folder of batches (CSV or Parquet, the date in each name), or one file: the columns that "
        "went in, and y_pred or y_score."
    )
    actuals: monitor_grammar.Place | Absent = Field(
        None,
        description="A folder of labels that arrived since, or one file: the id column, and y_true or the target.",
    )
    label_delay: monitor_grammar.Delay | Absent = Field(
        None,
        alias="label-delay",
        description="How long labels take, such as `14d`: younger batches are not judged by them.",
    )
    on_drift: tuple[OnDrift, ...] = Field(
        ("issue",),
        alias="on-drift",
        description="What follows: `issue` keeps one issue while it lasts; with `retrain` it says how to retrain.",
    )


REQUIRED = ("model", "train", "evaluate")


class FileModel(Strict):
    """How a model is trained, judged, registered and delivered."""

    model_config = ConfigDict(json_schema_extra={"required": list(REQUIRED)})

    version: Version = Field(1, description="Version of this file's format.")
    model: Name | Absent = Field(None, description="The model's name in the registry; tags begin with it.")
    description: Text | Absent = Field(None, description="What the model is for, in a sentence.")
    owners: tuple[Text, ...] = Field((), description="People or teams who answer for the model.")
    ci: CiModel | Absent = Field(None, description="What runs in CI besides the model's own jobs.")
    data: dict[data_grammar.ContractName, data_grammar.DataModel] = Field(
        default={},
        description="Data under contract, checked before anything trains. `train` is what the others are "
        "compared with.",
        json_schema_extra={"propertyNames": {"pattern": grammar.DATASET_PATTERN}},
    )
    train: TrainModel | Absent = Field(None, description="How the model is made.")
    evaluate: EvaluateModel | Absent = Field(None, description="How the model is judged.")
    registration: RegisterModel | Absent = Field(None, alias="register", description="What becomes a version.")
    monitor: MonitorModel | Absent = Field(None, description="How the model in production is watched.")
    environments: dict[Name, EnvironmentModel | None] = Field(
        default={},
        description="Environments in promotion order.",
        json_schema_extra={"propertyNames": {"pattern": grammar.NAME_PATTERN, "maxLength": grammar.NAME_LENGTH}},
    )
