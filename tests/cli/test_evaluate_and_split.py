"""`cdml evaluate` and `cdml split`, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from small_project import Small, table
from toy_project import invoke


def test_a_version_is_scored_on_a_file_and_on_the_present_test_data(small: Small) -> None:
    small.git("tag", "-a", "toy@v1.0.0", "-m", "Registering artifact toy version v1.0.0", small.first)
    small.write("new.csv", table(90))
    code, said = invoke(small.root, "evaluate", "v1.0.0", "--data", "new.csv")
    assert code == 0
    assert "toy@v1.0.0 on new.csv, 90 rows" in said
    assert "roc_auc" in said
    code, said = invoke(small.root, "evaluate", "toy@v1.0.0", "--json")
    found = json.loads(said[: said.rindex("}") + 1])
    assert (code, found["version"], found["data"], found["rows"]) == (0, "toy@v1.0.0", "data/test.csv", 200)
    metric = found["metrics"][0]
    assert metric["own_interval"]["low"] < metric["candidate"] < metric["own_interval"]["high"]
    for words, expected in (
        (("v1.0.0", "--data", "nope"), "nope is neither a file nor a name in evaluate.datasets"),
        (("v9.0.0",), "toy has no version v9.0.0"),
        (("main",), "'main' is no version of toy"),
    ):
        code, said = invoke(small.root, "evaluate", *words)
        assert (code, expected in said) == (2, True), said


def test_a_table_is_split_and_its_cells_stay_as_they_were(tmp_path: Path) -> None:
    lines = ["id,day,who"] + [f"{n:03},2024-01-{n + 1:02},{n % 4}" for n in range(20)]
    (tmp_path / "all.csv").write_text("\n".join(lines) + "\n")
    words = ("split", "all.csv", "--by", "time", "--column", "day", "--test", "0.25", "--gap", "2d")
    code, said = invoke(tmp_path, *words, "-t", "a/train.csv", "-o", "a/test.parquet")
    assert (code, "13 rows to a/train.csv, 5 rows to a/test.parquet, 2 in the gap left out" in said) == (0, True)
    assert (tmp_path / "a/train.csv").read_text().splitlines() == lines[:14]
    assert list(pd.read_parquet(tmp_path / "a/test.parquet")["id"]) == [f"{n:03}" for n in range(15, 20)]
    for more, expected in (
        (("-o", "all.csv"), "must be three files"),
        (("--column", "week"), "no column 'week'"),
        (("--test", "20"), "20 is no share"),
    ):
        code, said = invoke(tmp_path, *words, *more)
        assert (code, expected in said) == (2, True), said
    assert invoke(tmp_path, "split", "gone.csv")[0] == 3
