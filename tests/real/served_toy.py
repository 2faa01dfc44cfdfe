"""The toy project with a model that can really be served, registered once, with the CI of a provider."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests
from toy_project import MLOPS, TRAIN, Toy, begin, copy

SERVED = (
    TRAIN
    + """\
import numpy, pandas, skops.io
from sklearn.linear_model import LogisticRegression
x = pandas.DataFrame({"age": numpy.arange(20, 80)})
skops.io.dump(LogisticRegression().fit(x, x["age"] > 40 + 10 * float(skill)), "model.skops")
"""
)
FAILING = "roc_auc:max-regression"  # the gate that a model of less skill fails


def begun(folder: Path, provider: str, *others: str) -> Path:
    """The project below `folder`, with release branches and v1.0.0; `others` are models that no change touches."""
    for name in ("begun", "store"):
        (folder / name).mkdir()
    toy = copy(begin(folder / "begun"), folder / "toy", folder / "store")
    rules, _, environments = MLOPS.partition("environments:")
    for other in others:
        for name in ("train.py", "evaluate.py", "params.yaml", "data.csv", ".dvc/config"):
            toy.write(f"{other}/{name}", (toy.root / name).read_text())
        toy.write(f"{other}/mlops.yaml", rules.replace("model: toy", f"model: {other}"))
    mlops = rules.replace("outs: [model.txt]", "outs: [model.txt, model.skops]")
    mlops += f"register: {{artifact: model.skops}}\nenvironments:{environments}"
    mlops += f"ci: {{main: main, providers: [{provider}]}}\n"
    toy.write("mlops.yaml", mlops.replace("18081", _free_port()))
    toy.write("train.py", SERVED)
    toy.git("add", "--all")
    for words in (("generate",), ("init", "--yes")):
        toy.cdml(*words)
        toy.commit("Add what cdml wrote")
        toy.git("push", "--quiet")
    toy.cdml("run", "--event", "main")
    return toy.root.parent


def _free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def served(toy: Toy) -> tuple[str, str]:
    """The version that staging's server says it serves, and its digest."""
    mlops = toy.git("show", "main:mlops.yaml", at=toy.origin)
    port = mlops.partition("port: ")[2].partition("}")[0]
    found = requests.get(f"http://127.0.0.1:{port}/version", timeout=30).json()
    return found["version"], found["sha256"]


@contextmanager
def stopped(state: Path) -> Iterator[None]:
    """What was started with this state is stopped afterwards."""
    try:
        yield
    finally:
        for process in psutil.process_iter(["cmdline"]):
            if any(str(state) in word for word in process.info["cmdline"] or ()):
                process.kill()
