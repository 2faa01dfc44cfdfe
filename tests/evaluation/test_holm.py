"""Holm's correction against its definition, and p-values against the tests whose intervals they invert."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_slices import models
from scipy.stats import t as student_t

from cdml.evaluation.compare import compare, measure
from cdml.evaluation.estimate import Estimate, percentile, student, unchanged
from cdml.evaluation.holm import Claim, correct, together
from cdml.evaluation.slices import slices_of


def _claim(p: float, level: float = 0.05) -> Claim:
    """A claim whose two-sided p is this, by a normal-like interval around 1."""
    error = 1 / float(student_t.ppf(1 - p / 2, 1e9))
    return Claim(student(1.0, error, 1e9, "t"), 0.0, True, level)


@pytest.mark.parametrize("value", [2.5, -2.5])
def test_a_p_value_is_that_of_the_test_whose_interval_is_inverted(value: float) -> None:
    claim = Claim(student(value, 1.0, 12, "t"), 0.0, value > 0, 0.05)
    assert claim.p_value() == pytest.approx(2 * student_t.sf(2.5, 12), rel=1e-3)
    shifted = Claim(student(value + 7, 1.0, 12, "t"), 7.0, value > 0, 0.05)
    assert shifted.p_value() == pytest.approx(claim.p_value(), rel=1e-3)


def test_a_claim_that_does_not_hold_alone_has_no_small_p() -> None:
    assert Claim(student(2.5, 1.0, 12, "t"), 0.0, False, 0.05).p_value() == 1
    assert Claim(student(2.5, 1.0, 12, "t"), 2.5, True, 0.05).p_value() == 1
    assert Claim(unchanged("t"), 0.0, True, 0.05).p_value() == 1
    assert Claim(unchanged("t"), -0.1, True, 0.05).p_value() == 1e-9  # surely within a margin


def test_a_claim_holds_at_its_own_p_value() -> None:
    claim = Claim(student(2.5, 1.0, 12, "t"), 0.0, True, 0.05)
    assert claim.holds(claim.p_value())
    assert not claim.holds(claim.p_value() * (1 - 1e-4))


def test_so_many_draws_tell_no_smaller_p() -> None:
    estimate = percentile(3.0, np.linspace(1, 5, 999), "draws")
    assert Claim(estimate, 0.0, True, 0.05).p_value() == pytest.approx(0.002)
    few = Claim(percentile(3.0, np.linspace(1, 5, 9), "draws"), 0.0, True, 0.05)
    assert few.p_value() == 0.05  # alone it is judged by its plain interval
    assert correct([few]).stands == (True,)


def test_the_correction_is_holms() -> None:
    # p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") in R is 0.03 0.06 0.06 0.02.
    found = correct([_claim(p) for p in (0.01, 0.04, 0.03, 0.005)])
    assert found.stands == (True, False, False, True)
    assert (found.divisor, found.among) == (2, 4)
    assert correct([_claim(p) for p in (0.01, 0.024, 0.024, 0.005)]).stands == (True, True, True, True)
    assert correct([]).stands == ()


def test_a_claim_alone_is_judged_by_its_interval() -> None:
    assert correct([_claim(0.049)]).stands == (True,)
    assert correct([_claim(0.051)]).stands == (False,)


def test_each_claim_is_held_to_its_own_level() -> None:
    assert correct([_claim(0.004, 0.01), _claim(0.04, 0.05)]).stands == (True, True)
    assert correct([_claim(0.006, 0.01), _claim(0.02, 0.05)]).stands == (True, True)
    assert correct([_claim(0.006, 0.01), _claim(0.03, 0.05)]).stands == (False, False)


@given(st.lists(st.floats(1e-6, 0.9), min_size=1, max_size=8))
def test_it_is_step_down_and_never_more_lenient_than_alone(ps: list[float]) -> None:
    stands = correct([_claim(p) for p in ps]).stands
    adjusted, worst = {}, 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        worst = max(worst, min(1.0, ps[place] * (len(ps) - rank)))
        adjusted[place] = worst
    for place, answer in enumerate(stands):
        if abs(adjusted[place] - 0.05) > 1e-4:
            assert answer == (adjusted[place] < 0.05)


def test_a_slice_that_is_worse_by_itself_is_held_back_among_many() -> None:
    worse = (200, 10, 25, 65)  # 35 rows apart, two-sided p about 0.016
    base, cand = models({"odd": worse} | {f"s{i:02}": (200, 15, 15, 70) for i in range(19)})
    found = compare(base, cand, metrics=("accuracy",), by=("part",))
    by_value = {one.value: one for one in found.slices}
    odd = by_value["odd"].metric
    assert odd.interval is not None
    assert odd.interval.high < 0
    assert (odd.judgement, odd.held_back) == ("can't tell", 20)
    assert all(one.metric.held_back == 0 for value, one in by_value.items() if value != "odd")
    back = compare(cand, base, metrics=("accuracy",), by=("part",)).slices
    assert [(one.metric.judgement, one.metric.held_back) for one in back if one.value == "odd"] == [
        ("can't tell", 20)
    ]
    alone = compare(*models({"odd": worse}), metrics=("accuracy",), by=("part",)).slices[0].metric
    assert (alone.judgement, alone.held_back) == ("worse", 0)
    assert replace(odd, held_back=0).judgement == "worse"


def test_a_slice_that_is_surely_worse_stays_worse_among_many_and_others_better() -> None:
    tables = {"bad": (200, 5, 60, 35), "good": (200, 60, 5, 35)}
    base, cand = models(tables | {f"s{i:02}": (200, 15, 15, 70) for i in range(18)})
    slices, _ = slices_of(compare(base, cand, metrics=("accuracy",)).pair, ("part",))  # type: ignore[arg-type]
    found = dict(
        zip([s.value for s in slices], together([measure(s.pair, "accuracy") for s in slices], 0.95), strict=True)
    )
    assert (found["bad"].judgement, found["good"].judgement) == ("worse", "better")
    assert {found[f"s{i:02}"].judgement for i in range(18)} == {"can't tell"}


def test_what_has_no_interval_makes_no_claim() -> None:
    estimate = Estimate(0.0, lambda _: (0.0, 0.0), "t")
    assert not Claim(estimate, 0.0, True, 0.05).holds()
    assert not Claim(estimate, 0.0, False, 0.05).holds()  # to touch the boundary is not to lie beyond it
    assert together([], 0.95) == ()
