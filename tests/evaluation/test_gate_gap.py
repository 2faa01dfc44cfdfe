"""`max-gap` against fairlearn's measures, and its interval against a published one."""

from __future__ import annotations

import numpy as np
import pytest
from make_slices import Table, models

from cdml.core.comparison import Outcome, Verdict
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement, compare, measure
from cdml.evaluation.estimate import Estimate, wilson
from cdml.evaluation.gates import judge
from cdml.evaluation.gates.gap import Gap, gap
from cdml.evaluation.pairing import Pair, subset
from cdml.evaluation.predictions import Predictions

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
ROWS = 1200


def _people() -> tuple[Predictions, Measurement]:
    """Three groups whose rates differ, beside no baseline."""
    random = np.random.default_rng(5)
    sex = random.choice(np.array(["f", "m", "x"], dtype=object), ROWS, p=[0.5, 0.4, 0.1])
    truth = (random.random(ROWS) < np.where(sex == "f", 0.3, 0.5)).astype(int)
    flip = random.random(ROWS) < np.where(sex == "m", 0.1, 0.25)
    one = Predictions(
        "x.csv", "binary", truth, np.where(flip, 1 - truth, truth), None, ("0", "1"), columns={"sex": sex}
    )
    return one, compare(None, one, metrics=("accuracy",), discover=False)


def _share(hits: int, n: int) -> Estimate:
    return Estimate(hits / n, lambda c: wilson(hits, n, c), "Wilson")


def test_the_interval_of_two_groups_is_newcombes() -> None:
    # Newcombe 1998, Stat. Med. 17:873-890, table II (a): 56/70 - 48/80, method 10: 0.0524 to 0.3339.
    found = gap([_share(56, 70), _share(48, 80)])
    assert found.value == pytest.approx(0.2)
    assert found.bounds(0.95) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert gap([_share(48, 80), _share(56, 70)]).bounds(0.95) == found.bounds(0.95)


def test_more_groups_widen_the_lower_end_only() -> None:
    two, three = gap([_share(56, 70), _share(48, 80)]), gap([_share(56, 70), _share(48, 80), _share(4800, 7000)])
    assert three.value == two.value
    assert three.bounds(0.95)[1] == two.bounds(0.95)[1]
    assert three.bounds(0.95)[0] == two.bounds(1 - 0.05 / 3)[0]
    assert gap([_share(50, 100), _share(50, 100)]).bounds(0.95)[0] == 0


def test_a_small_group_does_not_widen_the_gap_by_itself() -> None:
    found = gap([_share(5, 10), _share(500, 1000)]).bounds(0.95)[1]
    assert found == pytest.approx(0.2634 + 0.0009, abs=0.001)  # Wilson of 5/10 reaches 0.2634 either way


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("selection_rate", 0.14755630778164514),  # demographic_parity_difference
        ("true_positive_rate", 0.18135593220338986),  # MetricFrame(...).difference()
        ("false_positive_rate", 0.1061454871551406),
    ],
)
def test_the_gap_is_fairlearns(metric: str, expected: float) -> None:
    """fairlearn 0.15's numbers for these rows; its equalized_odds_difference is the larger of the last two."""
    one, measured = _people()
    groups = {
        value: measure(Pair(None, subset(one, one.columns["sex"] == value)), metric) for value in ("f", "m", "x")
    }
    question = Gap().ask_groups(Gate("max-gap", metric, 0.2, by="sex"), groups)
    assert question is not None
    assert question.value == pytest.approx(expected, rel=1e-12)
    for limit, outcome in ((0.0, FAIL), (expected + 1e-9, OPEN), (1.0, PASS)):
        (verdict,) = judge((Gate("max-gap", metric, limit, by="sex"),), measured)
        assert verdict.outcome is outcome


def _verdict(limit: float, tables: dict[str, Table], metric: str = "accuracy") -> Verdict:
    measured = compare(*models(tables), metrics=("accuracy",), discover=False)
    return judge((Gate("max-gap", metric, limit, by="part"),), measured)[0]


def test_three_verdicts_and_the_groups_are_said() -> None:
    tables = {"a": (800, 100, 0, 100), "b": (400, 0, 0, 100)}  # the baseline has no gap at all
    found = _verdict(0.05, tables)
    assert found.outcome is FAIL
    assert found.reason == (
        "accuracy is 0.800 for part b (500 rows) and 0.900 for part a (1,000 rows, the reference): a gap of "
        "0.100 (0.062 to 0.141); at most 0.05 is allowed."
    )
    assert found.measured == "0.100 (0.062 to 0.141)"
    between = _verdict(0.05, {"b": tables["b"], "c": (425, 0, 0, 75), "a": tables["a"]})
    assert between.reason.startswith(
        "accuracy is 0.800 for part b (500 rows) and 0.900 for part a (1,000 rows, the"
    )
    unsure = _verdict(0.08, tables)
    assert (unsure.outcome, unsure.more_rows is not None) == (OPEN, True)
    assert _verdict(0.15, tables).outcome is PASS


def test_of_an_error_the_lowest_group_is_the_reference() -> None:
    found = _verdict(0.05, {"a": (900, 0, 0, 100), "b": (400, 0, 0, 100)}, "false_positive_rate")
    assert "for part b (500 rows) and" in found.reason
    assert "for part a (1,000 rows, the reference)" in found.reason


def test_one_group_alone_is_no_gap() -> None:
    found = _verdict(0.05, {"a": (900, 0, 0, 100), "b": (0, 0, 0, 29)})
    assert (found.outcome, found.measured) == (OPEN, "one group")
    assert "part a is the only group of enough rows" in found.reason
    assert "b (29)" in found.reason


def test_a_group_that_tells_nothing_is_never_passed() -> None:
    one, _ = _people()
    truth = np.where(one.columns["sex"] == "x", 0, one.y_true)
    known = Predictions("x.csv", "binary", truth, one.y_pred, None, ("0", "1"), columns=one.columns)
    measured = compare(None, known, metrics=("accuracy",), discover=False)
    (found,) = judge((Gate("max-gap", "true_positive_rate", 0.9, by="sex"),), measured)
    assert found.outcome is OPEN
    assert "true_positive_rate for sex x cannot be measured: no row of class 1" in found.reason
    (failed,) = judge((Gate("max-gap", "true_positive_rate", 0.01, by="sex"),), measured)
    assert failed.outcome is FAIL
    assert "for sex x cannot be measured" in failed.reason


def test_pairs_of_groups_do_not_dilute_the_other_gates() -> None:
    tables = {f"s{i:02}": (240, 0, 0, 60) for i in range(20)}
    odd = (200, 10, 25, 65)
    measured = compare(*models(tables | {"odd": odd}), metrics=("accuracy",), discover=False)
    regression = Gate("max-regression", "accuracy", 0.0, by="part", min_rows=300)
    alone = judge((regression,), measured)[0].reason
    assert "over 21 comparisons" in alone
    both = judge((regression, Gate("max-gap", "accuracy", 0.5, by="part")), measured)[0].reason
    assert "over 22 comparisons" in both
