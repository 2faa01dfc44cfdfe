"""Two files and nothing else: a verdict in a sentence, or a mistake named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cdml.core.comparison import Direction, Outcome
from cdml.core.errors import ConfigError
from cdml.core.settings import Gate
from cdml.jobs.compare_files import compare_files, sentence


def _write(path: Path, truth: np.ndarray, score: np.ndarray) -> Path:
    lines = [f"{i},{t},{s:.6f},{'f' if i % 3 else 'm'}" for i, (t, s) in enumerate(zip(truth, score, strict=True))]
    path.write_text("\n".join(["id,y_true,y_score,sex", *lines]) + "\n")
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    random = np.random.default_rng(5)
    truth = random.integers(0, 2, 600)
    noise = random.normal(size=600)
    old, new = (1 / (1 + np.exp(-(lift * (2 * truth - 1) + noise))) for lift in (0.6, 1.1))
    return _write(tmp_path / "old.csv", truth, old), _write(tmp_path / "new.csv", truth, new)


def test_a_better_model_is_better_and_its_opposite_worse(files: tuple[Path, Path]) -> None:
    old, new = files
    found = compare_files(old, new, by=("sex",))
    assert [m.name for m in found.comparison.metrics] == ["roc_auc", "f1", "log_loss"]
    assert [m.judgement for m in found.comparison.metrics] == ["better"] * 3
    assert found.comparison.metrics[2].direction is Direction.LOWER
    assert found.verdicts == ()
    assert (found.comparison.baseline.label, found.comparison.candidate.label) == ("old.csv", "new.csv")
    assert [s.value for s in found.comparison.slices] == ["f", "m"]
    assert sentence(found).startswith("better on roc_auc by 0.")
    assert sentence(compare_files(new, old)).startswith("worse on roc_auc by 0.")
    assert sentence(compare_files(new, new)) == "roc_auc: same; f1: same; log_loss: same"


def test_gates_and_metrics_can_be_asked_for(files: tuple[Path, Path]) -> None:
    found = compare_files(*files, metrics=("f1",), gates=(Gate("max-regression", "f1", 0.0),))
    assert [m.name for m in found.comparison.metrics] == ["f1"]
    assert [v.outcome for v in found.verdicts] == [Outcome.PASS]


def test_mistakes_are_named(files: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = files
    with pytest.raises(ConfigError, match="'auc' is not a metric") as caught:
        compare_files(old, new, metrics=("auc",))
    assert "roc_auc" in caught.value.hint
    with pytest.raises(ConfigError, match="rmse is not a metric of a binary task"):
        compare_files(old, new, metrics=("rmse",))
    with pytest.raises(ConfigError, match="no column age to slice by; it has sex"):
        compare_files(old, new, by=("age",))
    with pytest.raises(ConfigError, match=r"gone\.csv: cannot be read"):
        compare_files(old, tmp_path / "gone.csv")


def test_fewer_rows_claim_nothing(files: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = files
    short = tmp_path / "short.csv"
    short.write_text("\n".join(new.read_text().splitlines()[:501]))
    assert sentence(compare_files(old, short)) == "can't compare: test data differ: 100 rows only in the baseline"


def test_labels_ids_and_tasks_can_be_named(tmp_path: Path) -> None:
    rows = ["yes,no", "no,no", "yes,yes", "no,yes"] * 5
    old, new = tmp_path / "a" / "p.csv", tmp_path / "b" / "p.csv"
    for path in (old, new):
        path.parent.mkdir()
        path.write_text("\n".join(["key,y_true,y_pred", *(f"{i},{r}" for i, r in enumerate(rows))]))
    found = compare_files(old, new, positive="yes", id_column="key")
    assert found.comparison.metrics[0].name == "f1"
    assert found.comparison.baseline.label == str(old)
    assert compare_files(old, new, task="multiclass").comparison.metrics[0].name == "accuracy"
