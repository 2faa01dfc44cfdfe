"""Two files and nothing else: a verdict in a sentence, or a mistake named."""

from __future__ import annotations

import json
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


def test_metrics_are_defined_in_place(files: tuple[Path, Path]) -> None:
    found = compare_files(*files, metrics=("cost:fp=1,fn=20,tp=-3", "roc_auc"), group="sex")
    cost, auc = found.comparison.metrics
    assert (cost.name, cost.direction) == ("cost", Direction.LOWER)
    new = np.genfromtxt(files[1], delimiter=",", skip_header=1, usecols=(1, 2))
    truth, said = new[:, 0], new[:, 1] >= 0.5
    assert cost.candidate == pytest.approx(np.where(said, 1 - 4 * truth, 20 * truth).mean())
    assert auc.method == "2 groups are too few for an interval"
    assert compare_files(*files, metrics=("cost:fp=1,fn=20",)).comparison.metrics[0].judgement == "better"


@pytest.mark.parametrize(
    "metric", ["cost:", "cost:fp", "cost:fp=x", "cost:xy=1", "cost:fp=inf", "f1:fp=1", "a:up"]
)
def test_a_definition_that_is_none_is_named(files: tuple[Path, Path], metric: str) -> None:
    with pytest.raises(ConfigError, match=f"'{metric}' is not a metric") as caught:
        compare_files(*files, metrics=(metric,))
    assert "cost:fp=1,fn=20" in caught.value.hint


def test_columns_and_rankings_of_two_files(tmp_path: Path) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    for path, lift in ((old, 0.0), (new, 0.4)):
        random = np.random.default_rng(1)
        rows = [
            json.dumps({"query": n // 6, "y_true": n % 3, "y_score": n % 3 * (0.1 + lift) + noise, "bleu": lift})
            for n, noise in enumerate(random.random(180).tolist())
        ]
        path.write_text("\n".join(rows))
    ranked = compare_files(old, new, task="ranking")
    assert [(m.name, m.judgement) for m in ranked.comparison.metrics] == [
        ("ndcg_at_10", "better"),
        ("mrr", "better"),
    ]
    scores = compare_files(old, new, task="scores", metrics=("bleu:lower",)).comparison.metrics[0]
    assert (scores.difference, scores.judgement) == (pytest.approx(0.4), "worse")
    with pytest.raises(ConfigError, match="no column rouge, which is a metric"):
        compare_files(old, new, task="scores", metrics=("rouge:higher",))
    with pytest.raises(ConfigError, match="f1 is not a metric of a ranking task"):
        compare_files(old, new, task="ranking", metrics=("f1",))
