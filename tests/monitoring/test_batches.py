"""Which batches are looked at: by the days in their names, the newest first, until there are enough rows."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from cdml.core.errors import ConfigError
from cdml.evaluation.table import Table
from cdml.monitoring.batches import Batch, in_order, labelled_by, newest


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("p/2026-11-21.csv", date(2026, 11, 21)),
        ("p/20261121T0600.parquet", date(2026, 11, 21)),
        ("p/2026/11/21/part-0001.parquet", date(2026, 11, 21)),
        ("p/day=2026-11-21/part.parquet", date(2026, 11, 21)),
        ("2020-01-01/late-2026_11_21.csv", date(2026, 11, 21)),
        ("p/2026-13-41.csv", None),
        ("p/123456789.csv", None),
        ("p/batch.csv", None),
    ],
)
def test_a_day_in_a_name_is_read(name: str, day: date | None) -> None:
    assert in_order([name]) == (Batch(name, day),)


def test_batches_are_ordered_by_their_days_where_all_have_one_else_by_name() -> None:
    assert [b.name for b in in_order(["b-2026-01-01", "a-2026-01-02"])] == ["b-2026-01-01", "a-2026-01-02"]
    assert [b.name for b in in_order(["b-2026-01-01", "a-2026-01-02", "c"])] == [
        "a-2026-01-02",
        "b-2026-01-01",
        "c",
    ]


def table(rows: int, **columns: object) -> Table:
    return Table("t", pd.DataFrame({"x": range(rows), **columns}))


def test_the_newest_batches_are_taken_until_there_are_enough_rows() -> None:
    known = in_order(["1.csv", "2.csv", "3.csv"])
    read: list[str] = []

    def reader(batch: Batch) -> Table:
        read.append(batch.name)
        return table(60)

    window = newest(known, reader, "v1.0.0", rows=100)
    assert (window.first, window.last, len(window.frame)) == ("2.csv", "3.csv", 120)
    assert read == ["3.csv", "2.csv"], "older ones are not even read"
    assert len(newest(known, reader, "v1.0.0", rows=1000).frame) == 180


def test_rows_that_another_version_answered_do_not_count() -> None:
    said = ["v1.0.0", "1.0.0", "churn@v1.0.0", "v0.9.0"]
    window = newest(in_order(["1.csv"]), lambda _: table(4, version=said), "v1.0.0")
    assert (len(window.frame), window.others) == (3, 1)


def test_labels_count_when_their_batch_is_old_enough() -> None:
    known = in_order(["2026-11-01.csv", "2026-11-07.csv", "2026-11-08.csv"])
    today = date(2026, 11, 21)
    assert [b.name for b in labelled_by(known, today, 14)] == ["2026-11-01.csv", "2026-11-07.csv"]
    assert labelled_by(known, today, None) == known


def test_a_delay_needs_days_in_names() -> None:
    with pytest.raises(ConfigError, match=r"new\.csv: no date in its name"):
        labelled_by(in_order(["2026-11-01.csv", "new.csv"]), date(2026, 11, 21), 14)
