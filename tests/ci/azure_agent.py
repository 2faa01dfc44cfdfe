"""Runs generated pipelines: compiles templates as the service does, then works its jobs off as an agent does.

Scripts really run, in order, in a clone; tasks are played by what they mean for files. What the documents forbid
(an unknown parameter, an artifact's name used twice) fails here too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from azure_expressions import evaluate
from ruamel.yaml import YAML

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_MACRO = re.compile(r"\$\(([^()]+)\)")
_COMMAND = re.compile(r"##vso\[([a-z.]+)\s*([^\]]*)\](.*)")
GOOD = ("Succeeded", "SucceededWithIssues")


def load(text: str) -> Any:
    return YAML(typ="safe").load(text)


def compiled(files: Mapping[str, str], path: str, variables: Mapping[str, str], given: Mapping[str, Any]) -> Any:
    """A file with its parameters filled in, every template of it included and every `if` decided."""
    document = load(files[path])
    parameters: dict[str, Any] = {}
    for one in document.pop("parameters", None) or []:
        value = given.get(one["name"], one.get("default"))
        assert value is not None, f"{path}: parameter {one['name']} is missing"
        assert value in one.get("values", [value]), f"{path}: {one['name']} may not be {value!r}"
        parameters[one["name"]] = str(value).lower() == "true" if one["type"] == "boolean" else value
    assert set(given) <= set(parameters), f"{path}: no parameters {set(given) - set(parameters)}"
    names = {"variables": variables, "parameters": parameters}

    def expand(node: Any) -> Any:
        if isinstance(node, str):
            whole = _EXPRESSION.fullmatch(node)
            if whole:
                return evaluate(whole[1].strip(), names)
            return _EXPRESSION.sub(lambda found: str(evaluate(found[1].strip(), names)), node)
        if isinstance(node, list):
            return [one for item in node for one in items(item)]
        return {key: expand(value) for key, value in node.items()} if isinstance(node, dict) else node

    def items(item: Any) -> list[Any]:
        if isinstance(item, dict) and len(item) == 1 and (found := _EXPRESSION.fullmatch(next(iter(item)))):
            assert found[1].strip().startswith("if ")
            chosen = evaluate(found[1].strip()[3:], names)
            return expand(next(iter(item.values()))) if chosen else []
        if isinstance(item, dict) and "template" in item:
            target = (Path(path).parent / item["template"]).as_posix()
            inner = compiled(files, target, variables, expand(item.get("parameters", {})))
            return inner.get("jobs") or inner["steps"]
        return [expand(item)]

    return expand(document)


@dataclass
class Agent:
    """One run. `results` holds how every stage and job went, `steps` the titles of what was done by job."""

    files: Mapping[str, str]
    origin: Path
    work: Path
    path: str
    predefined: dict[str, str]
    environ: dict[str, str]
    parameters: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    steps: dict[str, list[str]] = field(default_factory=dict)
    issues: list[str] = field(default_factory=list)
    _done: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def run(self) -> None:
        pipeline = compiled(self.files, "azure-pipelines.yml", self.predefined, self.parameters)
        variables = self.predefined | {key: str(value) for key, value in pipeline["variables"].items()}
        for stage in pipeline["stages"]:
            self._stage(stage, variables)

    def _stage(self, stage: dict[str, Any], variables: dict[str, str]) -> None:
        name = stage["stage"]
        unknown = set(stage["dependsOn"]) - set(self._done)
        assert not unknown, f"{name} needs {unknown}, which this run does not have"
        stages = {one: self._seen_by_stages(one) for one in stage["dependsOn"]}
        runs = evaluate(stage["condition"], {"variables": variables, "dependencies": stages}) if stages else True
        self._done[name] = {}
        if runs:
            before = {one: self._done[one] for one in stage["dependsOn"]}
            for job in stage["jobs"]:
                self._job(name, job, variables, before)
        results = [job["result"] for job in self._done[name].values()]
        ran = [one for one in results if one != "Skipped"]
        self.results[name] = "Skipped" if not ran else "Failed" if "Failed" in ran else "Succeeded"

    def _seen_by_stages(self, stage: str) -> dict[str, Any]:
        jobs = self._done[stage].items()
        outputs = {f"{job}.{key}": value for job, seen in jobs for key, value in seen["outputs"].items()}
        return {"result": self.results[stage], "outputs": outputs}

    def _job(self, stage: str, job: dict[str, Any], variables: dict[str, str], before: dict[str, Any]) -> None:
        name = job.get("job") or job["deployment"]
        assert re.fullmatch(r"[A-Za-z_]\w*", name)
        assert name not in self._done[stage]
        names = {"variables": variables, "stageDependencies": before}
        seen: dict[str, Any] = {"result": "Skipped", "outputs": {}}
        self._done[stage][name] = seen
        if not evaluate(job.get("condition", "always()"), names):
            self.results[name] = "Skipped"
            return
        own = variables | {"System.StageAttempt": "1", "System.JobAttempt": "1"} | self.secrets
        for one in job.get("variables", []):
            if "group" in one:
                own |= self.groups[one["group"]]
            else:
                own[one["name"]] = str(evaluate(one["value"][2:-1].strip(), names) or "")
        steps = job["strategy"]["runOnce"]["deploy"]["steps"] if "deployment" in job else job["steps"]
        worker = _Worker(self, name, own)
        for step in steps:
            worker.step(step)
        seen |= {"result": worker.status, "outputs": worker.outputs}
        self.results[name], self.outputs[name] = worker.status, worker.outputs


class _Worker:
    """One job on a fresh machine."""

    def __init__(self, agent: Agent, name: str, variables: dict[str, str]) -> None:
        self.agent, self.name, self.status, self.outputs = agent, name, "Succeeded", dict[str, str]()
        self.path = agent.path
        self.home = agent.work / name
        places = {"Pipeline.Workspace": "", "Build.SourcesDirectory": "s", "Agent.TempDirectory": "_temp"}
        places["Build.ArtifactStagingDirectory"] = "a"
        self.variables = variables | {key: str(self.home / value) for key, value in places.items()}
        for value in places.values():
            (self.home / value).mkdir(parents=True, exist_ok=True)
        agent.steps[name] = []

    def step(self, step: dict[str, Any]) -> None:
        good = self.status in GOOD
        functions: dict[str, Callable[..., Any]] = {
            "succeeded": lambda: good,
            "succeededOrFailed": lambda: True,
        }
        if not evaluate(step.get("condition", "succeeded()"), {"variables": self.variables}, functions):
            return
        kind = next(word for word in ("checkout", "bash", "task") if word in step)
        self.agent.steps[self.name].append(step.get("displayName") or f"{kind} {step[kind]}")
        inputs = {key: self._text(value) for key, value in step.get("inputs", {}).items()}
        if kind == "checkout":
            self._checkout(step)
        elif kind == "bash":
            self._script(step["bash"], step)
        else:
            {
                "AzureCLI@2": lambda: self._script(inputs["inlineScript"], step),
                "PublishPipelineArtifact@1": lambda: self._publish(inputs),
                "DownloadPipelineArtifact@2": lambda: self._download(inputs),
                "UsePythonVersion@0": lambda: None,
                "Cache@2": lambda: None,
            }[step["task"]]()

    def _text(self, value: Any) -> str:
        return _MACRO.sub(lambda found: self.variables.get(found[1], found[0]), str(value))

    def _checkout(self, step: dict[str, Any]) -> None:
        if step["checkout"] == "none":
            return
        assert step["fetchDepth"] == "0"
        sources = self.variables["Build.SourcesDirectory"]
        subprocess.run(["git", "clone", "--quiet", str(self.agent.origin), sources], check=True)
        fetch = ["git", "fetch", "--quiet", "origin", "+refs/pull/*:refs/remotes/pull/*"]
        subprocess.run(fetch, cwd=sources, check=True)
        commit = ["git", "checkout", "--quiet", "--detach", self.variables["Build.SourceVersion"]]
        subprocess.run(commit, cwd=sources, check=True)

    def _script(self, script: str, step: dict[str, Any]) -> None:
        hidden = {*self.agent.secrets, "System.AccessToken", *(k for g in self.agent.groups.values() for k in g)}
        own = {key.upper().replace(".", "_"): v for key, v in self.variables.items() if key not in hidden}
        given = {key: self._text(value).strip() for key, value in step.get("env", {}).items()}
        environ = self.agent.environ | own | given | {"PATH": self.path, "JOB": self.name}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", self._text(script)],
            cwd=self.variables["Build.SourcesDirectory"],
            env=environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        restricted = step.get("target", {}).get("commands") == "restricted"
        for line in done.stdout.splitlines():
            if found := _COMMAND.match(line):
                self._command(found, step, restricted)
        if done.returncode:
            self.status = "Failed"
            self.agent.issues.append(done.stdout)

    def _command(self, found: re.Match[str], step: dict[str, Any], restricted: bool) -> None:
        if found[1] == "task.setvariable" and not restricted:
            key = re.search(r"variable=([^;]+)", found[2])
            assert key
            self.outputs[f"{step.get('name', '')}.{key[1]}"] = found[3]
        elif found[1] == "task.prependpath":
            self.path = f"{found[3]}:{self.path}"
        elif found[1] == "task.logissue":
            self.agent.issues.append(found[3])

    def _publish(self, inputs: dict[str, str]) -> None:
        assert inputs["artifact"] not in self.agent.artifacts, "an artifact's name can be taken once"
        source = Path(inputs["targetPath"])
        if not source.is_dir():
            self.status = "Failed"
            return
        self.agent.artifacts[inputs["artifact"]] = source

    def _download(self, inputs: dict[str, str]) -> None:
        for name, source in self.agent.artifacts.items():
            if fnmatch(name, inputs["itemPattern"].removesuffix("/**")):
                shutil.copytree(source, Path(inputs["targetPath"]) / name)
