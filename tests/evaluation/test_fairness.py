"""Fairness measures against fairlearn's own, and what does not count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from make_predictions import binary, multiclass

from cdml.evaluation.fairness import DIFFERENCES, fairness
from cdml.evaluation.pairing import Pair
from cdml.evaluation.predictions import Predictions


@pytest.fixture(scope="module")
def sides() -> tuple[Predictions, Predictions]:
    random = np.random.default_rng(1)
    group = random.choice(["a", "b", "c"], 3_000, p=[0.5, 0.3, 0.2])
    base, cand = binary(random, 3_000)
    harder = np.where(group == "c", 0.65, 0.5)
    cand = replace(cand, y_pred=(cand.scored >= harder).astype(int))
    return replace(base, columns={"g": group.astype(object)}), replace(cand, columns={"g": group.astype(object)})


@pytest.mark.parametrize("name", list(DIFFERENCES))
def test_a_measure_is_fairlearns_for_both_models(name: str, sides: tuple[Predictions, Predictions]) -> None:
    base, cand = sides
    (found,) = fairness(Pair(base, cand), ("g",))
    measure = next(one for one in found.measures if one.name == name)
    groups = cand.columns["g"]
    for value, side in ((measure.baseline, base), (measure.candidate, cand)):
        wanted = getattr(fairlearn, name)(side.y_true, side.y_pred, sensitive_features=groups)
        assert value == pytest.approx(wanted, abs=1e-12)


def test_groups_have_fairlearns_rates_and_the_extremes_are_named(sides: tuple[Predictions, Predictions]) -> None:
    cand = sides[1]
    (found,) = fairness(Pair(None, cand), ("g",))
    rates = {
        "selection_rate": fairlearn.selection_rate,
        "true_positive_rate": fairlearn.true_positive_rate,
        "false_positive_rate": fairlearn.false_positive_rate,
    }
    frame = fairlearn.MetricFrame(
        metrics=rates, y_true=cand.y_true, y_pred=cand.y_pred, sensitive_features=cand.columns["g"]
    ).by_group
    for group in found.groups:
        for rate in rates:
            assert getattr(group, rate) == pytest.approx(frame.loc[group.value, rate], abs=1e-12)
    parity = found.measures[0]
    assert (parity.rate, parity.lowest, parity.highest) == (
        "selection_rate",
        frame["selection_rate"].idxmin(),
        frame["selection_rate"].idxmax(),
    )
    assert parity.baseline is None
    assert [group.rows for group in found.groups] == [int((cand.columns["g"] == v).sum()) for v in "abc"]


def test_a_small_group_and_one_without_positives_decide_nothing(sides: tuple[Predictions, Predictions]) -> None:
    cand = sides[1]
    group = cand.columns["g"].copy()
    small = np.flatnonzero(group == "a")[:29]
    group[small] = "tiny"
    (found,) = fairness(Pair(None, replace(cand, columns={"g": group})), ("g",))
    assert [one.value for one in found.groups] == ["a", "b", "c"]
    truth = np.where(group == "c", 0, cand.y_true)
    (found,) = fairness(Pair(None, replace(cand, y_true=truth, columns={"g": group})), ("g",))
    assert found.groups[2].true_positive_rate is None
    odds = next(one for one in found.measures if one.name == "equalized_odds_difference")
    true, false = (
        [one.true_positive_rate for one in found.groups],
        [one.false_positive_rate for one in found.groups],
    )
    # fairlearn takes a rate of no row as 0; here such a group does not count.
    wanted = max(abs(true[0] - true[1]), max(false) - min(false))  # type: ignore[operator,type-var]
    assert odds.candidate == pytest.approx(wanted)


def test_rows_that_are_not_paired_have_no_baseline(sides: tuple[Predictions, Predictions]) -> None:
    (found,) = fairness(Pair(*sides, "test data differ"), ("g",))
    assert [measure.baseline for measure in found.measures] == [None] * 4


def test_only_two_classes_and_two_groups_have_a_table(sides: tuple[Predictions, Predictions]) -> None:
    cand = sides[1]
    one_group = replace(cand, columns={"g": np.array(["x"] * cand.rows, dtype=object)})
    assert fairness(Pair(None, one_group), ("g", "y_true")) == ()
    several = multiclass(np.random.default_rng(2), 200)[0]
    assert fairness(Pair(None, replace(several, columns={"g": np.array(["x", "y"] * 100)})), ("g",)) == ()


def test_two_groups_are_enough_and_thirty_rows_of_each(sides: tuple[Predictions, Predictions]) -> None:
    cand = sides[1]
    two = np.where(np.arange(cand.rows) < 30, "x", "y").astype(object)
    (found,) = fairness(Pair(None, replace(cand, columns={"g": two})), ("g",))
    assert [one.rows for one in found.groups] == [30, 2_970]
    assert {one.name: one.candidate for one in found.measures} == {
        name: pytest.approx(getattr(fairlearn, name)(cand.y_true, cand.y_pred, sensitive_features=two))
        for name in DIFFERENCES
    }
    fewer = np.where(np.arange(cand.rows) < 29, "x", "y").astype(object)
    assert fairness(Pair(None, replace(cand, columns={"g": fewer})), ("g",)) == ()


def test_odds_that_no_two_groups_have_are_not_known(sides: tuple[Predictions, Predictions]) -> None:
    cand = sides[1]
    by_truth = np.where(cand.y_true == 1, "x", "y").astype(object)
    (found,) = fairness(Pair(None, replace(cand, columns={"g": by_truth})), ("g",))
    odds = {one.name: one.candidate for one in found.measures if "odds" in one.name}
    assert odds == {"equalized_odds_difference": None, "equalized_odds_ratio": None}
