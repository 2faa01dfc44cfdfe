"""The built-in evaluator: real models in a real worker, and predictions that the statistics read back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier

from cdml.core.errors import CdmlError, ConfigError, UsageError
from cdml.core.settings import Evaluate
from cdml.evaluation.predictions import Predictions, read_predictions
from cdml.jobs.evaluator import SPEC, _table, evaluate
from cdml.serving.client import Prediction, Worker

ROWS = 60


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """One real worker for all tests: scikit-learn takes a second to import."""
    with Worker(Path(sys.executable)) as running:
        yield running


@pytest.fixture(autouse=True)
def shared_worker(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDML_PYTHON", sys.executable)
    monkeypatch.setattr("cdml.jobs.evaluator.Worker", lambda python, cwd: nullcontext(worker))


def inputs() -> pandas.DataFrame:
    random = np.random.default_rng(3)
    return pandas.DataFrame({"a": random.normal(size=ROWS), "b": random.normal(size=ROWS)})


def project(root: Path, model: BaseEstimator, target: list[Any], more: str = "", data: str = "test.csv") -> Path:
    """Fit and save the model, and write the test data with it: b, a, group, key, y."""
    features = inputs()
    skops.io.dump(model.fit(features, target), root / "model.skops")
    frame = features[["b", "a"]].assign(group=["m", "f"] * (ROWS // 2), key=range(100, 100 + ROWS), y=target)
    frame.to_parquet(root / data) if data.endswith("parquet") else frame.to_csv(root / data, index=False)
    (root / "mlops.yaml").write_text(
        "model: toy\n"
        "train: {cmd: python train.py, outs: [model.skops]}\n"
        f"evaluate:\n  data: {data}\n  target: y\n  predictions: out/p.csv\n{more}"
    )
    return root


def scored(root: Path, path: str = "out/p.csv", **words: Any) -> Predictions:
    evaluate(root, SPEC)
    return read_predictions(root / path, path, **words)


def labels(no: Any, yes: Any) -> list[Any]:
    return [yes if a + b > 0 else no for a, b in inputs().to_numpy()]


BINARY = [
    (0, 1, None, "1"),
    (0.0, 1.0, "0", "0"),
    (0, 1, "0.0", "0"),
    ("no", "yes", "yes", "yes"),
    ("no", "yes", "no", "no"),
    (False, True, None, "1"),
    (False, True, "true", "1"),
]


@pytest.mark.parametrize(("no", "yes", "positive", "wanted"), BINARY)
def test_a_binary_score_is_larger_for_the_positive_class(
    tmp_path: Path, no: Any, yes: Any, positive: str | None, wanted: str
) -> None:
    more = f"  positive: {positive!r}\n" if positive else ""
    found = scored(project(tmp_path, LogisticRegression(), labels(no, yes), more), positive=positive)
    assert (found.task, found.classes[1]) == ("binary", wanted)
    assert found.score is not None
    assert found.score[found.y_true == 1].mean() > 0.7
    assert found.score[found.y_true == 0].mean() < 0.3
    assert (found.predicted == found.y_true).mean() > 0.9
    assert ((found.score > 0.5) == found.predicted).all()


@pytest.mark.parametrize("classes", [("a", "b", "c"), (1, 2, 3), (1.0, 2.0, 3.0)])
def test_every_class_of_several_has_its_score(tmp_path: Path, classes: tuple[Any, ...]) -> None:
    target = [classes[0] if a < -0.3 else classes[1] if a < 0.4 else classes[2] for a in inputs()["a"]]
    found = scored(project(tmp_path, LogisticRegression(C=100), target))
    assert found.task == "multiclass"
    assert found.score is not None
    assert found.score.shape == (ROWS, 3)
    assert (found.score.argmax(axis=1) == found.predicted).all()
    assert (found.predicted == found.y_true).mean() > 0.8


@pytest.mark.parametrize("target", [labels(0, 1), ["xyz"[n % 3] for n in range(ROWS)]])
def test_a_decision_function_is_no_probability(tmp_path: Path, target: list[Any]) -> None:
    found = scored(project(tmp_path, RidgeClassifier(), target))
    assert found.score is None
    assert "y_score" not in (tmp_path / "out/p.csv").read_text().splitlines()[0]


def test_regression_has_predictions_and_no_scores(tmp_path: Path) -> None:
    target = [2.5 * a - b for a, b in inputs().to_numpy()]
    found = scored(project(tmp_path, LinearRegression(), target))
    assert (found.task, found.score) == ("regression", None)
    assert np.allclose(found.y_true, found.predicted)


def test_id_and_slices_come_along(tmp_path: Path) -> None:
    more = "  id: key\n  by: [group, a]\n"
    root = project(tmp_path, LogisticRegression(), labels(0, 1), more)
    found = scored(root, id_column="key")
    assert found.ids is not None
    assert list(found.ids[:2]) == ["100", "101"]
    assert list(found.columns["group"][:2]) == ["m", "f"]
    assert set(found.columns) == {"group", "a"}


def test_parquet_in_and_out_with_a_worker_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdml.jobs.evaluator.Worker", Worker)
    root = project(tmp_path, LogisticRegression(), labels(0, 1), data="test.parquet")
    text = (root / "mlops.yaml").read_text()
    (root / "mlops.yaml").write_text(text.replace("out/p.csv", "out/p.parquet"))
    assert scored(root, "out/p.parquet").rows == ROWS


WRONG = [
    ("target: y", "target: z", r"test\.csv has no column 'z'", "evaluate.target"),
    ("target: y", "target: y\n  by: [city]", r"test\.csv has no column 'city'", "evaluate.by"),
    ("target: y", "target: y\n  id: nr", r"test\.csv has no column 'nr'", "evaluate.id"),
    ("data: test.csv", "data: gone.csv", r"gone\.csv is not there", "dvc pull"),
    ("data: test.csv", "data: model.skops", r"model\.skops cannot be read", ""),
    ("data: test.csv", "data: odd.parquet", r"odd\.parquet cannot be read", ""),
    ("data: test.csv", "data: empty.csv", r"empty\.csv cannot be read", ""),
    ("data: test.csv", "data: few.csv", r"few\.csv has no column b, which the model was trained on", ""),
]


def test_what_does_not_fit_is_named_and_writes_nothing(tmp_path: Path) -> None:
    root = project(tmp_path, LogisticRegression(), labels(0, 1))
    for name, text in (("odd.parquet", "x"), ("empty.csv", ""), ("few.csv", "a,y\n1,0\n")):
        (root / name).write_text(text)
    good = (root / "mlops.yaml").read_text()
    for old, new, said, hint in WRONG:
        (root / "mlops.yaml").write_text(good.replace(old, new))
        with pytest.raises(ConfigError, match=said) as caught:
            evaluate(root, SPEC)
        assert hint in caught.value.hint
    with pytest.raises(UsageError, match="asks for evaluator 99"):
        evaluate(root, 99)
    (root / "mlops.yaml").write_text(good)
    (root / "model.skops").unlink()
    with pytest.raises(CdmlError):
        evaluate(root, SPEC)
    assert not (root / "out").exists()


def judged(**words: Any) -> Evaluate:
    names = ("stage", "data", "target", "positive", "id", "task", "predictions")
    rest = {"stages": (), "builtin": True, "metrics": (), "by": (), "baseline": "latest", "gates": ()}
    return Evaluate(**{**dict.fromkeys(names), **rest, "data": "d.csv", "target": "y", **words})


def columns(said: Prediction, **words: Any) -> dict[str, list[Any]]:
    frame = pandas.DataFrame({"y": [0, 1]})
    return {str(k): list(v) for k, v in _table(frame, judged(**words), said).items()}


@pytest.mark.parametrize(
    ("scores", "classes", "words", "wanted"),
    [
        ([0.2, 0.9], (0, 1), {}, {"y_score": [0.2, 0.9]}),
        ([-2.0, 3.0], (0, 1), {}, {}),
        ([0.2, 0.9], ("a", "b"), {"positive": "a"}, {}),
        ([[0.2, 0.8], [1.0, 0.0]], ("a", "b"), {"positive": "a"}, {"y_score": [0.2, 1.0]}),
        (
            [[0.2, 0.8], [1.0, 0.0]],
            ("a", "b"),
            {"task": "multiclass"},
            {"y_score_a": [0.2, 1.0], "y_score_b": [0.8, 0]},
        ),
        ([0.1, 0.2], ("a", "b"), {"task": "multiclass"}, {}),
        ([[0.2, None], [1.0, 0.0]], (0, 1), {}, {}),
        ([[1.0], [1.0]], (1,), {}, {}),
        ([[0.5, 0.5, 0.5], [0.1, 0.1, 0.1]], (1, 2, 3), {}, {}),
        (None, (0, 1), {}, {}),
        ([0.1, 0.2], None, {}, {}),
    ],
)
def test_scores_stand_only_where_they_are_probabilities(
    scores: Any, classes: Any, words: dict[str, Any], wanted: dict[str, list[Any]]
) -> None:
    found = columns(Prediction([0, 1], scores, classes), **words)
    assert {k: v for k, v in found.items() if k.startswith("y_score")} == wanted


def test_a_model_that_answers_for_other_rows_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"3 predictions for 2 rows of d\.csv"):
        columns(Prediction([0, 1, 1], None, None))


def test_missing_cells_dates_and_nullable_columns_reach_the_model_as_json() -> None:
    from cdml.jobs.evaluator import _plain

    series = pandas.Series
    assert _plain(series([1.5, float("nan")])) == [1.5, None]
    assert _plain(series([1, None], dtype="Int64")) == [1, None]
    assert _plain(series([True, False])) == [True, False]
    assert _plain(series(["x", None])) == ["x", None]
    assert _plain(series(pandas.to_datetime(["2024-01-02", None]))) == ["2024-01-02 00:00:00", None]
