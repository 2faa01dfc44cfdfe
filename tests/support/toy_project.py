"""A small project with a bare remote and a DVC remote, real in everything but the size of its model.

Its model is a number in a file: how well it ranks. Training and evaluating take milliseconds of plain Python.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from typed import typed
from warm_dvc import command

MLOPS = """\
model: toy
train:
  cmd: python train.py
  deps: [train.py, data.csv]
  params: [params.yaml]
  outs: [model.txt]
evaluate:
  cmd: python evaluate.py
  deps: [evaluate.py, model.txt, data.csv]
  data: data.csv
  target: y
  predictions: predictions.csv
  metrics: [roc_auc, accuracy]
  gates:
    - {metric: roc_auc, max-regression: 0.02}
environments:
  staging:
    deploy: {target: local, port: 18081}
  production:
    deploy: {target: local, port: 18082}
"""
TRAIN = """\
skill = [line.split(":")[1] for line in open("params.yaml") if line.startswith("skill")][0]
if float(skill) < 0:
    raise SystemExit("skill must not be negative")
open("model.txt", "w").write(skill)
"""
EVALUATE = """\
import csv, random
skill = float(open("model.txt").read())
noise = random.Random(0)
with open("data.csv") as source, open("predictions.csv", "w", newline="") as target:
    rows = csv.writer(target)
    rows.writerow(["id", "y_true", "y_score"])
    for row in csv.DictReader(source):
        score = 0.5 + (skill * (int(row["y"]) - 0.5) + noise.gauss(0, 0.35)) / 4
        rows.writerow([row["id"], row["y"], round(min(1, max(0, score)), 6)])
"""


@dataclass(frozen=True)
class Toy:
    """One person's clone of the project, beside its remotes."""

    root: Path

    @property
    def origin(self) -> Path:
        return self.root.parent / "origin.git"

    def git(self, *words: str, at: Path | None = None) -> str:
        return run(["git", *words], at or self.root)

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def commit(self, message: str, **files: str) -> str:
        for name, text in files.items():
            self.write(name.replace("__", "."), text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, message: str, **files: str) -> str:
        self.git("switch", "--quiet", "--create", name, "origin/main")
        return self.commit(message, **files)

    def main(self) -> None:
        self.git("switch", "--quiet", "main")
        self.git("pull", "--quiet")

    def refs(self) -> dict[str, str]:
        """Everything that the remote holds."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", at=self.origin).splitlines()
        return dict(line.split(" ") for line in lines)

    def cdml(self, *words: str, code: int = 0) -> str:
        """Run a command as a person would (see `typed`), and return what it said on both streams."""
        ended, said = invoke(self.root, *words)
        assert ended == code, f"{words} exited {ended}:\n{said}"
        assert "Traceback" not in said
        return said


def invoke(root: Path, *words: str) -> tuple[int, str]:
    """The exit code of a command and what it said, standard output first."""
    done = typed(root, *words)
    return done.returncode, done.stdout + done.stderr


def begin(folder: Path) -> Path:
    """The project before its first version, in `folder`, which exists; returns it."""
    work = folder / "work"
    work.mkdir()
    files = {"mlops.yaml": MLOPS, "train.py": TRAIN, "evaluate.py": EVALUATE, "params.yaml": "skill: 1.0\n"}
    files["data.csv"] = "id,y,age\n" + "".join(f"{n},{n % 2},{20 + n % 60}\n" for n in range(600))
    for name, text in files.items():
        (work / name).write_text(text)
    run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder / "origin.git")], folder)
    run(["git", "init", "--quiet", "--initial-branch=main"], work)
    run(["git", "config", "user.name", "Test"], work)
    run(["git", "config", "user.email", "test@localhost"], work)
    run(["git", "remote", "add", "origin", "../origin.git"], work)
    dvc(work, "init", "--quiet")
    (work / ".dvc" / "config").write_text(
        "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../store\n"
    )
    assert typed(work, "generate").returncode == 0
    run(["git", "add", "--all"], work)
    run(["git", "commit", "--quiet", "--message", "Begin"], work)
    run(["git", "push", "--quiet", "--set-upstream", "origin", "main"], work)
    return folder


def copy(source: Path, folder: Path, store: Path | None = None) -> Toy:
    """A copy of a project and its remotes; with `store`, that folder becomes its DVC remote."""
    shutil.copytree(source, folder, symlinks=True)
    toy = Toy(folder / "work")
    if store:
        store.mkdir(exist_ok=True)
        config = f"[core]\n    remote = store\n['remote \"store\"']\n    url = {store}\n"
        toy.commit("Name the store", **{".dvc/config": config})
        toy.git("push", "--quiet")
    return toy


def somebody_else(toy: Toy) -> Toy:
    """Bob's clone of the same repository."""
    root = toy.root.parent / "bob"
    if not root.exists():
        shutil.copytree(toy.root, root, symlinks=True)
    bob = Toy(root)
    bob.git("config", "user.name", "Bob")
    bob.git("config", "user.email", "bob@localhost")
    return bob


def dvc(cwd: Path, *words: str) -> str:
    return run([*command(), *words], cwd)


def run(words: list[str], cwd: Path) -> str:
    env = {**os.environ, "DVC_NO_ANALYTICS": "1", "CI": "true", "HOME": "/nonexistent"}
    env |= {"DVC_SITE_CACHE_DIR": str(cwd / ".dvc" / "tmp" / "site")}
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
    return done.stdout.strip()
