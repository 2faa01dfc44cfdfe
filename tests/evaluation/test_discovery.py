"""Weak slices that nobody asked for: those that are there are found, and chance is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cdml.evaluation.discovery import discover
from cdml.evaluation.pairing import Pair, subset
from cdml.evaluation.predictions import Predictions


def simulated(seed: int, n: int = 4_000, weak: float = 0.0) -> Predictions:
    """One in ten answers is wrong; of men below 30 `weak` more are."""
    random = np.random.default_rng(seed)
    sex, age = random.choice(["f", "m"], n), random.integers(18, 80, n)
    chance = 0.1 + weak * ((sex == "m") & (age < 30))
    truth = random.integers(0, 2, n)
    said = np.where(random.random(n) < chance, 1 - truth, truth)
    columns = {"sex": sex, "age": age, "town": random.choice(list("abcdefgh"), n), "x": random.random(n)}
    ids = np.array([f"r{i}" for i in range(n)], dtype=object)
    return Predictions("x.csv", "binary", truth, said, None, ("0", "1"), ids, columns)


def test_the_cross_that_is_weak_is_found_first_with_its_numbers() -> None:
    cand = simulated(1, weak=0.4)
    base = simulated(1)
    base = replace(base, y_true=cand.y_true, y_pred=cand.y_true)
    first, *others = discover(Pair(base, cand))
    assert not any("age" in dict(one.conditions) for one in others)  # nothing that is weak by these rows alone
    assert dict(first.conditions)["sex"] == "m"
    age = int(dict(first.conditions)["age"].removeprefix("below "))
    assert first.name.startswith("sex m × age below ")
    assert first.measure == "error rate"
    assert first.baseline == 0
    # The numbers are those of the half that did not propose it.
    measured = np.asarray(pd.util.hash_array(cand.ids) % 2 == 1)
    rows = measured & (cand.columns["sex"] == "m") & (cand.columns["age"] < age)
    wrong = cand.y_true != cand.y_pred
    assert (first.rows, first.inside) == (rows.sum(), pytest.approx(wrong[rows].mean()))
    assert first.outside == pytest.approx(wrong[measured & ~rows].mean())
    assert 0 < first.low < first.inside - first.outside < first.high


def test_of_equal_slices_almost_none_is_shown() -> None:
    """A family-wise level of 5 %: of sixty models without any weak slice about three may show one."""
    shown = sum(bool(discover(Pair(None, simulated(seed, 1_000)))) for seed in range(60))
    assert shown <= 7


def test_each_slice_has_the_interval_that_holms_correction_leaves_it() -> None:
    cand = simulated(8)
    assert cand.y_pred is not None
    weak = np.isin(cand.columns["town"], ["a", "b"]) & (np.random.default_rng(9).random(cand.rows) < 0.4)
    cand = replace(cand, y_pred=np.where(weak, 1 - cand.y_true, cand.y_pred))
    found = discover(Pair(None, cand), ("sex", "age", "x"))
    half = int((pd.util.hash_array(cand.ids) % 2 == 1).sum())
    divisors = []
    for one in found:
        inside, outside = one.inside * (1 - one.inside), one.outside * (1 - one.outside)
        error = np.sqrt(inside / (one.rows - 1) + outside / (half - one.rows - 1))
        divisors.append(0.05 / (2 * norm.sf((one.high - one.low) / 2 / error)))
    assert len(divisors) >= 2
    # Of k tested ones the surest has a k-th of 5 %, the next a (k - 1)-th, and so on.
    assert sorted(divisors) == pytest.approx([max(divisors) - place for place in range(len(found))][::-1])
    assert max(divisors) == pytest.approx(round(max(divisors)))


def test_what_was_asked_for_is_not_found_again() -> None:
    cand = simulated(1, weak=0.4)
    found = discover(Pair(None, cand), ("sex*age", "sex"))
    assert all({"sex", "age"} != {column for column, _ in one.conditions} for one in found)
    assert all(one.conditions[0][0] != "sex" or len(one.conditions) == 2 for one in found)


def test_a_part_of_a_weak_slice_that_is_shown_anyway_is_no_news() -> None:
    cand = simulated(6)
    assert cand.y_pred is not None
    weak = (cand.columns["sex"] == "m") & (np.random.default_rng(7).random(cand.rows) < 0.3)
    cand = replace(cand, y_pred=np.where(weak, 1 - cand.y_true, cand.y_pred))
    assert ("sex", "m") in discover(Pair(None, cand))[0].conditions
    assert discover(Pair(None, cand), ("sex",)) == ()


def test_the_order_of_rows_and_of_runs_changes_nothing() -> None:
    cand = simulated(2, weak=0.4)
    order = np.random.default_rng(3).permutation(cand.rows)
    columns = {name: values[order] for name, values in cand.columns.items()}
    assert cand.ids is not None
    assert cand.y_pred is not None
    mixed = replace(
        cand, y_true=cand.y_true[order], y_pred=cand.y_pred[order], ids=cand.ids[order], columns=columns
    )
    one, other = discover(Pair(None, cand)), discover(Pair(None, mixed))
    assert [(found.name, found.rows) for found in one] == [(found.name, found.rows) for found in other]


def test_absolute_errors_of_numbers_are_searched_too_and_what_overflows_is_left() -> None:
    random = np.random.default_rng(4)
    town = random.choice(list("abcd"), 3_000)
    truth = random.normal(size=3_000)
    said = truth + random.normal(size=3_000) * np.where(town == "c", 4, 1)
    p = Predictions("x.csv", "regression", truth, said, None, columns={"town": town})
    (found,) = discover(Pair(None, p))
    assert (found.name, found.measure) == ("town c", "absolute error")
    assert found.inside > 2 * found.outside
    measured = pd.util.hash_array(np.arange(3_000)) % 2 == 1  # by their places, for there are no ids
    errors = np.abs(truth - said)[measured & (town == "c")]
    assert (found.rows, found.inside) == (len(errors), pytest.approx(errors.mean()))
    assert discover(Pair(None, replace(p, y_true=np.full(3_000, 1e300)))) == ()


def test_few_rows_no_error_and_no_answer_find_nothing() -> None:
    p = simulated(5, weak=0.4)
    assert discover(Pair(None, simulated(5, 150, weak=0.4))) == ()
    assert discover(Pair(None, replace(p, y_pred=p.y_true))) == ()
    assert discover(Pair(None, replace(p, y_pred=None))) == ()


def test_of_very_many_rows_every_so_manieth_of_both_models_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    cand, base = simulated(1, weak=0.4), simulated(11, weak=0.1)
    base = replace(base, y_true=cand.y_true, columns=cand.columns)
    third = slice(None, None, 3)
    expected = discover(Pair(subset(base, third), subset(cand, third)))
    monkeypatch.setattr("cdml.evaluation.discovery.MOST_ROWS", 1_334)
    found = discover(Pair(base, cand))
    assert found == expected != ()
    assert found[0].baseline is not None
    assert found[0].baseline > 0


def test_beside_a_weak_slice_stands_no_baseline_of_other_rows() -> None:
    cand, base = simulated(1, weak=0.4), simulated(11)
    found = discover(Pair(base, cand, "test data differ"))
    assert found
    assert {one.baseline for one in found} == {None}
