"""Files that cannot be right, in every format: a message with file, column and row, exit code 3, and no number."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cdml.core.errors import ConfigError
from cdml.evaluation import paired_counts
from cdml.evaluation.compare import compare
from cdml.evaluation.predictions import Predictions, read_predictions

FORMATS = ("csv", "jsonl", "ndjson", "parquet")
GOOD = {
    "id": [f"00{i}" for i in range(12)],
    "y_true": [0, 1] * 6,
    "y_score": [i / 12 for i in range(12)],
    "sex": ["f", "m", "f"] * 4,
}


def _file(table: pd.DataFrame, kind: str) -> bytes:
    if kind == "parquet":
        held = io.BytesIO()
        table.to_parquet(held, index=False)
        return held.getvalue()
    if kind == "csv":
        return table.to_csv(index=False).encode()
    return table.to_json(orient="records", lines=True).encode()


def _read(changes: dict[str, list[object]], kind: str, **more: str) -> Predictions:
    table = pd.DataFrame({**{key: pd.Series(values) for key, values in GOOD.items()}, **changes})
    return read_predictions(_file(table, kind), f"p.{kind}", **more)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_reads_alike(kind: str) -> None:
    found = _read({}, kind)
    assert (found.task, found.classes, found.rows) == ("binary", ("0", "1"), 12)
    assert found.ids.tolist() == GOOD["id"]
    assert found.score == pytest.approx(GOOD["y_score"])
    assert found.columns["sex"].tolist() == GOOD["sex"]
    assert compare(_read({}, "csv"), found, metrics=("roc_auc",)).metrics[0].judgement == "same"


def _with(values: list[object], place: int, value: object) -> list[object]:
    return [*values[:place], value, *values[place + 1 :]]


BAD = {
    "a score is missing": (
        {"y_score": _with(GOOD["y_score"], 3, None)},
        "column y_score: row 4: the cell is empty",
    ),
    "a score is above one": ({"y_score": _with(GOOD["y_score"], 2, 1.5)}, "column y_score: row 3: 1.5 is no prob"),
    "a score is below zero": ({"y_score": _with(GOOD["y_score"], 2, -0.1)}, "row 3: -0.1 is no probability"),
    "a truth is missing": ({"y_true": _with(GOOD["y_true"], 0, None)}, "column y_true: row 1: the cell is empty"),
    "an id is missing": ({"id": _with(GOOD["id"], 5, None)}, "column id: row 6: the cell is empty"),
    "an id is there twice": ({"id": _with(GOOD["id"], 5, "001")}, "column id: row 6: 001 was there before"),
    "labels are words": ({"y_true": ["no", "yes"] * 6}, "column y_true: which of no, yes is the positive class"),
    "scores are words": ({"y_score": ["high", "low"] * 6}, "column y_score: row 1: high is not a finite number"),
}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("flaw", BAD)
def test_a_flaw_is_named_with_its_column_and_row(flaw: str, kind: str) -> None:
    changes, words = BAD[flaw]
    with pytest.raises(ConfigError) as caught:
        _read(changes, kind)
    assert caught.value.message.startswith(f"p.{kind}: ")
    assert words in caught.value.message
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("kind", FORMATS)
def test_renamed_columns_are_missed_by_name(kind: str) -> None:
    table = pd.DataFrame(GOOD)
    with pytest.raises(ConfigError, match="no column y_true; it has id, truth, y_score, sex"):
        read_predictions(_file(table.rename(columns={"y_true": "truth"}), kind), f"p.{kind}")
    with pytest.raises(ConfigError, match="no column y_pred or y_score; it has id, y_true, score, sex"):
        read_predictions(_file(table.rename(columns={"y_score": "score"}), kind), f"p.{kind}")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('{"y_true": 1, "y_sc', "line 1: not JSON"),
        ('{"y_true": 1, "y_score": 0.5}\n[1, 0.5]', "line 2: not an object of columns"),
        ('{"y_true": 1, "y_true": 0, "y_score": 0.5}', "line 1: not JSON: a key is there twice"),
        ('{"y_true": 1, "y_score": [0.5]}', "line 1: column y_score: holds no single value"),
        ('{"y_true": 1, "y_score": NaN}', "column y_score: row 1: the cell is empty or not a number"),
        ('{"y_true": 1, "y_score": 0.5}\n{"y_true": 0}', "column y_score: row 2: the cell is empty"),
        (f'{{"y_true": 0.5, "y_pred": {"9" * 400}}}', "column y_pred: row 1: 9999"),
        ("[" * 9_000, "line 1: not JSON"),
        (" \n\n", "the file is empty"),
    ],
)
def test_json_lines_that_are_none(lines: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_predictions(lines.encode(), "p.jsonl")
    assert f"p.jsonl: {words}" in caught.value.message
    assert len(caught.value.message) < 200


def test_json_lines_keep_long_ids_and_skip_empty_lines() -> None:
    rows = [{"id": 10**20 + i, "y_true": i % 2, "y_score": 0.5} for i in range(3)]
    text = "\ufeff" + "\n\n".join(map(json.dumps, rows)) + "\n"
    assert read_predictions(text.encode(), "p.NDJSON").ids.tolist() == [str(row["id"]) for row in rows]


def test_parquet_with_columns_of_lists_and_ids_of_floats() -> None:
    lists = pd.DataFrame({"y_true": [[1], [0]], "y_score": [0.1, 0.2]})
    with pytest.raises(ConfigError, match="column y_true: row 1: holds no single value"):
        read_predictions(_file(lists, "parquet"), "p.parquet")
    floats = pd.DataFrame({"id": [7.0, 8.0], "y_true": [1, 0], "y_score": [0.1, 0.2]})
    assert read_predictions(_file(floats, "parquet"), "p.parquet").ids.tolist() == ["7", "8"]
    with pytest.raises(ConfigError, match=r"p.parquet: not a Parquet file"):
        read_predictions(b"PAR1 and nothing else", "p.parquet")


def test_three_rows_and_one_class_have_no_interval() -> None:
    three = read_predictions(b"y_true,y_score\n1,0.9\n0,0.2\n1,0.4\n", "p.csv")
    found = compare(three, three, metrics=("roc_auc", "f1", "log_loss"))
    assert [m.interval for m in found.metrics] == [None] * 3
    assert {m.method for m in found.metrics} == {"3 rows are too few for an interval"}
    ones = read_predictions(b"y_true,y_score\n" + b"1,0.9\n1,0.2\n" * 20, "p.csv")
    auc, recall = compare(ones, ones, metrics=("roc_auc", "recall")).metrics
    assert (auc.candidate, auc.method) == (None, "only one class among these rows")
    assert recall.judgement == "same"


def test_a_hundred_classes_are_as_good_as_three(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.metrics import balanced_accuracy_score, f1_score

    monkeypatch.setattr(paired_counts, "MOST_NUMBERS", 0)  # the least number of draws
    random = np.random.default_rng(1)
    truth = random.integers(0, 100, 500)
    said = [np.where(random.random(500) < share, truth, random.integers(0, 100, 500)) for share in (0.6, 0.8)]
    old, new = (
        read_predictions(
            pd.DataFrame({"y_true": truth, "y_pred": pred}).map("class {}".format).to_csv(index=False).encode(),
            "p.csv",
        )
        for pred in said
    )
    found = compare(old, new, metrics=("f1_macro", "balanced_accuracy"))
    assert found.metrics[0].candidate == pytest.approx(f1_score(truth, said[1], average="macro"))
    assert found.metrics[1].candidate == pytest.approx(balanced_accuracy_score(truth, said[1]))
    assert [m.judgement for m in found.metrics] == ["better", "better"]


def test_slices_without_rows_or_with_few_are_left_out_and_said() -> None:
    columns = {"where": ["a"] * 11 + ["b"], "none": [None] * 12}
    found = compare(None, _read(columns, "csv"), metrics=("f1",), by=("where", "none"))
    assert [(s.column, s.value, s.metric.rows) for s in found.slices] == [
        ("where", "a", 11),
        ("none", "(empty)", 12),
    ]
    assert any("where: 1 more value" in note for note in found.notes)


def test_the_command_says_it_in_one_line(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from cdml.cli.main import app

    good, bad = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    good.write_bytes(_file(pd.DataFrame(GOOD), "jsonl"))
    bad.write_bytes(_file(pd.DataFrame({**GOOD, "y_score": [2.0] * 12}), "jsonl"))
    result = CliRunner().invoke(app, ["compare", str(good), str(bad)])
    assert isinstance(result.exception, ConfigError)
    assert "column y_score: row 1: 2.0 is no probability" in str(result.exception)
