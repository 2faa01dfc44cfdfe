"""A contract is kept by the data that it was inferred from, and nearly always by fresh data of the same origin."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tables
from hypothesis import given
from hypothesis import strategies as st

from cdml.config.contract import parse, write
from cdml.contracts.infer import carried_over, infer, together
from cdml.contracts.ranges import limits
from cdml.contracts.schema import Column, Schema

BIKES = Path(os.environ.get("BIKE_SHARING", "bike-sharing-hour.csv"))
GOLDEN = Path(__file__).parent / "golden"


def inferred(place: Path, **known: str) -> Schema:
    return infer(place, place.name, **known)[0]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl"])
def test_data_and_fresh_data_of_the_same_origin_keep_an_inferred_contract(tmp_path, suffix):
    schema = inferred(tables.write(tmp_path / f"a{suffix}", tables.people(1_000, 1)), identity="id")
    for seed in (1, 2):
        place = tables.write(tmp_path / f"b{suffix}", tables.people(1_000, seed))
        assert tables.survey(tables.subject(place, schema))[0] == ()
    assert [schema.column(name).type for name in ("id", "score", "region", "member", "since")] == [
        "integer",
        "number",
        "text",
        "boolean",
        "time",
    ]


@pytest.mark.parametrize(
    ("column", "wrong", "rule"),
    [
        ("id", 7, "unique"),
        ("height", 400, "max"),
        ("height", "tall", "type"),
        ("age", -40, "min"),
        ("age", 41.5, "type"),
        ("age", "", "nulls"),
        ("share", 1.01, "max"),
        ("region", "Nort", "values"),
        ("member", "perhaps", "type"),
        ("since", "2020-13-01", "type"),
        ("since", "yesterday", "type"),
        ("visits", "inf", "type"),
    ],
)
def test_one_broken_cell_is_found_with_its_row(tmp_path, column, wrong, rule):
    frame = tables.people(600, 4)
    schema = inferred(tables.write(tmp_path / "a.csv", frame), identity="id")
    frame[column] = frame[column].astype(object)
    frame.loc[432, column] = wrong
    (found,) = tables.survey(tables.subject(tables.write(tmp_path / "b.csv", frame), schema))[0]
    assert (found.column, found.rule, found.rows, found.total) == (column, rule, 1, 600)
    assert "row 433" in found.examples[0]


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=60), st.booleans())
def test_limits_never_cut_off_what_was_seen(values, whole):
    numbers = np.round(np.array(values)) if whole else np.array(values)
    low, high = limits(numbers, numbers.min(), numbers.max(), whole)
    assert low is None or low <= numbers.min()
    assert high is None or high >= numbers.max()


@pytest.mark.parametrize(
    ("draw", "low", "high"),
    [
        (lambda rng, n: rng.normal(0, 1, n), (-9, -5), (5, 9)),
        (lambda rng, n: rng.exponential(1, n), (0, 0), (12, 40)),
        (lambda rng, n: rng.uniform(0, 1, n), (0, 0), (1, 1)),
    ],
    ids=["normal", "exponential", "uniform"],
)
def test_limits_stand_where_almost_nothing_lies_beyond_them(draw, low, high):
    values = draw(np.random.default_rng(5), 4_000)
    found = limits(values, values.min(), values.max(), False)
    assert low[0] <= found[0] <= low[1]
    assert high[0] <= found[1] <= high[1]


def test_a_tail_that_is_too_heavy_gets_no_tight_limit():
    values = np.random.default_rng(6).pareto(1, 2_000)
    _, high = limits(values, values.min(), values.max(), False)
    assert high is None or high > 100 * values.max()


def test_too_few_rows_give_no_range_and_text_of_many_words_no_list(tmp_path):
    place = tables.write(tmp_path / "a.csv", pd.DataFrame({"n": [1.5, 2, 3], "t": ["a", "b", "c"]}))
    assert [(c.min, c.max, c.values) for c in inferred(place).columns] == [(None, None, None)] * 2


def test_padded_numbers_are_text_and_words_for_nothing_are_no_values(tmp_path):
    rows = "".join(
        f"0{n % 90 + 10},{'NA' if n % 7 == 0 else n % 50 + 0.5},{'NA' if n % 2 else 'DE'}\n" for n in range(200)
    )
    place = tmp_path / "a.csv"
    place.write_text(f"zip,score,country\n{rows}")
    schema = inferred(place)
    assert [column.type for column in schema.columns] == ["text", "number", "text"]
    assert schema.missing == ("NA",)
    assert 0.25 < schema.column("score").nulls < 0.4
    assert schema.column("country").values == ("DE", "NA")


def test_a_rare_value_has_relatives_so_a_share_of_unseen_ones_passes(tmp_path):
    frame = pd.DataFrame({"kind": ["a"] * 300 + ["b"] * 95 + ["c"] * 5})
    schema = inferred(tables.write(tmp_path / "a.csv", frame))
    assert schema.column("kind").unseen_share == 0.01
    frame.loc[:3, "kind"] = "d"
    assert tables.survey(tables.subject(tables.write(tmp_path / "b.csv", frame), schema))[0] == ()
    frame.loc[:4, "kind"] = "d"
    (found,) = tables.survey(tables.subject(tables.write(tmp_path / "b.csv", frame), schema))[0]
    assert (found.rule, found.rows) == ("values", 5)


def test_the_target_is_not_there_in_serving_and_an_id_never_twice(tmp_path):
    place = tables.write(tmp_path / "a.csv", tables.people(300, 7))
    schema = inferred(place, target="member")
    assert (schema.target, schema.id, schema.rows_min) == ("member", "id", 150)
    assert schema.column("member").serving is False
    assert schema.column("id").unique is True
    assert {column.name for column in schema.features()} == set(tables.people(1, 1)) - {"id", "member"}


def test_a_quantity_in_which_no_two_rows_are_alike_is_no_id(tmp_path):
    cents = np.random.default_rng(8).choice(10**7, 300, replace=False)
    schema = inferred(tables.write(tmp_path / "a.csv", pd.DataFrame({"cents": cents, "row_id": cents[::-1]})))
    assert [column.unique for column in schema.columns] == [False, True]
    assert schema.id == "row_id"


def test_of_many_rows_an_even_sample_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("cdml.contracts.observe.SAMPLE", 100)
    monkeypatch.setattr("cdml.contracts.read.BLOCK", 64)
    place = tables.write(tmp_path / "a.csv", pd.DataFrame({"n": range(1_000)}))
    found = tables.seen(place, Schema((Column("n", "integer"),)))
    assert found.rows == 1_000
    assert found.sample["n"].tolist() == [*range(0, 1_000, 16)]


def test_data_that_share_a_contract_give_one_that_all_of_them_keep(tmp_path):
    places = [tables.write(tmp_path / f"{n}.csv", tables.people(rows, n)) for n, rows in ((1, 900), (2, 200))]
    schema = together([inferred(place) for place in places])
    assert schema.rows_min == 100
    assert all(tables.survey(tables.subject(place, schema))[0] == () for place in places)


def test_what_people_decided_stays_when_data_are_looked_at_again():
    old = Schema(
        (
            Column("a", "integer", max=5, description="Years", allow=("skew",)),
            Column("b", "text", values=("x",), unseen="warn"),
        ),
        leaks="warn",
        target="b",
    )
    new = Schema((Column("a", "integer", max=9), Column("b", "text", values=("x", "y")), Column("c")), rows_min=7)
    found = carried_over(old, new)
    assert found.column("a") == Column("a", "integer", max=9, description="Years", allow=("skew",))
    assert found.column("b") == Column("b", "text", values=("x", "y"), unseen="warn")
    assert (found.column("c"), found.rows_min, found.leaks, found.target) == (Column("c"), 7, "warn", "b")


@pytest.mark.skipif(not BIKES.is_file(), reason="BIKE_SHARING names no hour.csv of the UCI Bike Sharing data")
def test_the_contract_of_real_data_reads_as_it_did():
    schema = inferred(BIKES, target="cnt")
    text = write(schema, BIKES.name)
    golden = GOLDEN / "bike-sharing.schema.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()
    assert parse(text, "x") == schema
    assert tables.survey(tables.subject(BIKES, schema))[0] == ()
