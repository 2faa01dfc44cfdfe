"""Run a workflow of a folder under act: on this machine, offline, with stand-ins for the actions of actions/*.

Not faithful, and so not provable here: `on:` filters and `concurrency` are ignored; timeouts of steps do not
fire; a job that `continue-on-error` forgives still fails those that need it; a push needs no credentials;
`github.api_url` stays the real one, while GITHUB_API_URL is what `env` says; steps of `shell: python` write to a
terminal.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tools
from act_log import ActError, Annotation, Job, parse, shown
from ruamel.yaml import YAML

STUBS = tools.HERE / "stubs"
TOKEN = "a-token-of-the-stand-in"
RUNNERS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04", "self-hosted")
REMOTE = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(/(?P<path>[^@]+))?@(?P<ref>.+)")


@dataclass(frozen=True, slots=True)
class Run:
    """How one run went. `log` is what a person would read; `artifacts` has a folder for each uploaded artifact."""

    exit_code: int
    jobs: tuple[Job, ...]
    log: str
    errors: str
    artifacts: Path

    @property
    def results(self) -> dict[str, str]:
        """Result by name of job: {"plan": "success", "train (a)": "failure"}."""
        return {job.name: job.result for job in self.jobs}

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        return tuple(one for job in self.jobs for one in job.annotations)

    @property
    def summary(self) -> str:
        return "".join(job.summary for job in self.jobs)

    def job(self, name: str, **matrix: object) -> Job:
        """The one job of that name: "plan", "train (a)", "caller/plan"; or of that id and those matrix values.

        Raises KeyError, naming those that there are, when none or several fit.
        """
        named = [job for job in self.jobs if job.name == name and not matrix]
        fitting = [job for job in self.jobs if job.id == name and matrix.items() <= dict(job.matrix).items()]
        if len(found := named or fitting) != 1:
            raise KeyError(f"{len(found)} jobs are {name!r} with {matrix}, of {list(self.results)}")
        return found[0]


def run(
    folder: Path,
    workflow: str,
    event: str,
    scratch: Path,
    *,
    repository: str = "example/project",
    actor: str = "ann",
    payload: Mapping[str, object] | None = None,
    secrets: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    origin: Path | None = None,
    actions: Mapping[str, Path] | None = None,
    path_prefix: Sequence[Path] = (),
    runners: Sequence[str] = RUNNERS,
    seconds: int = 180,
) -> Run:
    """Run one workflow.

    `folder`: a git working folder; its HEAD is the event's commit (github.sha). github.ref is the payload's
    `ref`, for a pull request the merge of its `number`, else the branch of `folder`. `workflow`: path of the
    file below it. `event`: "push", "pull_request", ... `scratch`: a folder for everything else; runs that share
    it share artifacts and caches, as runs of one repository do. `env` is seen by every step, such as
    GITHUB_API_URL of a stand-in. `origin`: the bare repository that checkouts clone; needed where the workflow
    checks out. `actions`: "owner/repository" to the folder that stands for it at every ref. `path_prefix`:
    folders first on PATH. `runners`: labels that have a machine. `seconds`: after which act is ended and
    ActError raised.

    GITHUB_TOKEN is `TOKEN` unless `secrets` has one. Skips the test without act. Raises ActError when a job has no
    runner, an action no stand-in, or act itself fails before the first job.
    """
    act = tools.program("act")
    kept = _Scratch(scratch.resolve())
    kept.json("event.json", dict(payload or {}))
    command = [str(act), event, "--workflows", workflow, "--eventpath", str(kept.top / "event.json"), *_ALWAYS]
    command += ["--actor", actor]
    for option, pairs in (("--var", variables), ("--input", inputs)):
        command += [word for name, value in (pairs or {}).items() for word in (option, f"{name}={value}")]
    for label in runners:
        command += ["--platform", f"{label}=-self-hosted"]
    command += ["--secret-file", str(kept.settings("secrets", {"GITHUB_TOKEN": TOKEN, **(secrets or {})}))]
    about = {"GITHUB_REPOSITORY": repository, "GITHUB_REF": _ref(folder, event, payload or {})}
    step_environment = {**about, **kept.environment(origin), **(env or {})}
    command += ["--env-file", str(kept.settings("env", step_environment))]
    for reference, place in _mapped(folder, workflow, actions or {}, kept).items():
        command += ["--local-repository", f"{reference}={place}"]
    errors, code = _start(command, folder, kept, path_prefix, seconds)
    named = _yaml(folder / workflow).get("name", Path(workflow).name)
    return _read(kept, str(named), errors, code)


def _ref(folder: Path, event: str, payload: Mapping[str, object]) -> str:
    """github.ref. Left alone, act takes a tag at HEAD for what was pushed."""
    if event.startswith("pull_request") and event != "pull_request_target":
        return f"refs/pull/{payload.get('number', 1)}/merge"
    if isinstance(payload.get("ref"), str):
        return str(payload["ref"])
    return f"refs/heads/{_git(folder, 'branch', '--show-current').strip() or 'main'}"


def cdml_on_path(folder: Path) -> Path:
    """For `path_prefix`: `folder`, now with the `cdml` of this checkout, for steps that look for one first."""
    return _program(folder, "cdml", str(tools.CHECKOUT / ".venv" / "bin" / "cdml"))


_ALWAYS = (
    "--json", "--verbose", "--no-skip-checkout", "--no-cache-server", "--action-offline-mode", "--pull=false",
    "--input-file", os.devnull, "--var-file", os.devnull,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Scratch:
    top: Path

    @property
    def log(self) -> Path:
        return self.top / "act.log"

    def folder(self, name: str) -> Path:
        path = self.top / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def json(self, name: str, value: object) -> None:
        self.top.mkdir(parents=True, exist_ok=True)
        (self.top / name).write_text(json.dumps(value))

    def settings(self, name: str, values: Mapping[str, str]) -> Path:
        """A file of settings; never arguments, which everybody on the machine can read."""
        path = self.folder("settings") / name
        path.write_text("".join(f"{key}={_quoted(value)}\n" for key, value in values.items()))
        return path

    def environment(self, origin: Path | None) -> dict[str, str]:
        pythons = self.folder("python")
        for name in ("python", "python3"):
            _program(pythons, name, sys.executable)
        _program(pythons, "pip", sys.executable, "-m", "pip")
        return {
            "STUB_ORIGIN": str(origin.resolve()) if origin else "/nonexistent",
            "STUB_ARTIFACTS": str(self.folder("artifacts")),
            "STUB_CACHE": str(self.folder("cache")),
            "STUB_PYTHON_BIN": str(pythons),
            "GIT_PAGER": "cat",
            # What this checkout's environment holds already counts as installed; nothing else can be.
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")


def _program(folder: Path, name: str, *command: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    words = " ".join(f"'{word}'" for word in command)
    (folder / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    (folder / name).chmod(0o755)
    return folder


def _start(
    command: list[str], folder: Path, kept: _Scratch, path_prefix: Sequence[Path], seconds: int
) -> tuple[str, int]:
    """What act said beside its log, and its exit code."""
    shells = kept.folder("shells")
    for name in ("bash", "sh"):
        real = shutil.which(name) or f"/bin/{name}"
        _program(shells, name, sys.executable, "-IS", str(tools.HERE / "step_shell.py"), real)
    environment = {
        "PATH": os.pathsep.join([str(shells), *(str(one) for one in path_prefix), os.environ["PATH"]]),
        "HOME": str(kept.folder("home")),
        "TMPDIR": str(kept.folder("tmp")),
        "LANG": "C.UTF-8",
        "ACT_LOG": str(kept.log),
        "ACT_SHELLS": str(shells),
    }
    with kept.log.open("w") as out:
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                text=True, timeout=seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ActError(f"act did not end within {seconds} s; its log so far: {shown(_lines(kept))}") from error
    said = [line for line in done.stderr.splitlines() if '"level":"debug"' not in line]
    return "\n".join(said), done.returncode


def _read(kept: _Scratch, workflow: str, errors: str, code: int) -> Run:
    jobs, text = parse(_lines(kept), workflow), shown(_lines(kept))
    if not jobs:
        raise ActError(f"act ran nothing and ended with {code}: {errors}")
    if "Unable to clone" in text:
        raise ActError(f"act asked the network for an action: {text}")
    return Run(code, jobs, text, errors, kept.top / "artifacts")


def _lines(kept: _Scratch) -> list[str]:
    return kept.log.read_text(errors="replace").splitlines()


def _mapped(folder: Path, workflow: str, actions: Mapping[str, Path], kept: _Scratch) -> dict[str, Path]:
    """A git repository for each "owner/repository@ref" within reach, so that act asks no network."""
    mapped: dict[str, Path] = {}
    repositories: dict[str, Path] = {}
    waiting, seen = [(folder, workflow)], set()
    while waiting:
        root, path = waiting.pop()
        file = _file(root, path) or _file(folder, path)
        if file is None or file in seen:
            continue
        seen.add(file)
        for used in _uses(_yaml(file)):
            if used.startswith("./"):
                waiting.append((root, used))
            elif match := REMOTE.fullmatch(used):
                name = match["name"]
                if name not in repositories:
                    target = kept.folder("actions") / name.replace("/", "+")
                    repositories[name] = _as_repository(actions.get(name) or _stub(name), target)
                mapped[f"{name}@{match['ref']}"] = repositories[name]
                waiting.append((repositories[name], match["path"] or "."))
    return mapped


def _uses(node: object) -> list[str]:
    """Every value of a key `uses` in a document."""
    if isinstance(node, list):
        return [found for item in node for found in _uses(item)]
    if not isinstance(node, dict):
        return []
    here = [node["uses"]] if isinstance(node.get("uses"), str) else []
    return here + [found for value in node.values() for found in _uses(value)]


def _yaml(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(file)
    return document


def _file(root: Path, path: str) -> Path | None:
    """The file behind a `uses:`: a workflow itself, or what describes the action of a folder."""
    candidates = (root / path, root / path / "action.yml", root / path / "action.yaml")
    return next((one for one in candidates if one.is_file()), None)


def _stub(name: str) -> Path:
    owner, _, repository = name.partition("/")
    if owner != "actions" or not (STUBS / repository).is_dir():
        raise ActError(f"no stand-in for {name}: write one under {STUBS}, or name a folder in `actions`")
    if repository == "cache":
        tools.need("node")
    return STUBS / repository


def _as_repository(source: Path, target: Path) -> Path:
    """A copy with one commit: what git knows of `source`, uncommitted changes included, or all of it."""
    shutil.rmtree(target, ignore_errors=True)
    if (source / ".git").exists():
        names = _git(source, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        _copy(source, (name for name in names if name and (source / name).is_file()), target)
    else:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    _git(target, "init", "--quiet", "--initial-branch=main")
    _git(target, "add", "--all", "--force")
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    _git(target, *identity, "commit", "--quiet", "--message=stand-in")
    return target


def _copy(source: Path, names: Iterable[str], target: Path) -> None:
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, target / name)


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout
