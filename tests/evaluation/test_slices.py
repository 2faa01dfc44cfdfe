"""How test rows are cut: values, bins of numbers, crosses of two, and every metric in each of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_predictions import binary, regression

from cdml.core.comparison import SliceResult
from cdml.core.errors import ConfigError
from cdml.evaluation.compare import compare
from cdml.evaluation.cuts import cut, edges_of
from cdml.evaluation.pairing import Pair, subset
from cdml.evaluation.predictions import Predictions
from cdml.evaluation.slices import every_slice, slices_of


def with_columns(p: Predictions, **columns: object) -> Predictions:
    return replace(p, columns={name: np.asarray(values) for name, values in columns.items()})


def plain(values: object) -> Predictions:
    column = np.asarray(values)
    truth = np.zeros(len(column), dtype=int)
    return Predictions("x.csv", "binary", truth, truth, None, ("0", "1"), columns={"c": column})


def labels(values: object, **edges: tuple[float, ...]) -> list[str]:
    """Each row's label, in the order of rows."""
    p = plain(values)
    found = cut(p, "c", edges_of(p, ("c",), edges))
    assert found is not None
    return [found.labels[code] for code in found.codes]


def test_given_edges_of_whole_numbers_name_the_last_value_of_a_bin() -> None:
    assert labels([29, 30, 49, 50], c=(30, 50)) == ["below 30", "30 to 49", "30 to 49", "50 and more"]
    assert labels([1, 2, 3], c=(2, 3)) == ["below 2", "2", "3 and more"]


def test_a_bin_of_other_numbers_ends_before_its_upper_edge_and_holes_are_a_group() -> None:
    found = labels([0.5, 1.0, 1.999, 2.0, np.nan], c=(1, 2))
    assert found == ["below 1", "1 to 2", "1 to 2", "2 and more", "(empty)"]


def test_many_numbers_are_cut_into_five_bins_of_like_size() -> None:
    ages = np.random.default_rng(0).integers(18, 90, 5_000)
    found = cut(plain(ages), "c", edges_of(plain(ages), ("c",), {}))
    assert found is not None
    assert len(found.labels) == 5
    assert all(0.15 < count / 5_000 < 0.25 for count in found.counts())
    named = dict(zip(ages.tolist(), labels(ages), strict=True))
    for age, label in named.items():
        low, _, high = label.partition(" to ")
        if high:
            assert int(low) <= age <= int(high)


def test_few_numbers_and_texts_keep_their_values() -> None:
    assert labels([3, 1, 2]) == ["3", "1", "2"]
    assert labels(np.array(["b", None, "a"], dtype=object)) == ["b", "(empty)", "a"]
    assert labels(np.array([True, False])) == ["True", "False"]


def test_a_value_that_fills_a_whole_bin_stands_alone() -> None:
    gains = np.concatenate([np.zeros(900), np.arange(1, 101)])
    found = labels(gains)
    assert set(found[:900]) == {"below 1"}
    assert "below 1" not in found[900:]


@given(st.lists(st.floats(-1e6, 1e6), min_size=30, max_size=80))
def test_every_number_has_one_bin_whatever_the_numbers_are(values: list[float]) -> None:
    p = plain(values)
    found = cut(p, "c", edges_of(p, ("c",), {}))
    assert found is not None
    assert int(found.counts().sum()) == len(values)
    assert len(found.labels) == len(set(found.labels)) <= 20


def test_edges_for_a_column_of_words_are_refused() -> None:
    with pytest.raises(ConfigError, match="holds no numbers"):
        edges_of(plain(np.array(["a", "b"], dtype=object)), ("c",), {"c": (1.0,)})


def test_a_cross_holds_the_rows_that_have_both_values() -> None:
    base, cand = binary(np.random.default_rng(3), 600)
    sex = np.array(["f", "m"] * 300, dtype=object)
    age = np.random.default_rng(4).integers(18, 80, 600)
    base, cand = with_columns(base, sex=sex, age=age), with_columns(cand, sex=sex, age=age)
    found = compare(base, cand, metrics=("f1", "accuracy"), by=("sex*age",), edges={"age": (40,)})
    assert [one.name for one in found.slices] == [
        "sex f × age below 40",
        "sex f × age 40 and more",
        "sex m × age below 40",
        "sex m × age 40 and more",
    ]
    rows = (sex == "m") & (age >= 40)
    alone = compare(subset(base, rows), subset(cand, rows), metrics=("f1", "accuracy")).metrics
    last = found.slices[-1]
    assert (last.metric, *last.others) == alone


def test_a_column_with_a_star_in_its_name_is_one_column() -> None:
    base, cand = binary(np.random.default_rng(5), 100)
    base, cand = (with_columns(p, **{"a*b": ["x"] * 50 + ["y"] * 50}) for p in (base, cand))
    found = compare(base, cand, metrics=("f1",), by=("a*b",))
    assert [one.value for one in found.slices] == ["x", "y"]


@pytest.mark.parametrize("by", ["nope", "c*nope", "c*c*c"])
def test_an_unknown_column_is_named(by: str) -> None:
    with pytest.raises(ConfigError, match=r"x.csv: no column .* to slice by; it has c"):
        slices_of(Pair(None, plain([1, 2] * 20)), (by,))


def test_unpaired_sides_are_cut_at_the_same_edges() -> None:
    base, cand = regression(np.random.default_rng(6), 400)
    base = with_columns(subset(base, slice(0, 300)), x=np.linspace(0, 100, 300))
    cand = with_columns(cand, x=np.linspace(0, 50, 400))
    slices, _ = slices_of(Pair(base, cand, "test data differ"), ("x",))
    assert slices[0].value == "below 10"
    first = slices[0].pair
    assert first.unpaired == "test data differ"
    assert first.baseline is not None
    assert (first.baseline.rows, first.candidate.rows) == (30, 80)


def test_a_name_that_is_no_cross_is_left_as_it_is() -> None:
    metric = compare(None, binary(np.random.default_rng(7), 50)[0], metrics=("f1",)).metrics[0]
    assert SliceResult("a*b", "x", metric).name == "a*b x"
    assert SliceResult("a", "x × y", metric).name == "a x × y"


def test_a_slice_of_just_enough_rows_counts_and_is_gone_when_it_is() -> None:
    p = plain(np.repeat(np.array(["a", "b", "c"], dtype=object), [40, 30, 29]))
    found = every_slice(Pair(None, p), "c", 30)
    assert ([one.value for one in found.slices], found.small) == (["a", "b"], {"c": 29})
    kept = subset(p, p.columns["c"] == "a")
    assert every_slice(Pair(p, kept, "other rows"), "c", 30).gone == {"b": 30}


def test_of_very_many_values_each_has_its_own_rows() -> None:
    values = np.array([f"v{i:05}" for i in range(40_000)] + ["v39999", "v00007"], dtype=object)
    p = replace(plain(values), y_true=np.arange(40_002))
    found = every_slice(Pair(None, p), "c", 2)
    assert {one.value: one.pair.candidate.y_true.tolist() for one in found.slices} == {
        "v00007": [7, 40_001],
        "v39999": [39_999, 40_000],
    }


def test_a_bin_without_rows_is_counted_as_one() -> None:
    found = cut(plain([1, 2, 3]), "c", {"c": (2.0, 10.0, 20.0)})
    assert found is not None
    assert (found.labels, found.counts().tolist()) == (
        ("below 2", "2 to 9", "10 to 19", "20 and more"),
        [1, 2, 0, 0],
    )


def test_a_largest_value_that_fills_whole_bins_stands_alone_too() -> None:
    shares = np.concatenate([np.arange(1, 101), np.full(900, 101)])
    found = labels(shares)
    assert set(found[100:]) == {"101 and more"}
    assert "101 and more" not in found[:100]


def test_only_a_column_with_holes_has_a_label_for_them() -> None:
    for values, expected in ((["b", "a"], ("a", "b")), (["b", None], ("b", "(empty)"))):
        found = cut(plain(np.array(values, dtype=object)), "c", {})
        assert found is not None
        assert found.labels == expected
