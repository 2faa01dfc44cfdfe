"""Training again with other seeds: real processes in a copy of the project."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cdml.config.behaviour import REPEATS_FILE
from cdml.core.comparison import Direction, MetricResult
from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.core.findings import Spread
from cdml.jobs.repeats import SPEC, repeat, spreads

TRAIN = """
import os, pathlib
seed = int(os.environ["CDML_SEED"])
assert pathlib.Path("data/train.csv").read_text() == "x"
assert not pathlib.Path("model.txt").exists()
pathlib.Path("model.txt").write_text(str(seed))
"""
EVALUATE = """
import pathlib
seed = int(pathlib.Path("model.txt").read_text())
rows = ["y_true,y_pred"] + [f"{i % 2},{i % 2 if i >= seed else 1 - i % 2}" for i in range(20)]
pathlib.Path("out/p.csv").write_text("\\n".join(rows))
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CDML_PYTHON", sys.executable)
    for name, text in (
        ("train.py", TRAIN),
        ("evaluate.py", EVALUATE),
        ("data/train.csv", "x"),
        ("model.txt", "the model itself"),
        ("out/p.csv", "its predictions"),
        (".git/config", "history"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "mlops.yaml").write_text(
        "model: toy\n"
        "train: {cmd: python train.py, outs: [model.txt], repeats: 3}\n"
        "evaluate: {cmd: python evaluate.py, predictions: out/p.csv}\n"
    )
    return tmp_path


def metric(name: str, value: float | None) -> MetricResult:
    return MetricResult(name, Direction.HIGHER, None, value, None, None, None, 20, "")


def test_each_seed_trains_in_a_copy_and_its_metrics_are_kept(root: Path) -> None:
    said: list[str] = []
    found = repeat(root, SPEC, said.append)
    assert found.seeds == (1, 2)
    assert found.metrics["accuracy"] == (0.95, 0.9)
    assert said == ["training 2 of 3 (CDML_SEED=1)", "training 3 of 3 (CDML_SEED=2)"]
    assert (root / "model.txt").read_text() == "the model itself"
    assert (root / "out" / "p.csv").read_text() == "its predictions"
    kept = (root / REPEATS_FILE).read_bytes()
    results = (metric("accuracy", 1.0), metric("nothing", 0.5), metric("f1", None))
    (spread,) = spreads(kept, results)
    assert (spread.metric, spread.runs, spread.low, spread.high) == ("accuracy", 3, 0.9, 1.0)
    assert spread.mean == pytest.approx(0.95)
    assert spread.deviation == pytest.approx(0.05)


def test_a_training_that_fails_says_with_which_seed(root: Path) -> None:
    (root / "train.py").write_text(
        "import os\nassert os.environ['CDML_SEED'] != '2', 'unlucky'\nopen('model.txt', 'w').write('1')"
    )
    with pytest.raises(ExternalError, match=r"train\.py failed with CDML_SEED=2") as caught:
        repeat(root, SPEC, lambda line: None)
    assert "unlucky" in caught.value.printed
    assert not (root / REPEATS_FILE).exists()


def test_no_run_has_no_spread_and_what_is_foreign_is_refused(root: Path) -> None:
    assert spreads(None, (metric("accuracy", 1.0),)) == ()
    assert spreads(b'{"seeds": [1], "metrics": {"mse": [1e308]}}', (metric("mse", 1e308),)) == ()
    with pytest.raises(ConfigError, match="is not what cdml wrote"):
        spreads(b'{"seeds": [1], "metrics": {"f1": ["x"]}}', ())
    with pytest.raises(UsageError, match="asks for repeats 9"):
        repeat(root, 9, print)


def test_a_spread_is_what_statistics_calls_it() -> None:
    assert spreads(b'{"seeds": [1], "metrics": {"f1": [0.5]}}', (metric("f1", 0.5),)) == (
        Spread("f1", 2, 0.5, 0.5, 0.5, 0.0),
    )
