"""What two tables differ in, in words that a reader can check: rows, columns, types, values of categories."""

from __future__ import annotations

import io
import json
import re

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from cdml.jobs.table_change import table_change
from cdml.jobs.tables import UNREADABLE, is_table, read_table

Rows = list[dict[str, object]]


def change(old: bytes, new: bytes, name: str = "t.csv") -> str:
    before, after = (read_table(content, name) for content in (old, new))
    assert before
    assert after
    return table_change(before, after)


def csv(names: str, *rows: str) -> bytes:
    return "\n".join([names, *rows, ""]).encode()


def as_parquet(rows: Rows) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


def as_lines(rows: Rows) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


NORTH = [f"{n},{region}" for n, region in enumerate(["South", "East"] * 10)]
WORDS = [
    (csv("id,y", "1,0", "2,1"), csv("id,y", "1,0", "2,1", "3,1", "4,0"), "+2 rows (+100.0 %)"),
    (csv("id,y", "1,0", "2,1", "3,1"), csv("id,y", "4,0", "1,0"), "+1 −2 rows (−33.3 %)"),
    (csv("id,y", "1,0", "2,1"), csv("id,y", "2,1", "1,0"), "the same rows in another order"),
    (csv("id,y", "1,0", "2,1"), csv("id,y", "1,0", "2,1").replace(b"\n", b"\r\n"), "same rows"),
    (csv("id,y", "1,0", "2,1"), csv("id,y", "1,0", "2,0"), "1 of 2 rows changed"),
    (csv("id,y", "1,0", "2,1"), csv("y,id", "0,1", "1,2"), "same rows"),
    (
        csv("id,y", "1,0", "2,1"),
        csv("key,z", "1,0", "2,1"),
        "same number of rows, new key, new z, without id, without y",
    ),
    (csv("id,y", "1,0", "1,0"), csv("id,y", "1,0", "1,0", "1,0"), "+1 row (+50.0 %)"),
    (csv("id;y", "1;0"), csv("id;y", "1;0", "2;0"), "+1 row (+100.0 %)"),
    (csv("id,y", "1,0", "2"), csv("id,y", "1,0", "2,,"), "same rows"),
    (csv("id,age", "1,20", "2,NA"), csv("id,age", "1,20", "2,NA", "3,old"), "+1 row (+50.0 %), age number→text"),
    (csv("id,region", *NORTH), csv("id,region", *NORTH, "90,North"), "+1 row (+5.0 %), new region=North"),
    (csv("id,region", *NORTH, "90,North"), csv("id,region", *NORTH), "−1 row (−4.8 %), without region=North"),
    (csv("id,region", *NORTH), csv("id,region", *NORTH, "90,"), "+1 row (+5.0 %)"),
    (csv("id", "1", *[""] * 9_000), csv("id", *[""] * 9_000, "1", "2"), "+1 row (+100.0 %)"),
    (csv("name", "ann", "bob"), csv("name", "ann", "eve"), "1 of 2 rows changed"),
]


@pytest.mark.parametrize(("old", "new", "said"), WORDS)
def test_rows_columns_types_and_categories(old: bytes, new: bytes, said: str) -> None:
    assert change(old, new) == said


OLD: Rows = [{"id": n, "region": ["South", "East"][n % 2], "ok": True, "tags": [n]} for n in range(20)]
NEW: Rows = [
    {"id": str(n), "region": ["South", "North"][n % 2], "ok": True, "tags": [n], "new": None} for n in range(22)
]


@pytest.mark.parametrize(
    ("write", "name"), [(as_parquet, "t.parquet"), (as_parquet, "T.PQ"), (as_lines, "t.jsonl")]
)
def test_parquet_and_json_lines_name_their_own_types(write, name) -> None:
    said = change(write(OLD), write(NEW), name)
    # A number and the text of it are two rows to nobody but the type: the rows with another region changed.
    assert said == "+12 −10 rows (+10.0 %), new new, id number→text, new region=North, without region=East"


def test_a_float_that_was_a_whole_number_is_still_a_number() -> None:
    old, new = as_parquet([{"x": 1}]), as_parquet([{"x": 1.5}])
    assert change(old, new, "t.parquet") == "1 of 1 rows changed"


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (1_000, 1_001, "(+0.1 %)"),
        (5_000, 5_001, "(+0.02 %)"),
        (60_000, 60_001, "(+0.0017 %)"),
        (1, 12, "(+1,100.0 %)"),
    ],
)
def test_a_share_never_reads_as_nothing(before: int, after: int, share: str) -> None:
    old, new = (csv("x", *map(str, range(rows))) for rows in (before, after))
    assert change(old, new) == f"+{after - before} row{'s' if after - before > 1 else ''} {share}"


def test_many_columns_are_counted_and_the_line_stays_one_that_is_shown_whole() -> None:
    said = change(csv("id", "1"), csv("id," + ",".join(f"column_{n}" for n in range(40)), "1"))
    assert said == (
        "same number of rows, new column_0, new column_1, new column_10, new column_11, new column_12,"
        " new column_13, 34 more changes of columns"
    )
    said = change(csv("id", "1"), csv("id," + ",".join(f"{n}{'x' * 90}" for n in range(40)), "1"))
    assert said.endswith("38 more changes of columns")
    assert len(said) < 150


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"PAR1", "t.parquet"), (b"[1, 2]\n", "t.jsonl"), (b"{", "t.jsonl"), (b"[" * 100_000, "t.ndjson")],
)
def test_what_is_no_table_says_so(content: bytes, name: str) -> None:
    with pytest.raises(UNREADABLE):
        read_table(content, name)


def test_tables_are_known_by_their_names() -> None:
    assert [
        name for name in ("a.CSV", "a.tsv", "a.parquet", "a.jsonl", "a.json", "csv", "a.png") if is_table(name)
    ] == [
        "a.CSV",
        "a.tsv",
        "a.parquet",
        "a.jsonl",
    ]


CELL = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from(["a", "b", "a,b", 'q"', "ä\n", "−"]))
TABLES = st.lists(st.fixed_dictionaries({"x": CELL, "y": st.sampled_from(["u", "v"])}), min_size=1, max_size=12)
COUNTED = re.compile(r"^(?:\+(?P<added>\d+) ?)?(?:−(?P<removed>\d+) )?rows?")


def moved(said: str) -> tuple[int, int]:
    """Rows added and removed, as the words have them."""
    same = re.match(r"(\d+) of \d+ rows changed", said)
    if same:
        return int(same[1]), int(same[1])
    found = COUNTED.match(said)
    return (int(found["added"] or 0), int(found["removed"] or 0)) if found else (0, 0)


@given(TABLES, TABLES)
def test_the_other_way_round_what_was_added_is_removed(old: Rows, new: Rows) -> None:
    there, back = (change(as_lines(one), as_lines(other), "t.jsonl") for one, other in ((old, new), (new, old)))
    assert moved(there) == moved(back)[::-1]
    assert moved(there)[0] - moved(there)[1] == len(new) - len(old)
    gained, lost = (set(re.findall(rf"{word} y=(\w)", there)) for word in ("new", "without"))
    assert (lost, gained) == tuple(set(re.findall(rf"{word} y=(\w)", back)) for word in ("new", "without"))


@given(TABLES, st.randoms())
def test_a_table_and_itself_shuffled_hold_the_same_rows(rows: Rows, order) -> None:
    shuffled = order.sample(rows, len(rows))
    said = change(as_lines(rows), as_lines(shuffled), "t.jsonl")
    assert said in ("same rows", "the same rows in another order")
    assert change(as_lines(rows), as_lines(rows), "t.jsonl") == "same rows"
