"""Run a .gitlab-ci.yml of a folder with gitlab-ci-local: shells on this machine, offline.

Not faithful, and so not provable here: images and services are ignored; GIT_DEPTH is (every job gets the whole
working tree, and a git folder as deep as the given one); timeouts, resource groups and `interruptible` do
nothing.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tools
from ruamel.yaml import YAML
from validators import node_command

Result = Literal["passed", "failed", "warning", "skipped", "manual"]
RESULTS: dict[str, Result] = {"PASS": "passed", "FAIL": "failed", "WARN": "warning"}


class GitlabLocalError(Exception):
    """gitlab-ci-local could not run the file as asked: nothing that it reports would mean anything."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it went. `warning` is a failure that allow_failure forgave. `output` is what it printed.

    `artifacts` is the folder of what it kept; it does not exist when it kept nothing.
    """

    name: str
    result: Result
    output: str
    artifacts: Path


@dataclass(frozen=True, slots=True)
class Run:
    """How one pipeline went. `log` is everything that gitlab-ci-local printed."""

    exit_code: int
    jobs: tuple[Job, ...]
    log: str

    @property
    def results(self) -> dict[str, str]:
        """Result by name, `train: [a]` for a job of a matrix. A job that no rule lets in is not there."""
        return {job.name: job.result for job in self.jobs}

    def job(self, name: str) -> Job:
        for job in self.jobs:
            if job.name == name:
                return job
        raise KeyError(f"{name!r} is none of {list(self.results)}")


def run(
    folder: Path,
    scratch: Path,
    *,
    variables: Mapping[str, str] | None = None,
    scoped: Mapping[str, Mapping[str, str]] | None = None,
    manual: Sequence[str] = (),
    path_prefix: Sequence[Path] = (),
    seconds: int = 180,
) -> Run:
    """Run the pipeline of a copy of `folder`, a git working folder with a remote named origin.

    `variables`: the project's, secrets too, and predefined ones such as CI_PIPELINE_SOURCE, which says what
    event this is (push when it is not given). `scoped`: those that have a value in some environments alone, by the
    environment's name or pattern. `scratch`: a folder for everything, in which git looks for a .gitconfig and
    nothing else is needed. `manual`: manual jobs to start. `path_prefix`: folders first on PATH. Skips the test
    without Node, the package or rsync. Raises GitlabLocalError when the file is refused or the time is over.
    """
    tools.need("node", "gitlab-ci-local", "rsync")
    work = scratch.resolve() / "work"
    shutil.copytree(folder, work, symlinks=True)
    given = {"CI_PIPELINE_SOURCE": "push", **(variables or {})}
    own = {name: {"*": value} for name, value in given.items() if not name.startswith("CI_")}
    own |= {name: dict(values) for name, values in (scoped or {}).items()}
    with (scratch / "variables.yml").open("w") as file:
        # Without its type, a value that is a path would be taken for a file to be copied.
        YAML().dump({name: {"type": "variable", "values": values} for name, values in own.items()}, file)
    command = _command(given)
    environment = _environment(scratch.resolve(), given, path_prefix)
    listed = _start([*command, "--list-csv"], work, environment, seconds)
    if listed.returncode:
        raise GitlabLocalError(f"gitlab-ci-local refuses the file: {listed.stdout}{listed.stderr}")
    started = [word for name in manual for word in ("--manual", name)]
    done = _start([*command, *started], work, environment, seconds)
    jobs = _jobs(done.stdout, _when(listed.stdout), work / ".gitlab-ci-local" / "artifacts")
    if not any(job.result in RESULTS.values() for job in jobs):
        raise GitlabLocalError(f"gitlab-ci-local ran nothing and ended with {done.returncode}: {done.stderr}")
    return Run(done.returncode, jobs, done.stdout + done.stderr)


def _command(given: Mapping[str, str]) -> list[str]:
    entry = tools.NODE_FOLDER / "node_modules" / "gitlab-ci-local" / "dist" / "index.js"
    predefined = {name: value for name, value in given.items() if name.startswith("CI_")}
    words = [word for name, value in predefined.items() for word in ("--variable", f"{name}={value}")]
    options = ("--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--no-color")
    paths = ("--max-job-name-padding", "0", "--variables-file", "../variables.yml")
    return [*node_command(entry), *options, *paths, *words]


def _environment(scratch: Path, given: Mapping[str, str], path_prefix: Sequence[Path]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    return inherited | {
        "PATH": os.pathsep.join([*(str(one) for one in path_prefix), os.environ["PATH"]]),
        "HOME": str(scratch),
        "LANG": "C.UTF-8",
        "PIP_NO_INDEX": "1",
        "NODE_FOLDER": str(tools.NODE_FOLDER),
        "GCL_IGNORE_PREDEFINED_VARS": ",".join(name for name in given if name.startswith("CI_")),
    }


def _start(
    command: list[str], work: Path, environment: dict[str, str], seconds: int
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise GitlabLocalError(f"gitlab-ci-local did not end within {seconds} s: {error.stdout!r}") from error


def _when(listed: str) -> dict[str, str]:
    """The jobs that the rules let in, with their `when`, from the list that starts at its heading."""
    lines = listed[listed.index("name;") :].splitlines()
    return {row["name"]: row["when"] for row in csv.DictReader(lines, delimiter=";")}


def _jobs(printed: str, when: Mapping[str, str], artifacts: Path) -> tuple[Job, ...]:
    ended = {
        match[2].strip(): RESULTS[match[1]] for match in re.finditer(r"^ (PASS|FAIL|WARN) +(.+)$", printed, re.M)
    }
    jobs = []
    for name, how in when.items():
        not_run: Result = "manual" if how == "manual" else "skipped"
        result = next((r for said, r in ended.items() if said == name or said.startswith(f"{name}  ")), not_run)
        said = re.findall(rf"^{re.escape(name)} > (.*)$", printed, re.M)
        jobs.append(Job(name, result, "".join(f"{line}\n" for line in said), artifacts / _folder_of(name)))
    return tuple(jobs)


def _folder_of(name: str) -> str:
    """Its own way to make a file name: what is not a letter, digit, _ or - as base64, run by run."""
    return re.sub(r"[^\w-]+", lambda run: urlsafe_b64encode(run[0].encode()).decode().rstrip("="), name)
