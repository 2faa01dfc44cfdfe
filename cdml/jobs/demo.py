"""The stage for `cdml demo`: a repository, a bare remote and a DVC remote in one folder, and the servers' end."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from cdml.core.errors import ConfigError
from cdml.core.files import write
from cdml.core.http import request_json
from cdml.core.interpreter import VARIABLE
from cdml.core.process import Finished, run
from cdml.core.resources import example_project
from cdml.jobs.deploy import open_target
from cdml.jobs.project import open_project

ENVIRONMENTS = ("staging", "production")


@dataclass(frozen=True)
class Stage:
    """One demo's folder: `work` is the person's clone, `ports` by environment."""

    folder: Path
    ports: dict[str, int]

    @property
    def work(self) -> Path:
        """The clone that the commands run in."""
        return self.folder / "work"

    def command(self, *words: str) -> Finished:
        """Run one command of the story as a person would type it; `cdml` is this installation's."""
        program = [sys.executable, "-m", "cdml"] if words[0] == "cdml" else [words[0]]
        return run([*program, *words[1:]], cwd=self.work, env=_environment(self.folder), check=False)

    def ask(self, environment: str, record: dict[str, object]) -> object:
        """A prediction of the environment's server for one record."""
        url = f"http://127.0.0.1:{self.ports[environment]}/predict"
        status, answer = request_json("POST", url, body={"records": [record]}, timeout=30)
        return answer if status == 200 else {"status": status, "answer": answer}

    def edit(self, file: str, before: str, after: str) -> None:
        """Replace one piece of a file; an assertion that the story still fits the example."""
        path = self.work / file
        text = path.read_text("utf-8")
        if text.count(before) != 1:
            raise ConfigError(f"the demo does not know this {file}: it has no single {before!r}")
        write(path, text.replace(before, after))


def prepare(folder: Path) -> Stage:
    """Lay out the folder: the example project in a clone, with a bare remote and a folder as DVC remote."""
    _require_extras()
    stage = Stage(folder, {name: _free_port() for name in ENVIRONMENTS})
    ignore = shutil.ignore_patterns("__pycache__", ".pytest_cache", "cache", "tmp", "model", "reports", "dvc.lock")
    shutil.copytree(example_project(), stage.work, ignore=ignore)
    for place, name in enumerate(ENVIRONMENTS):
        stage.edit("mlops.yaml", f"port: {8081 + place}", f"port: {stage.ports[name]}")
    for words in (
        ("git", "init", "--quiet", "--initial-branch=main"),
        ("git", "config", "user.name", "cdml demo"),
        ("git", "config", "user.email", "demo@localhost"),
        ("git", "init", "--quiet", "--bare", "--initial-branch=main", "../origin.git"),
        ("git", "remote", "add", "origin", "../origin.git"),
    ):
        _must(stage, *words)
    remote = folder / "dvc-store"
    remote.mkdir()
    write(stage.work / ".dvc" / "config", _dvc_config(stage.work / ".dvc" / "config", remote))
    return stage


def close(stage: Stage) -> None:
    """Stop every server that the demo started."""
    if not (stage.work / ".git").exists():
        return
    project = open_project(stage.work, python=Path(sys.executable))
    for environment in project.settings.environments:
        if environment.deploy:
            open_target(project, environment.name, environment.deploy).remove()


def _must(stage: Stage, *words: str) -> None:
    run(list(words), cwd=stage.work, env=_environment(stage.folder))


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the person's own: the demo's git, DVC and Python settings are all in its folder."""
    return {
        VARIABLE: os.environ.get(VARIABLE, sys.executable),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "DVC_GLOBAL_CONFIG_DIR": str(folder / "dvc-config"),
        "DVC_SYSTEM_CONFIG_DIR": str(folder / "dvc-config"),
        "TMPDIR": str(folder),
        "NO_COLOR": "1",
        # Nor of a run of CI that plays it: the demo's worse model is no finding of that run.
        **dict.fromkeys(("GITHUB_ACTIONS", "TF_BUILD", "GITLAB_CI"), ""),
    }


def _dvc_config(path: Path, remote: Path) -> str:
    from configparser import RawConfigParser
    from io import StringIO

    config = RawConfigParser()
    config.read(path)
    if not config.has_section("core"):
        config.add_section("core")
    config.set("core", "remote", "store")
    config.add_section("'remote \"store\"'")
    config.set("'remote \"store\"'", "url", str(remote))
    text = StringIO()
    config.write(text)
    return text.getvalue()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _require_extras() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("fastapi", "uvicorn", "skops", "pytest") if find_spec(name) is None]
    if missing:
        raise ConfigError(f"the demo needs {', '.join(missing)}", "pip install 'cdml[demo]'")
