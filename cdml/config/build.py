"""From a checked draft to Settings, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cdml.config import behaviour, ci, data, datasets, gates, metrics, monitor, slicing
from cdml.config.checks import is_builtin, unwritten_images
from cdml.config.grammar import PREDICTIONS
from cdml.core.settings import (
    CONFIG_FILE,
    DeploySettings,
    Environment,
    Evaluate,
    Register,
    Settings,
    Stage,
    Train,
)

if TYPE_CHECKING:
    from cdml.config.model import EvaluateModel, Param, RegisterModel, TrainModel
    from cdml.config.read import Draft
    from cdml.config.source import Source

# The command's number changes with what the built-in evaluator computes, so that no cache serves a fixed bug.
EVALUATOR = "cdml evaluator --spec 1"
PARAMS_FILE = "params.yaml"
PARAMS_SUFFIXES = (".yaml", ".yml", ".json", ".toml", ".py")


def build(source: Source, draft: Draft) -> Settings:
    """Settings of a draft in which no problem was found."""
    top, train, evaluate = draft.top, draft.train, draft.evaluate
    assert top is not None  # noqa: S101 - the checks have seen to these
    assert top.model is not None  # noqa: S101
    assert train is not None  # noqa: S101
    assert evaluate is not None  # noqa: S101
    register = _register(draft.register, train)
    made, judged = _stage("train", train), _evaluate(source, draft, evaluate, register.artifact)
    return Settings(
        model=top.model,
        description=top.description or "",
        owners=top.owners,
        ci=ci.build(draft.ci),
        train=Train(made, train.stages or (), train.when, train.schedule, train.repeats),
        evaluate=replace(judged, after=behaviour.stages(source, draft, made, judged.stage, register.artifact)),
        register=register,
        environments=tuple(_environment(draft, name) for name in draft.environments),
        monitor=monitor.build(source, draft),
        data=data.build(draft),
    )


def _stage(name: str, part: TrainModel | EvaluateModel, extra: tuple[str, ...] = ()) -> Stage | None:
    if part.cmd is None:
        return None
    return Stage(name, part.cmd, part.deps, params(part.params), (*(part.outs or ()), *extra))


def params(items: tuple[Param, ...]) -> dict[str, tuple[str, ...]]:
    """DVC's three ways of naming parameters as one: file -> keys, no keys meaning all of them."""
    wanted: dict[str, tuple[str, ...] | None] = {}
    for item in items:
        entry: Mapping[str, tuple[str, ...] | None]
        if isinstance(item, str):
            entry = {item: None} if item.endswith(PARAMS_SUFFIXES) else {PARAMS_FILE: (item,)}
        else:
            entry = item
        for file, keys in entry.items():
            before = wanted.get(file, ())
            wanted[file] = None if keys is None or before is None else tuple(dict.fromkeys((*before, *keys)))
    return {file: keys or () for file, keys in wanted.items()}


def _register(register: RegisterModel | None, train: TrainModel) -> Register:
    from cdml.config.model import RegisterModel

    register = register or RegisterModel()
    return Register(register.artifact or (train.outs or ("",))[0], register.bump, register.trusted)


def _evaluate(source: Source, draft: Draft, evaluate: EvaluateModel, artifact: str) -> Evaluate:
    builtin = is_builtin(evaluate)
    predictions = evaluate.predictions or (None if evaluate.stages else PREDICTIONS)
    if builtin:
        stage: Stage | None = _evaluator(source, draft, evaluate, artifact, predictions)
    else:
        missing = (predictions,) if predictions and predictions not in (evaluate.outs or ()) else ()
        more = (path for _, path in datasets.written(evaluate))
        stage = _stage("evaluate", evaluate, (*missing, *more, *unwritten_images(draft)))
    return Evaluate(
        stage=stage,
        stages=evaluate.stages or (),
        builtin=builtin,
        data=evaluate.data,
        target=evaluate.target,
        positive=None if evaluate.positive is None else str(evaluate.positive),
        id=evaluate.id,
        task=evaluate.task,
        predictions=predictions,
        metrics=metrics.names(evaluate),
        by=slicing.names(evaluate),
        baseline=evaluate.baseline,
        gates=(*gates.build(source, draft), *behaviour.gates(source, evaluate)),
        images=evaluate.images,
        group=evaluate.group,
        defined=metrics.specs(evaluate),
        datasets=datasets.build(evaluate),
        edges=slicing.edges(evaluate),
        discover=evaluate.discover,
        importance=_beside(predictions, "importance.json") if evaluate.importance else None,
        behaviour=behaviour.tests(evaluate),
        example_rows=evaluate.example_rows,
    )


def _evaluator(
    source: Source, draft: Draft, evaluate: EvaluateModel, artifact: str, predictions: str | None
) -> Stage:
    """The built-in evaluator's stage. What it reads from mlops.yaml are parameters of it to DVC: a new target
    column must not be answered from the cache."""
    read = ("target", "positive", "id", "task", "group", "by", "discover")
    more = ("metrics",) if evaluate.importance else ()
    written = [key for key in (*read, *more) if key in source.data["evaluate"]]
    drawn = (_beside(predictions, "importance.json"),) if evaluate.importance else ()
    data = (evaluate.data, *(dataset.data for dataset in evaluate.datasets.values()))
    return Stage(
        name="evaluate",
        cmd=EVALUATOR,
        deps=tuple(dict.fromkeys(path for path in (artifact, *data) if path)),
        params={CONFIG_FILE: (*(f"evaluate.{key}" for key in written), *datasets.parameters(evaluate))},
        outs=(*((predictions,) if predictions else ()), *datasets.outs(evaluate).values(), *drawn),
        metrics=_serving(draft, predictions),
    )


def _serving(draft: Draft, predictions: str | None) -> tuple[str, ...]:
    """The file of what serving costs, where a gate asks for it: no two runs write the same."""
    from cdml.evaluation.serving import SERVING

    asked = any(gate.metric in SERVING for gate in draft.gates.values())
    return (_beside(predictions, "serving.json"),) if asked else ()


def _beside(predictions: str | None, name: str) -> str:
    return str(PurePosixPath(predictions or PREDICTIONS).with_name(name))


def _environment(draft: Draft, name: str) -> Environment:
    part = draft.environments[name]
    deploy = DeploySettings(part.deploy.target, draft.options[name]) if part.deploy else None
    return Environment(name, part.branch or f"release/{name}", deploy)
