"""A small project of a monorepo with its own dvc.yaml, evaluated twice, in real git and DVC.

It stands in `models/toy` and uses what DVC offers: `dvc add`, a folder as dependency and as output, templates,
`foreach`, `wdir`, parameters in YAML, JSON and TOML, a metrics file that git keeps.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from warm_dvc import command

MLOPS = """\
model: toy
train:
  stages: [train, part@a]
evaluate:
  stages: [evaluate]
  data: data/test.csv
  target: y
  predictions: predictions.csv
  metrics: [roc_auc]
  gates:
    - {metric: roc_auc, max-regression: 0.02}
register:
  artifact: model
"""
DVC_YAML = """\
vars:
  - depth: 3
stages:
  train:
    cmd: python src/train.py ${depth}
    deps: [src, data/train.csv, ../../shared/lib.py]
    params:
      - params.yaml:
      - conf/times.json:
      - conf/more.toml: [layers.1, when]
    outs: [model]
  part:
    foreach: [a, b]
    do:
      wdir: parts
      cmd: python ../part.py ${item}
      deps: [../part.py]
      outs: ["${item}.txt"]
  evaluate:
    cmd: python evaluate.py
    deps: [evaluate.py, model/skill.txt, data/test.csv]
    outs: [predictions.csv]
    metrics:
      - metrics.json: {cache: false}
"""
TRAIN = """\
import os
skill = [line.split(":")[1] for line in open("params.yaml") if line.startswith("skill")][0]
os.makedirs("model", exist_ok=True)
open("model/skill.txt", "w").write(skill)
open("model/notes.txt", "w").write("trained")
"""
EVALUATE = """\
import csv, json, random
skill = float(open("model/skill.txt").read())
noise = random.Random(0)
with open("data/test.csv") as source, open("predictions.csv", "w", newline="") as target:
    rows = csv.writer(target)
    rows.writerow(["id", "y_true", "y_score"])
    for row in csv.DictReader(source):
        score = 0.5 + (skill * (int(row["y"]) - 0.5) + noise.gauss(0, 0.35)) / 4
        rows.writerow([row["id"], row["y"], round(min(1, max(0, score)), 6)])
json.dump({"seconds": skill * 2, "big": 10 ** 400, "ok": True, "deep": {"x": 1}}, open("metrics.json", "w"))
"""
PART = "import sys\nopen(sys.argv[1] + '.txt', 'w').write(sys.argv[1])\n"
PARAMS = "skill: 1.0\nfeatures: [age, sex, bp]\n"
TIMES = '{"limit": 0.5, "spans": [["a", 1], ["b", 2]]}\n'
MORE = "when = 'night'\nunread = 1\nlayers = [8, 16]\n"


def table(rows: int, more: str = "") -> str:
    head = f"id,y,age{',' + more if more else ''}\n"
    return head + "".join(f"{n},{n % 2},{20 + n % 60}{',x' if more else ''}\n" for n in range(rows))


FILES = {
    "models/toy/mlops.yaml": MLOPS,
    "models/toy/dvc.yaml": DVC_YAML,
    "models/toy/src/train.py": TRAIN,
    "models/toy/src/notes.md": "why\n",
    "models/toy/evaluate.py": EVALUATE,
    "models/toy/part.py": PART,
    "models/toy/parts/.gitkeep": "",
    "models/toy/params.yaml": PARAMS,
    "models/toy/conf/times.json": TIMES,
    "models/toy/conf/more.toml": MORE,
    "models/toy/data/test.csv": table(200),
    "models/toy/data/train.csv": table(100),
    "models/toy/README.md": "Read me.\n",
    "shared/lib.py": "x = 1\n",
    ".gitattributes": "* text=auto eol=lf\n",
}


@dataclass(frozen=True)
class Small:
    """One clone; `root` is the project's folder, `first` and `second` its evaluated commits."""

    top: Path
    first: str = ""
    second: str = ""

    @property
    def root(self) -> Path:
        return self.top / "models" / "toy"

    def run(self, *words: str) -> str:
        env = {**os.environ, "CI": "true", "DVC_NO_ANALYTICS": "1", "HOME": "/nonexistent"}
        env |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        env |= {"DVC_SITE_CACHE_DIR": str(self.root / ".dvc" / "tmp" / "site")}
        done = subprocess.run(words, cwd=self.root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def dvc(self, *words: str) -> str:
        return self.run(*command(), *words)

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
        return self.run("git", *who, *words)

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def commit(self, message: str) -> str:
        self.git("add", "--all", ":/")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def evaluate(self) -> None:
        self.dvc("repro", "--quiet", "train", "part@a", "evaluate")


def make(top: Path) -> Small:
    """The project with two evaluated commits."""
    small = Small(top)
    small.root.mkdir(parents=True)
    for path, text in FILES.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    small.run("git", "init", "--quiet", "--initial-branch=main", str(top))
    small.dvc("init", "--quiet", "--subdir")
    small.dvc("add", "--quiet", "data/train.csv")
    small.evaluate()
    first = small.commit("First")
    small.write("data/train.csv", table(110, "region"))
    small.dvc("add", "--quiet", "data/train.csv")
    small.replace(
        "params.yaml", "skill: 1.0\nfeatures: [age, sex, bp]", "skill: 1.5\nfeatures: [age, bp, bmi, s4]"
    )
    small.replace("src/train.py", "import os", "import os  # changed")
    small.write("src/extra.py", "1\n")
    small.evaluate()
    second = small.commit("Second")
    return Small(top, first, second)
