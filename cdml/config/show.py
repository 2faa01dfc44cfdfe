"""Settings back as mlops.yaml, with every default written out and marked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from cdml.core.settings import Ci, Environment, Evaluate, Gate, Settings, Stage

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
        "train": {
            **_job(settings.train.stage, settings.train.stages),
            "when": settings.train.when,
            **_given(schedule=settings.train.schedule),
        },
        "evaluate": _evaluate(settings.evaluate),
        "register": {
            "artifact": register.artifact,
            "bump": register.bump,
            **_given(trusted=list(register.trusted)),
        },
        **_given(environments={item.name: _environment(item) for item in settings.environments}),
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
    gates = [_gate(gate) for gate in evaluate.gates if gate.metric]
    keys = ("data", "target", "positive", "id", "task", "predictions")
    return {
        **({} if evaluate.builtin else _job(evaluate.stage, evaluate.stages)),
        **_given(**{key: getattr(evaluate, key) for key in keys}),
        **_given(metrics=list(evaluate.metrics), by=list(evaluate.by)),
        "baseline": evaluate.baseline,
        **({"gates": gates} if gates or not evaluate.gates else {}),
        **_given(images=list(evaluate.images)),
    }


def _gate(gate: Gate) -> dict[str, Any]:
    limit = f"{gate.limit * 100:.12g}%" if gate.relative else gate.limit
    return {
        "metric": gate.metric,
        gate.kind: limit,
        **_given(confidence=gate.confidence),
        "on-inconclusive": gate.on_inconclusive,
    }


def _environment(environment: Environment) -> dict[str, Any]:
    deploy = environment.deploy
    return {
        "branch": environment.branch,
        **_given(deploy={"target": deploy.target, **deploy.options} if deploy else None),
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
