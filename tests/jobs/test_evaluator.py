"""The built-in evaluator: real models in a real worker, and predictions that the statistics read back."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier

from cdml.config.load import load
from cdml.core.errors import CdmlError, ConfigError, RefusedError, UsageError
from cdml.core.serialize import load as load_json
from cdml.core.settings import Evaluate
from cdml.evaluation.predictions import Predictions, read_predictions
from cdml.jobs.evaluator import SPEC, _table, evaluate
from cdml.jobs.importance import Importances, importances_of
from cdml.jobs.rescore_artifact import by_artifact
from cdml.jobs.serving_cost import side_by_side
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
    for module in ("evaluator", "rescore_artifact"):
        monkeypatch.setattr(f"cdml.jobs.{module}.Worker", lambda python, cwd: nullcontext(worker))


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
    return {str(k): list(v) for k, v in _table(frame, judged(**words), said, "d.csv").items()}


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
    from cdml.jobs.evaluator import plain_values

    series = pandas.Series
    assert plain_values(series([1.5, float("nan")])) == [1.5, None]
    assert plain_values(series([1, None], dtype="Int64")) == [1, None]
    assert plain_values(series([True, False])) == [True, False]
    assert plain_values(series(["x", None])) == ["x", None]
    assert plain_values(series(pandas.to_datetime(["2024-01-02", None]))) == ["2024-01-02 00:00:00", None]


def test_every_dataset_is_scored_by_the_model_that_was_loaded_once(tmp_path: Path, worker: Worker) -> None:
    more = "  by: [group]\n  datasets: {north: {data: north.csv}, other: {data: o.csv, predictions: o/p.csv}}\n"
    root = project(tmp_path, LogisticRegression(), labels(0, 1), more)
    frame = pandas.read_csv(root / "test.csv")
    frame.head(10).to_csv(root / "north.csv", index=False)
    frame.tail(20).drop(columns="group").to_csv(root / "o.csv", index=False)
    whole = scored(root)
    north, other = (read_predictions(root / path, path) for path in ("out/p.north.csv", "o/p.csv"))
    assert (north.rows, other.rows) == (10, 20)
    assert list(north.scored) == list(whole.scored[:10])
    assert list(other.scored) == list(whole.scored[-20:])
    assert set(north.columns) == {"group"}  # another test set need not have what the test data are sliced by
    assert set(other.columns) == set()


def test_a_dataset_that_cannot_be_scored_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    root = project(tmp_path, LogisticRegression(), labels(0, 1), "  datasets: {north: {data: north.csv}}\n")
    with pytest.raises(ConfigError, match=r"north\.csv is not there") as caught:
        evaluate(root, SPEC)
    assert "evaluate.datasets.north.data" in caught.value.hint
    (root / "north.csv").write_text("a,y\n1,0\n")
    with pytest.raises(ConfigError, match=r"north\.csv has no column b, which the model was trained on"):
        evaluate(root, SPEC)
    assert not (root / "out").exists()


def test_what_serving_costs_is_measured_where_a_gate_asks(tmp_path: Path) -> None:
    more = "  metrics: [roc_auc]\n  gates: [{metric: latency_p99_ms, max: 1000}]\n"
    root = project(tmp_path, LogisticRegression(), labels(0, 1), more)
    evaluate(root, SPEC)
    found = json.loads((root / "out/serving.json").read_text())
    assert 0 < found["latency_p50_ms"] <= found["latency_p99_ms"] < 1000
    assert found["model_size_mb"] == (root / "model.skops").stat().st_size / 1e6


def test_two_models_are_timed_on_the_same_rows_in_turn() -> None:
    asked: list[tuple[str, object]] = []

    class Slow:
        def __init__(self, name: str, seconds: float) -> None:
            self.name, self.seconds = name, seconds

        def predict(self, row: dict[str, list[int]]) -> None:
            asked.append((self.name, row["a"]))
            time.sleep(self.seconds)

    columns = {"a": list(range(500)), "b": [0] * 500}
    slow, quick = side_by_side([(Slow("slow", 0.002), columns), (Slow("quick", 0.0), columns)])  # type: ignore[list-item]
    assert slow["latency_p50_ms"] > 2 > quick["latency_p50_ms"]
    assert [name for name, _ in asked[:4]] == ["slow", "quick", "slow", "quick"]
    assert [row for name, row in asked if name == "slow"] == [row for name, row in asked if name == "quick"]
    assert len(asked) == 2 * (200 + 10)


def test_a_model_of_the_working_tree_answers_for_other_data(tmp_path: Path) -> None:
    root = project(tmp_path, LogisticRegression(), labels(0, 1))
    settings = load(root)
    place = SimpleNamespace(root=root, python=Path(sys.executable))
    who = SimpleNamespace(commit=None, settings=settings, label="this PR")
    rows = pandas.read_csv(root / "test.csv").head(7).to_csv(index=False).encode()
    content = by_artifact(place, who, {"data/new.csv": rows}, settings.evaluate)  # type: ignore[arg-type]
    assert read_predictions(content, "p.csv").rows == 7
    with pytest.raises(ConfigError, match=r"data/new\.csv has no column 'y'"):
        by_artifact(place, who, {"data/new.csv": b"a,b\n1,2\n"}, settings.evaluate)  # type: ignore[arg-type]
    nameless = replace(settings.evaluate, target=None)
    with pytest.raises(RefusedError, match="does not say which column"):
        by_artifact(place, who, {"data/new.csv": rows}, nameless)  # type: ignore[arg-type]


def test_a_column_that_the_model_relies_on_is_important_and_noise_is_not(tmp_path: Path) -> None:
    more = "  metrics: [log_loss]\n  importance: true\n"
    target = [int(a > 0) for a in inputs()["a"]]
    root = project(tmp_path, LogisticRegression(C=10), target, more)
    evaluate(root, SPEC)
    first = (root / "out/importance.json").read_text()
    found = load_json(Importances, first, "importance.json")
    assert (found.metric, set(found.columns)) == ("log_loss", {"a", "b"})
    # Of an error a loss is a rise: the sign is that of the harm.
    assert found.columns["a"].low > 0.2 > abs(found.columns["b"].value)
    assert found.columns["b"].low < found.columns["b"].value < found.columns["b"].high
    evaluate(root, SPEC)
    assert (root / "out/importance.json").read_text() == first
    files = {None: first.encode(), "old": b"broken", "other": first.replace("log_loss", "f1").encode()}
    store = SimpleNamespace(read=lambda commit, path: files[commit])
    head = SimpleNamespace(commit=None, settings=load(root))
    for commit in ("old", "other"):
        base = SimpleNamespace(commit=commit, settings=load(root))
        shown = importances_of(store, head, base)  # type: ignore[arg-type]
        assert [(one.feature, one.baseline) for one in shown] == [("a", None), ("b", None)]
    both = importances_of(store, head, head)  # type: ignore[arg-type]
    assert both[0].candidate == both[0].baseline == found.columns["a"]
