"""Every rule of a contract: what breaks it, how many rows, and three of them; the same in every kind of file."""

from __future__ import annotations

import pandas as pd
import pytest
import tables
from hypothesis import given, settings
from hypothesis import strategies as st

from cdml.contracts.schema import Column
from cdml.core.errors import ConfigError


def csv(tmp_path, text: str):
    place = tmp_path / "a.csv"
    place.write_text(text)
    return place


def said(found) -> list[str]:
    return [str(one) for one in found]


def test_a_finding_says_column_rule_how_many_rows_and_shows_three(tmp_path):
    place = csv(tmp_path, "age\n" + "\n".join(map(str, [5, 130, 7, 131, 132, 133])) + "\n")
    found = tables.looked(place, Column("age", "integer", max=120))
    assert said(found) == ["age: max: 4 of 6 rows: above 120: 130 (row 2), 131 (row 4), 132 (row 5)"]


def test_values_are_not_shown_where_the_contract_forbids_it(tmp_path):
    found = tables.looked(csv(tmp_path, "age\n130\n"), Column("age", "integer", max=120), examples=False)
    assert said(found) == ["age: max: 1 of 1 rows: above 120: row 1"]


@pytest.mark.parametrize(
    ("column", "cells", "wanted"),
    [
        (Column("a", nulls=0.5), ["x", "", "y", ""], []),
        (
            Column("a", nulls=0.5),
            ["x", "", "", ""],
            ["a: nulls: 3 of 4 rows: empty, at most 50 % may be: row 2, row 3, row 4"],
        ),
        (Column("a", "number"), ["1", "1e3", "-.5"], []),
        (
            Column("a", "number"),
            ["1", "nan", "inf"],
            ["a: type: 2 of 3 rows: not a finite number: 'nan' (row 2), 'inf' (row 3)"],
        ),
        (Column("a", "integer"), ["1", "2.0", "2.5"], ["a: type: 1 of 3 rows: not a whole number: 2.5 (row 3)"]),
        (Column("a", "boolean"), ["true", "False", "1"], ["a: type: 1 of 3 rows: not true or false: '1' (row 3)"]),
        (
            Column("a", "time"),
            ["2024-01-31", "31.1.2024"],
            ["a: type: 1 of 2 rows: not an ISO date or time: '31.1.2024' (row 2)"],
        ),
        (
            Column("a", "time", min="2024-01-01"),
            ["2023-12-31T23:59:59Z", "2024-01-01"],
            ["a: min: 1 of 2 rows: below 2024-01-01: '2023-12-31T23:59:59Z' (row 1)"],
        ),
        (
            Column("a", "time", max="2024-01-01T01:00:00+01:00"),
            ["2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z"],
            ["a: max: 1 of 2 rows: above 2024-01-01T01:00:00+01:00: '2024-01-01T00:00:01Z' (row 2)"],
        ),
        (
            Column("a", "integer", values=("1", "2")),
            ["1", "2.0", "3"],
            ["a: values: 1 of 3 rows: not among 1, 2: 3 (row 3)"],
        ),
        (Column("a", values=("x",), unseen_share=0.5), ["x", "y"], []),
        (Column("a", values=("x",), unseen="allow"), ["y", "y"], []),
        (
            Column("a", pattern="[a-z]+"),
            ["abc", "abc1"],
            ["a: pattern: 1 of 2 rows: not of the form '[a-z]+': 'abc1' (row 2)"],
        ),
        (Column("a", unique=True), ["x", "y", "x"], ["a: unique: 1 of 3 rows: was there before: row 3"]),
        (Column("b"), ["x"], ["b: column: is missing", "other-columns: the contract does not name a"]),
        (Column("b", training=False), ["x"], ["other-columns: the contract does not name a"]),
    ],
)
def test_each_rule(tmp_path, column, cells, wanted):
    frame = pd.DataFrame({"a": cells, "other": "x"}) if "" in cells else pd.DataFrame({"a": cells})
    columns = (column, Column("other")) if "other" in frame else (column,)
    assert said(tables.looked(tables.write(tmp_path / "a.csv", frame), *columns)) == wanted


def test_a_value_that_is_only_warned_of_breaks_nothing(tmp_path):
    (found,) = tables.looked(csv(tmp_path, "a\ny\n"), Column("a", values=("x",), unseen="warn"))
    assert found.severity == "warn"


def test_rows_are_counted_and_an_empty_table_has_none(tmp_path):
    place = csv(tmp_path, "a\nx\ny\n")
    assert said(tables.looked(place, Column("a"), rows_min=3)) == ["rows: there are 2, at least 3 are asked for"]
    assert said(tables.looked(place, Column("a"), rows_max=1)) == ["rows: there are 2, at most 1 are allowed"]
    assert said(tables.looked(csv(tmp_path, "a\n"), Column("a"))) == ["rows: there is none"]


def test_what_a_model_is_asked_has_no_target_and_need_not_have_many_rows(tmp_path):
    columns = (Column("a"), Column("y", serving=False), Column("asked", training=False))
    place = csv(tmp_path, "a,asked\nx,now\n")
    schema = tables.Schema(columns, rows_min=100)
    assert tables.survey(tables.subject(place, schema, serving=True))[0] == ()
    found = tables.survey(tables.subject(csv(tmp_path, "a,y\nx,1\n"), schema, serving=True))[0]
    assert said(found) == ["asked: column: is missing"]


def test_words_for_nothing_count_as_empty_in_all_but_text(tmp_path):
    place = csv(tmp_path, "n,t\nNA,NA\n1,x\n")
    found = tables.looked(place, Column("n", "number"), Column("t"), missing=("NA",))
    assert said(found) == ["n: nulls: 1 of 2 rows: empty: row 1"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_rows_are_numbered_through_all_blocks_of_all_files_of_a_folder(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr("cdml.contracts.read.BLOCK", 4)
    (tmp_path / "all").mkdir()
    for part in (1, 2):
        numbers = [n + 10 * part for n in range(10)]
        tables.write(tmp_path / "all" / f"{part}{suffix}", pd.DataFrame({"n": numbers}))
    (found,) = tables.looked(tmp_path / "all", Column("n", "integer", max=26))
    assert (found.rows, found.total) == (3, 20)
    assert [example[-8:] for example in found.examples] == ["(row 18)", "(row 19)", "(row 20)"]


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"a,a\n1,2\n", "column 'a' is there twice"),
        ("a.csv", b"a,b\n1,2,3\n", "more cells than the header"),
        ("a.csv", b"\xff\xfe\n", "not UTF-8"),
        ("a.csv", b"a\n\xff\n", "not UTF-8"),
        ("a.parquet", b"no", "not a Parquet file"),
        ("a.jsonl", b'{"a": 1}\nno\n', "line 2 is not JSON"),
        ("a.jsonl", b"[1]\n", "line 1 is no object"),
        ("a.xlsx", b"x", "of a kind that no contract reads"),
        ("none.csv", None, "there is no file none.csv"),
    ],
)
def test_a_file_that_is_no_table_is_said_to_be_none(tmp_path, name, content, wanted):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=wanted):
        tables.looked(tmp_path / name, Column("a"))


def test_semicolons_and_a_mark_at_the_beginning_are_read(tmp_path):
    place = csv(tmp_path, "\ufeffa;b\n1;x\n")
    assert tables.looked(place, Column("a", "integer"), Column("b")) == ()


def test_types_of_json_are_not_mixed_up(tmp_path):
    place = tmp_path / "a.jsonl"
    place.write_text(
        '{"n": true, "t": 1, "b": "true"}\n{"n": 1, "t": "x", "b": true}\n{"n": [1], "t": null, "b": 0}\n'
    )
    found = tables.looked(place, Column("n", "number"), Column("t", nulls=1.0), Column("b", "boolean"))
    assert [(one.column, one.rows) for one in found] == [("n", 2), ("t", 1), ("b", 1)]


@given(st.lists(st.text(max_size=5), min_size=1, max_size=8))
@settings(max_examples=8)
def test_no_cell_of_text_stops_a_check(tmp_path_factory, cells):
    place = tmp_path_factory.mktemp("t") / "a.jsonl"
    tables.write(place, pd.DataFrame({"a": cells}))
    for kind in ("text", "integer", "number", "boolean", "time"):
        column = Column("a", kind, unique=True, values=None if kind == "time" else ("1",))
        for found in tables.looked(place, column):
            assert str(found).isprintable()
            assert 0 < found.rows <= len(cells)


def test_an_endless_cell_is_shown_short_and_on_one_line(tmp_path):
    place = tmp_path / "a.jsonl"
    place.write_text('{"a": "' + "x\\u202e\\n" * 500 + '"}\n')
    (found,) = tables.looked(place, Column("a", "integer"))
    assert len(str(found)) < 150
    assert str(found).isprintable()
