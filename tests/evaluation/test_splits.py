"""Splits without bias: what stays together, what stays apart, and that a seed gives the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdml.core.errors import CdmlError, ConfigError, UsageError
from cdml.evaluation.splits import WAYS, split


def frame(rows: int = 300) -> pd.DataFrame:
    number = np.arange(rows)
    return pd.DataFrame(
        {
            "patient": number % 37,
            "ill": np.where(number % 10 == 0, "yes", "no"),
            "day": pd.date_range("2024-01-01", periods=rows // 3).repeat(3).astype(str)[::-1],
            "year": number // 30,
        }
    )


SPANS = {"1d": pd.Timedelta(days=1), "36h": pd.Timedelta(hours=36), "90m": pd.Timedelta(minutes=90)}
COLUMNS: dict[str, dict[str, str]] = {
    "random": {},
    "group": {"group": "patient"},
    "stratified": {"column": "ill"},
    "stratified-group": {"column": "ill", "group": "patient"},
    "time": {"column": "day"},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_row_is_on_one_side_and_a_seed_gives_the_same_rows(way: Any) -> None:
    train, test = split(frame(), way, 0.2, seed=3, **COLUMNS[way])
    assert sorted([*train, *test]) == list(range(300))
    assert len(test) == pytest.approx(60, abs=12)
    assert (np.diff(train) > 0).all()
    again = split(frame(), way, 0.2, seed=3, **COLUMNS[way])
    assert [list(part) for part in again] == [list(train), list(test)]
    other = split(frame(), way, 0.2, seed=4, **COLUMNS[way])
    assert (list(other[1]) == list(test)) is (way == "time")


@pytest.mark.parametrize("way", ["group", "stratified-group"])
@settings(max_examples=8)
@given(seed=st.integers(0, 1000), share=st.sampled_from([0.1, 0.25, 0.5]))
def test_no_group_is_on_both_sides(way: Any, seed: int, share: float) -> None:
    rows = frame()
    train, test = split(rows, way, share, seed=seed, **COLUMNS[way])
    assert not set(rows.patient[train]) & set(rows.patient[test])


@pytest.mark.parametrize("way", ["stratified", "stratified-group"])
def test_the_share_of_every_class_is_kept(way: Any) -> None:
    rows = frame(3000)
    train, test = split(rows, way, 0.2, **COLUMNS[way])
    spread = 0.001 if way == "stratified" else 0.02
    for part in (train, test):
        assert (rows.ill[part] == "yes").mean() == pytest.approx(0.1, abs=spread)


@settings(max_examples=12)
@given(share=st.floats(0.02, 0.95), gap=st.sampled_from([None, *SPANS]))
def test_no_training_row_is_younger_than_a_test_row(share: float, gap: str | None) -> None:
    rows = frame()
    days = pd.to_datetime(rows.day)
    train, test = split(rows, "time", share, column="day", gap=gap)
    assert days[train].max() < days[test].min()
    assert len(test) >= round(300 * share)
    left = set(range(300)) - set(train) - set(test)
    if gap is None:
        assert not left
    else:
        assert days[train].max() < days[test].min() - SPANS[gap]
        assert all(days[test].min() - SPANS[gap] <= days[row] < days[test].min() for row in left)


def test_what_happened_at_one_moment_stays_on_one_side() -> None:
    train, test = split(frame(), "time", 0.25, column="year")
    assert set(frame().year[test]) == {7, 8, 9}
    assert set(frame().year[train]) == set(range(7))


WRONG: list[tuple[Any, float, dict[str, str], type[CdmlError], str]] = [
    ("random", 0.0, {}, UsageError, "0 is no share"),
    ("random", 1.5, {}, UsageError, r"1\.5 is no share"),
    ("random", 0.001, {}, ConfigError, "no row is left for test"),
    ("group", 0.2, {}, UsageError, "needs --column"),
    ("stratified", 0.2, {"column": "nope"}, UsageError, "no column 'nope'; there are patient"),
    ("stratified", 0.2, {"column": "day", "gap": "1d"}, UsageError, "belongs to --by time"),
    ("stratified", 0.2, {"column": "hole"}, ConfigError, "empty in 1 rows"),
    ("stratified", 0.2, {"column": "alone"}, ConfigError, "cannot be split by stratified"),
    ("time", 0.2, {"column": "ill"}, ConfigError, "holds no dates, such as '[^ ]+'$"),
    ("time", 0.2, {"column": "year", "gap": "1d"}, UsageError, "holds numbers"),
    ("time", 0.2, {"column": "day", "gap": "soon"}, UsageError, "no span of time"),
    ("time", 0.2, {"column": "day", "gap": "-3d"}, UsageError, "no span of time"),
    ("time", 0.2, {"column": "same"}, ConfigError, "no row is left for training"),
]


@pytest.mark.parametrize(("way", "share", "words", "kind", "said"), WRONG)
def test_what_cannot_be_split_is_said(
    way: Any, share: float, words: dict[str, str], kind: type[CdmlError], said: str
) -> None:
    rows = frame().assign(same=1, alone=range(300))
    rows["hole"] = rows.ill.where(rows.index != 5)
    with pytest.raises(kind, match=said):
        split(rows, way, share, **words)


def test_a_share_of_all_rows_is_refused_as_such() -> None:
    for share in (0.0, 1.0):
        with pytest.raises(UsageError, match="is no share"):
            split(frame(), "random", share)


@pytest.mark.parametrize(("share", "folds"), [(0.5, 2), (0.9, 2), (0.34, 3)])
def test_a_large_share_of_groups_with_their_classes_is_at_most_one_of_two_folds(share: float, folds: int) -> None:
    _, test = split(frame(), "stratified-group", share, column="ill", group="patient")
    assert len(test) == pytest.approx(300 / folds, abs=15)


def test_times_of_several_zones_are_ordered_as_they_happened() -> None:
    # In UTC these are 23:30, 01:00, 00:00 and 02:00.
    times = ["2024-01-01T00:30+01:00", "2024-01-01T01:00Z", "2023-12-31T19:00-05:00", "2024-01-01T04:00+02:00"]
    train, test = split(pd.DataFrame({"at": times}), "time", 0.5, column="at")
    assert (train.tolist(), test.tolist()) == ([0, 2], [1, 3])
    with pytest.raises(ConfigError, match="holds no dates, such as 'yesterday'"):
        split(pd.DataFrame({"at": [*times, "yesterday"]}), "time", 0.5, column="at")


def test_a_share_of_groups_is_the_one_that_is_asked_for_and_the_seed_is_nought_unless_said() -> None:
    for share in (0.2, 0.5):
        _, test = split(frame(), "group", share, group="patient")
        assert len(test) == pytest.approx(300 * share, abs=12)
    assert list(split(frame(), "random", 0.2)[1]) == list(split(frame(), "random", 0.2, seed=0)[1])


def test_a_date_in_another_way_of_writing_is_named() -> None:
    times = pd.DataFrame({"at": ["2024-03-30", "03/31/2024"]})
    with pytest.raises(ConfigError, match="holds no dates, such as '03/31/2024'"):
        split(times, "time", 0.5, column="at")
