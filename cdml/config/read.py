"""From plain data to typed parts, each validated alone, so that one broken part hides no problem of another."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from cdml.config import grammar, words
from cdml.config.data import DataModel, contract_name
from cdml.config.gate_model import DatasetGateModel, GateModel
from cdml.config.model import (
    CiModel,
    DeployModel,
    EnvironmentModel,
    EvaluateModel,
    FileModel,
    MonitorModel,
    RegisterModel,
    TrainModel,
)
from cdml.config.source import Path, Source

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")
_GATES: Path = ("evaluate", "gates")
_DATASETS: Path = ("evaluate", "datasets")


@dataclass
class Draft:
    """The parts that could be read; None (or not in its mapping) is what is absent or broken."""

    top: FileModel | None = None
    ci: CiModel | None = None
    train: TrainModel | None = None
    evaluate: EvaluateModel | None = None
    register: RegisterModel | None = None
    monitor: MonitorModel | None = None
    gates: dict[int, GateModel] = field(default_factory=dict)
    environments: dict[str, EnvironmentModel] = field(default_factory=dict)
    options: dict[str, dict[str, object]] = field(default_factory=dict)
    data: dict[str, DataModel] = field(default_factory=dict)


def draft(source: Source) -> Draft:
    """Validate every part; what is wrong is noted in `source`."""
    _refuse_nothing(source.data, (), source)
    parts = ("ci", "data", "train", "evaluate", "register", "monitor", "environments")
    data = source.data
    result = Draft(
        top=_part(source, FileModel, (), {key: value for key, value in data.items() if key not in parts}),
        ci=_section(source, CiModel, "ci"),
        train=_section(source, TrainModel, "train"),
        register=_section(source, RegisterModel, "register"),
        monitor=_section(source, MonitorModel, "monitor"),
    )
    if "evaluate" in data:
        _evaluate(source, result)
    if "environments" in data:
        _environments(source, result)
    if "data" in data:
        _data(source, result)
    return result


def _refuse_nothing(value: Any, path: Path, source: Source) -> None:
    """A key without a value is a slip, except where it has a meaning of its own."""
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_nothing(item, (*path, key), source)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_nothing(item, (*path, index), source)
    elif value is None and not _may_be_nothing(path):
        source.report(path, "has no value: write one, or remove the key")


def _may_be_nothing(path: Path) -> bool:
    """An environment without settings, a whole parameters file, a row's missing value."""
    return (path[0] == "environments" and len(path) == 2) or bool({"params", "input"} & set(path[:-1]))


def _section(source: Source, model: type[Model], key: str) -> Model | None:
    return _part(source, model, (key,), source.data[key]) if key in source.data else None


def _part(source: Source, model: type[Model], path: Path, value: Any) -> Model | None:
    """One part as its model, or None when it is broken. Strict, as JSON: "1" is no number, 1 no text."""
    from pydantic import ValidationError

    try:
        read = model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        words.report(source, model, path, [e for e in error.errors() if e["input"] is not None])
        return None
    return None if path and source.has(path, but=_GATES) else read


def _evaluate(source: Source, result: Draft) -> None:
    """`evaluate` and each of its gates."""
    value = source.data["evaluate"]
    if not isinstance(value, dict):
        result.evaluate = _section(source, EvaluateModel, "evaluate")
        return
    gates = value.get("gates")
    whole = dict(value)
    if isinstance(gates, list):
        for index, gate in enumerate(gates):
            read = _part(source, GateModel, (*_GATES, index), gate)
            if read is not None:
                result.gates[index] = read
        whole["gates"] = []
    inner = _gates_of_datasets(value)
    if inner:
        whole["datasets"] = {
            name: {**item, "gates": []} if name in inner else item for name, item in value["datasets"].items()
        }
    result.evaluate = _part(source, EvaluateModel, ("evaluate",), whole)
    _dataset_gates(source, result, inner, len(gates) if isinstance(gates, list) else 0)


def _gates_of_datasets(evaluate: dict[str, Any]) -> dict[str, list[Any]]:
    """The lists of gates in datasets, by the dataset's name."""
    datasets = evaluate.get("datasets")
    found = datasets.items() if isinstance(datasets, dict) else ()
    return {
        name: item["gates"]
        for name, item in found
        if isinstance(item, dict) and isinstance(item.get("gates"), list)
    }


def _dataset_gates(source: Source, result: Draft, inner: dict[str, list[Any]], first: int) -> None:
    """A dataset's gates count as gates of the one list, behind those that are written there."""
    for name, gates in inner.items():
        for index, gate in enumerate(gates):
            place: Path = (*_DATASETS, name, "gates", index)
            read = _part(source, DatasetGateModel, place, gate)
            if read is None:
                continue
            if "dataset" in read.model_fields_set:
                source.report((*place, "dataset"), "stands in a dataset already: remove it")
            number = max([first - 1, *result.gates]) + 1
            source.elsewhere[(*_GATES, number)] = place
            result.gates[number] = read.model_copy(update={"dataset": name})


def _data(source: Source, result: Draft) -> None:
    """Each file under contract."""
    value = source.data["data"]
    if not isinstance(value, dict):
        source.report(("data",), f"must be a mapping of names, not {words.kind(value)}")
        return
    for name, item in value.items():
        try:
            contract_name(name)
        except ValueError as error:
            source.report(("data", name), str(error))
        read = _part(source, DataModel, ("data", name), item)
        if read is not None:
            result.data[name] = read


def _environments(source: Source, result: Draft) -> None:
    """Each environment, and its deployment's options by the target's own model."""
    value = source.data["environments"]
    if not isinstance(value, dict):
        source.report(("environments",), f"must be a mapping of names, not {words.kind(value)}")
        return
    for name, item in value.items():
        path: Path = ("environments", name)
        try:
            grammar.name(name)
        except ValueError as error:
            source.report(path, str(error))
        read = _part(source, EnvironmentModel, path, {} if item is None else item)
        if read is not None:
            result.environments[name] = read
            if read.deploy is not None:
                _options(source, result, name, read.deploy)


def _options(source: Source, result: Draft, name: str, deploy: DeployModel) -> None:
    from cdml.deploy import TARGETS

    path: Path = ("environments", name, "deploy")
    if deploy.target not in TARGETS:
        hint = words.suggestion(deploy.target, TARGETS) or f"Targets: {', '.join(TARGETS)}."
        source.report((*path, "target"), f"{words.shown(deploy.target)} is not a target.", hint)
        return
    options = _part(source, TARGETS[deploy.target].options, path, deploy.model_extra or {})
    if options is not None:
        result.options[name] = options.model_dump(by_alias=True)
