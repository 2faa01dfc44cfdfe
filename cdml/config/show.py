"""Settings back as mlops.yaml, with every default written out and marked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cdml.config import metrics
from cdml.core.settings import (
    BehaviourTest,
    Ci,
    DataContract,
    Dataset,
    Environment,
    Evaluate,
    Gate,
    Monitor,
    Settings,
    Stage,
)

DEFAULT = "default"


def show(settings: Settings, written: Mapping[str, Any]) -> str:
    """A complete mlops.yaml that means the same; `written` is the data of the file as it stands.

    What is only known at run time (the task, its metrics) is named in comments at the top.
    """
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 1 << 16
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(_marked(complete(settings), written), text)
    return "".join(f"# {line}\n" for line in later(settings)) + text.getvalue()


def complete(settings: Settings) -> dict[str, Any]:
    """Settings in the grammar of mlops.yaml; what is not known yet is left out."""
    register = settings.register
    return {
        "version": 1,
        "model": settings.model,
        **_given(description=settings.description, owners=list(settings.owners)),
        **_given(ci=_ci(settings.ci)),
        **_given(data={one.name: _contract(one) for one in settings.data}),
        "train": {
            **_job(settings.train.stage, settings.train.stages),
            "when": settings.train.when,
            **_given(schedule=settings.train.schedule),
            "repeats": settings.train.repeats,
        },
        "evaluate": _evaluate(settings.evaluate),
        "register": {
            "artifact": register.artifact,
            "bump": register.bump,
            **_given(trusted=list(register.trusted)),
        },
        **_given(environments={item.name: _environment(item) for item in settings.environments}),
        **_given(monitor=_monitor(settings.monitor)),
    }


def later(settings: Settings) -> list[str]:
    """What is decided when it runs, in a line each."""
    evaluate = settings.evaluate
    lines = []
    if settings.ci.providers is None:
        lines.append("ci.providers: the one of the remote")
    if settings.ci.main is None:
        lines.append("ci.main: the remote's default branch")
    if evaluate.task is None:
        lines.append("evaluate.task: read off the target column")
    if not evaluate.metrics:
        lines.append("evaluate.metrics: the usual ones of the task")
    if any(not gate.metric for gate in evaluate.gates):
        lines.append("evaluate.gates: one, the primary metric with max-regression: 1% at confidence 0.95")
    return lines


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _contract(one: DataContract) -> dict[str, Any]:
    return {"path": one.path, "use": "serving" if one.serving else "training", "schema": one.schema}


def _ci(ci: Ci) -> dict[str, Any]:
    by_job = {
        "runs-on": {job: list(labels) for job, labels in ci.runs_on.items()},
        "timeout-minutes": dict(ci.timeout_minutes),
        "secrets": {job: list(names) for job, names in ci.secrets.items()},
    }
    return {
        **({} if ci.providers is None else {"providers": list(ci.providers)}),
        "python": ci.python,
        **_given(main=ci.main, install=ci.install, test=ci.test, **by_job),
        **_given(cloud={name: dict(keys) for name, keys in ci.cloud.items()}, azure=dict(ci.azure)),
        **_given(**{"index-url": ci.index_url}, cdml=ci.cdml, forks=ci.forks),
    }


def _job(stage: Stage | None, stages: tuple[str, ...]) -> dict[str, Any]:
    if stage is None:
        return {"stages": list(stages)}
    params = [{file: list(keys) or None} for file, keys in stage.params.items()]
    return {"cmd": stage.cmd, **_given(deps=list(stage.deps), params=params, outs=list(stage.outs))}


def _evaluate(evaluate: Evaluate) -> dict[str, Any]:
    asked = [gate for gate in evaluate.gates if gate.kind != "behaviour" and not gate.dataset]
    gates = [_gate(gate) for gate in asked if gate.metric]
    keys = ("data", "target", "positive", "id", "task", "group", "predictions")
    return {
        **({} if evaluate.builtin else _job(evaluate.stage, evaluate.stages)),
        **_given(**{key: getattr(evaluate, key) for key in keys}),
        **_given(metrics=metrics.shown(evaluate.metrics, evaluate.defined), by=_by(evaluate)),
        **({} if evaluate.discover is None else {"discover": evaluate.discover}),
        **_given(importance=bool(evaluate.importance)),
        "example-rows": evaluate.example_rows,
        **_given(behaviour=[_test(test, evaluate) for test in evaluate.behaviour]),
        "baseline": evaluate.baseline,
        **({"gates": gates} if gates or not asked else {}),
        **_given(datasets={one.name: _dataset(one, evaluate) for one in evaluate.datasets}),
        **_given(images=list(evaluate.images)),
    }


def _dataset(dataset: Dataset, evaluate: Evaluate) -> dict[str, Any]:
    gates = [_gate(replace(gate, dataset="")) for gate in evaluate.gates if gate.dataset == dataset.name]
    return _given(data=dataset.data, predictions=dataset.predictions, gates=gates)


def _by(evaluate: Evaluate) -> list[Any]:
    edges = evaluate.edges
    return [{name: list(edges[name])} if name in edges else name for name in evaluate.by]


def _test(test: BehaviourTest, evaluate: Evaluate) -> dict[str, Any]:
    gate = next(gate for gate in evaluate.gates if (gate.kind, gate.metric) == ("behaviour", test.name))
    change = {"column": test.column, **_given(values=list(test.values), add=test.add, multiply=test.multiply)}
    asked: dict[str, Any] = {
        "invariance": change,
        "direction": {**change, "score": test.score, **_given(of=test.of)},
        "examples": [
            {"input": dict(row), "answer": answer} for row, answer in zip(test.examples, test.answers, strict=True)
        ],
        "pytest": test.path,
    }
    return {
        "name": test.name,
        test.kind: asked[test.kind],
        **({} if test.tolerance is None else {"tolerance": test.tolerance}),
        "may-fail": f"{gate.limit * 100:.12g}%" if gate.relative else int(gate.limit),
        **_given(data=test.data),
        **({"sample": test.sample} if test.data else {}),
    }


def _gate(gate: Gate) -> dict[str, Any]:
    limit = f"{gate.limit * 100:.12g}%" if gate.relative else gate.limit
    return {
        "metric": gate.metric,
        gate.kind: limit,
        **_given(**{"by": gate.by, "min-rows": gate.min_rows, "dataset": gate.dataset, "against": gate.against}),
        **_given(confidence=gate.confidence),
        "on-inconclusive": gate.on_inconclusive,
    }


def _environment(environment: Environment) -> dict[str, Any]:
    deploy = environment.deploy
    return {
        "branch": environment.branch,
        **_given(deploy={"target": deploy.target, **deploy.options} if deploy else None),
    }


def _monitor(monitor: Monitor | None) -> dict[str, Any]:
    if monitor is None:
        return {}
    delay = f"{monitor.label_delay}d" if monitor.label_delay else None
    return {
        **_given(schedule=monitor.schedule),
        "predictions": monitor.predictions,
        **_given(actuals=monitor.actuals, **{"label-delay": delay}),
        "on-drift": list(monitor.on_drift),
    }


def _marked(value: Any, written: Any) -> Any:
    """The same data for ruamel, with a comment at each scalar that the file does not hold."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, dict):
        result = CommentedMap()
        for key, item in value.items():
            there = written.get(key) if isinstance(written, Mapping) else None
            result[key] = _marked(item, there)
            if there is None and item is not None and not isinstance(item, (dict, list)):
                result.yaml_add_eol_comment(DEFAULT, key)
        return result
    if isinstance(value, list):
        items = written if isinstance(written, list) else []
        rows = CommentedSeq(
            _marked(item, items[index] if index < len(items) else None) for index, item in enumerate(value)
        )
        if not any(isinstance(item, dict) for item in value):
            rows.fa.set_flow_style()
        return rows
    return value
