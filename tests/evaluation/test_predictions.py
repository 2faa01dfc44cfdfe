"""Reading prediction files: the task is inferred as documented, and every flaw is named with column and row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdml.core.errors import ConfigError
from cdml.evaluation.metrics import METRICS, default_metrics, infer_direction
from cdml.evaluation.predictions import read_predictions


def _csv(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def test_binary_scores() -> None:
    p = read_predictions(_csv("id,y_true,y_score,sex", "007,0,0.2,f", "7,1,0.5,m", "8,1,0.49,m"), "a.csv")
    assert (p.task, p.classes) == ("binary", ("0", "1"))
    assert p.y_pred.tolist() == [0, 1, 0]  # 0.5 is the positive class
    assert p.ids.tolist() == ["007", "7", "8"]
    assert p.columns["sex"].tolist() == ["f", "m", "m"]
    assert set(p.columns) == {"sex"}


@pytest.mark.parametrize(
    ("lines", "task", "classes"),
    [
        (("y_true,y_pred", "0,1", "1,1"), "binary", ("0", "1")),
        (("y_true,y_pred", "True,False", "False,False"), "binary", ("0", "1")),
        (("y_true,y_pred", "1.0,1", "0.0,0"), "binary", ("0", "1")),
        (("y_true,y_score", "0,0.1", "0,0.2"), "binary", ("0", "1")),
        (("y_true,y_pred", "a,b", "b,b", "c,a"), "multiclass", ("a", "b", "c")),
        (("y_true,y_pred", "NA,b", "b,b", "None,NA"), "multiclass", ("NA", "None", "b")),
        (("y_true,y_pred", "10,9", "9,9", "8,10"), "multiclass", ("8", "9", "10")),
        (
            ("y_true,y_score_1,y_score_2,y_score_3", "1,.2,.3,.5", "2,.5,.3,.2", "3,0,0,1"),
            "multiclass",
            ("1", "2", "3"),
        ),
        (("y_true,y_pred", "1,1.5", "2,2", "3,3"), "regression", ()),
        (("y_true,y_pred", "1.5,1", "2.5,2"), "regression", ()),
        (("y_true,y_pred", *(f"{i},{i}" for i in range(21))), "regression", ()),
        (("y_true,y_pred", *(f"{i},{i}" for i in range(20))), "multiclass", None),
    ],
)
def test_the_task_is_read_off_the_target(
    lines: tuple[str, ...], task: str, classes: tuple[str, ...] | None
) -> None:
    p = read_predictions(_csv(*lines), "a.csv")
    assert p.task == task
    assert classes is None or p.classes == classes


def test_text_labels_and_their_positive() -> None:
    lines = ("y_true,y_pred", "yes,no", "no,no", "yes,yes")
    p = read_predictions(_csv(*lines), "a.csv", positive="yes")
    assert p.classes == ("no", "yes")
    assert p.y_true.tolist() == [1, 0, 1]
    assert p.y_pred.tolist() == [0, 0, 1]
    other = read_predictions(_csv(*lines), "a.csv", positive="no")
    assert other.y_true.tolist() == [0, 1, 0]
    with pytest.raises(ConfigError, match="which of yes, no is the positive class") as caught:
        read_predictions(_csv(*lines), "a.csv")
    assert "--positive yes" in caught.value.hint


def test_positive_zero_turns_the_classes() -> None:
    p = read_predictions(_csv("y_true,y_score", "0,0.9", "1,0.2"), "a.csv", positive="0")
    assert p.classes == ("1", "0")
    assert p.y_true.tolist() == [1, 0]


def test_multiclass_scores_give_predictions_and_add_up_to_one() -> None:
    p = read_predictions(
        _csv("y_true,y_score_a,y_score_b,y_score_c", "a,.33,.33,.33", "b,.1,.8,.1", "c,0,0,1"), "x.csv"
    )
    assert p.score.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-15)
    assert p.y_pred.tolist() == [0, 1, 2]
    assert p.columns == {}


BAD = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \n\n", "the file is empty"),
    "no rows": (b"y_true,y_pred\n", "a header but no row"),
    "not text": (b"\xff\xfe\x00a,b\n", "not UTF-8"),
    "ragged": (b"y_true,y_pred\n0,1\n0,1,2\n", "not a CSV table"),
    "surplus": (b"y_true,y_pred\n0,1,2\n1,1,2\n", "more cells than the header"),
    "twice": (b"y_true,y_true\n0,1\n", "column y_true is there twice"),
    "no truth": (b"a,y_pred\n0,1\n", "no column y_true; it has a, y_pred"),
    "nothing said": (b"y_true,a\n0,1\n1,1\n", "no column y_pred or y_score"),
    "empty cell": (b"y_true,y_pred\n1.5,1\n,2\n", "column y_true: row 2: the cell is empty"),
    "nan": (b"y_true,y_pred\n1.5,1\n2.5,2\nnan,2\n", "column y_true: row 3: nan is not a finite number"),
    "infinite": (b"y_true,y_pred\n1.5,1\n2.5,inf\n", "column y_pred: row 2: inf is not a finite number"),
    "word": (b"y_true,y_score\n0,0.1\n1,high\n", "column y_score: row 2: high is not a finite number"),
    "above one": (b"y_true,y_score\n0,0.1\n1,1.2\n", "column y_score: row 2: 1.2 is no probability"),
    "below zero": (b"y_true,y_score\n0,-0.1\n1,1\n", "column y_score: row 1: -0.1 is no probability"),
    "same id": (b"id,y_true,y_score\n7,0,0.1\n8,1,1\n7,1,1\n", "column id: row 3: 7 was there before"),
    "no id": (b"id,y_true,y_score\n7,0,0.1\n,1,1\n", "column id: row 2: the cell is empty"),
    "score as y_pred": (b"y_true,y_pred\n0,0\n1,0.3\n", "column y_pred: row 2: 0.3 is not a class"),
    "class score missing": (b"y_true,y_score_a,y_score_b\na,1,0\nb,0,1\nc,0,1\n", "no column y_score_c"),
    "sum": (
        b"y_true,y_score_a,y_score_b,y_score_c\na,1,0,0\nb,0,1,.5\nc,0,0,1\n",
        "row 2: 1.5 is the scores' sum",
    ),
    "garbage parquet": (b"PAR1 no", "not a Parquet file"),
}


@pytest.mark.parametrize("case", BAD)
def test_every_flaw_is_named(case: str) -> None:
    data, words = BAD[case]
    name = "reports/p.parquet" if "parquet" in case else "reports/p.csv"
    with pytest.raises(ConfigError) as caught:
        read_predictions(data, name)
    assert words in caught.value.message
    assert caught.value.message.startswith(f"{name}: ")


def test_a_named_id_column_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column customer"):
        read_predictions(b"y_true,y_score\n0,0.1\n1,0.9\n", "a.csv", id_column="customer")
    with pytest.raises(ConfigError, match=r"gone\.csv: cannot be read: No such file"):
        read_predictions(tmp_path / "gone.csv", "gone.csv")


def test_positive_must_be_a_class_and_of_two() -> None:
    with pytest.raises(ConfigError, match="`positive` is 'maybe', but the classes are"):
        read_predictions(_csv("y_true,y_pred", "yes,no", "no,no"), "a.csv", positive="maybe")
    with pytest.raises(ConfigError, match="`positive` is for two classes; this column has 3"):
        read_predictions(_csv("y_true,y_pred", "a,a", "b,b", "c,c"), "a.csv", positive="a")
    with pytest.raises(ConfigError, match="binary needs two classes"):
        read_predictions(_csv("y_true,y_pred", "a,a", "b,b", "c,c"), "a.csv", positive="a", task="binary")
    with pytest.raises(ConfigError, match="regression needs numbers"):
        read_predictions(_csv("y_true,y_pred", "a,a", "b,b"), "a.csv", task="regression")


def test_parquet_reads_as_csv_does(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"id": [1, 2], "y_true": [True, False], "y_score": [0.9, 0.1]})
    frame.to_parquet(tmp_path / "p.parquet")
    p = read_predictions(tmp_path / "p.parquet", "p.parquet")
    assert p.ids.tolist() == ["1", "2"]
    assert p.y_true.tolist() == [1, 0]


def test_parquet_without_pyarrow_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    def refuse(*_: object, **__: object) -> None:
        raise ImportError("Missing optional dependency 'pyarrow'")

    monkeypatch.setattr(pd, "read_parquet", refuse)
    with pytest.raises(ConfigError) as caught:
        read_predictions(b"PAR1", "p.parquet")
    assert "cdml[parquet]" in caught.value.hint


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='y_truepdsco,0123456789."\n-', max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    try:
        words = f"a.csv: {read_predictions(b'y_true,y_pred,y_score' + bytes([10]) + data, 'a.csv').rows}"
    except ConfigError as error:
        words = error.message
    assert words.startswith("a.csv: ")


def test_a_million_rows_are_read_quickly() -> None:
    import time

    n = 200_000
    random = np.random.default_rng(0)
    lines = [
        f"{i},{t},{s:.4f}" for i, t, s in zip(range(n), random.integers(0, 2, n), random.random(n), strict=True)
    ]
    data = _csv("id,y_true,y_score", *lines)
    started = time.process_time()
    assert read_predictions(data, "a.csv").rows == n
    assert time.process_time() - started < 4


def test_directions() -> None:
    for name in (
        "val_loss",
        "RMSE",
        "meanAbsoluteError",
        "latency_p99",
        "inference_time",
        "mape",
        "log_loss",
        "WER",
    ):
        assert infer_direction(name) == "lower", name
    for name in ("accuracy", "roc_auc", "ndcg@10", "neg_mean_squared_error", "bleu", "r2", "lifetime_value"):
        assert infer_direction(name) == "higher", name


def test_default_metrics_fit_their_task() -> None:
    assert default_metrics("binary", True) == ("roc_auc", "f1", "log_loss")
    assert default_metrics("binary", False) == ("f1", "accuracy")
    assert default_metrics("multiclass", True) == ("accuracy", "f1_macro", "log_loss")
    assert default_metrics("regression", False) == ("rmse", "mae", "r2")
    for task in ("binary", "multiclass", "regression"):
        assert all(task in METRICS[name].tasks for name in default_metrics(task, True))
        assert not any(METRICS[n].needs == "score" for n in default_metrics(task, False))


def test_help_stays_light() -> None:
    import subprocess
    import sys

    code = "import sys, cdml.evaluation.gates, cdml.reports.markdown, cdml.reports.terminal; "
    code += "print([m for m in ('numpy', 'pandas', 'sklearn', 'scipy', 'jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _task(labels: str, more: str = "") -> str:
    """The task of these labels, each answered by itself; `more` is the one answer that is another."""
    first, *others = labels.split()
    rows = [f"{label},{label}" for label in (first, *others)] + ([f"{first},{more}"] if more else [])
    return read_predictions(("y_true,y_pred\n" + "\n".join(rows * 4)).encode(), "x.csv").task


def test_words_among_numbers_are_classes() -> None:
    assert _task("1 2 b") == "multiclass"
    assert _task("1.5 2 b") == "multiclass"
    assert _task("1.5 2") == "regression"


def test_one_label_is_one_of_two_only_where_something_says_so() -> None:
    assert _task("5", more="6") == "multiclass"
    assert _task("1") == "binary"
    assert read_predictions(b"y_true,y_score\n" + b"5,0.2\n" * 12, "x.csv", positive="5").task == "binary"


def test_a_positive_class_that_no_row_has_is_refused_unless_all_are_zero() -> None:
    content = b"y_true,y_pred\n0,0\n1,1\n"
    with pytest.raises(ConfigError, match="`positive` is '2', but the classes are 0, 1"):
        read_predictions(content, "x.csv", task="binary", positive="2")
    assert read_predictions(b"y_true,y_pred\n0,0\n0,0\n", "x.csv", positive="2").classes == ("0", "2")


def test_classes_stand_by_number_and_then_by_alphabet() -> None:
    found = read_predictions(b"y_true,y_pred\n" + b"10,10\n9,9\nb,b\na,a\n" * 3, "x.csv")
    assert found.classes == ("9", "10", "a", "b")


def test_ids_that_are_fractions_stay_what_they_are() -> None:
    rows = [f'{{"id": {one}, "y_true": 1, "y_pred": 0}}' for one in ("1.5", "2.0", "3")]
    assert read_predictions("\n".join(rows).encode(), "x.jsonl").ids.tolist() == ["1.5", "2.0", "3.0"]
    whole = read_predictions("\n".join(rows[1:]).encode(), "x.jsonl")
    assert whole.ids.tolist() == ["2", "3"]


def test_a_column_that_is_named_as_id_is_read_as_text_and_is_no_slice() -> None:
    found = read_predictions(_csv("key,id,y_true,y_pred", "007,1,0,0", "08,2,1,1"), "x.csv", id_column="key")
    assert found.ids.tolist() == ["007", "08"]
    assert set(found.columns) == {"id"}


def test_scores_by_class_make_two_classes_several() -> None:
    rows = _csv("y_true,y_score_0,y_score_1", *["0,0.7,0.3", "1,0.4,0.6"] * 3)
    assert read_predictions(rows, "x.csv").task == "multiclass"
