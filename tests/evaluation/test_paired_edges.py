"""Intervals at the edges: a perfect model, an outlier, a table of four cells, and each formula by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary, in_groups, regression
from scipy.special import expit, logit
from scipy.stats import norm
from scipy.stats import t as student_t

from cdml.evaluation import clusters, group_counts, paired_auc, paired_counts, paired_influence
from cdml.evaluation.estimate import wilson
from cdml.evaluation.metrics import METRICS
from cdml.evaluation.paired import PAIRED
from cdml.evaluation.predictions import Predictions


def _perfect(positives: int, negatives: int) -> Predictions:
    truth = np.repeat([1, 0], [positives, negatives])
    return Predictions("x.csv", "binary", truth, truth, truth * 0.8 + 0.1, ("0", "1"))


def test_a_perfect_ranking_has_no_certain_average_precision() -> None:
    perfect = _perfect(50, 100)
    test = PAIRED["average_precision"]
    own = test.own(perfect, 1.0).interval(0.95)
    assert (own.low, own.high) == pytest.approx((50 / (50 + 1.959964**2), 1.0), abs=1e-6)  # Wilson's of 50 of 50
    groups = replace(perfect, groups=np.arange(150) // 5)
    assert test.own(groups, 1.0).interval(0.95).low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6)
    otherwise = replace(perfect, score=perfect.score + np.linspace(0, 0.05, 150))
    found = test.difference(perfect, otherwise, (1.0, 1.0)).interval(0.95)
    assert found.low == -found.high == pytest.approx(own.low - 1)
    alike = replace(perfect, score=perfect.score / 2)
    unmoved = test.difference(perfect, alike, (1.0, 1.0)).interval(0.95)
    assert (unmoved.low, unmoved.high) == (0, 0)


@pytest.mark.parametrize(("name", "low", "high"), [("rmse", 0.0, None), ("r2", None, 1.0)])
def test_an_outlier_takes_no_interval_out_of_the_metrics_range(
    name: str, low: float | None, high: float | None
) -> None:
    p, _ = regression(np.random.default_rng(3), 12)
    said = np.append(p.y_true[:11] + 0.1, p.y_true[11] + (50 if name == "rmse" else 4))
    p = replace(p, y_pred=said)
    own = PAIRED[name].own(p, METRICS[name].compute(p)).interval(0.95)
    assert own.low == low or low is None
    assert own.high == high or high is None
    assert own.low < own.high


def _error(units: np.ndarray) -> tuple[float, float]:
    """Standard error and Satterthwaite's degrees of freedom of independent units' influences."""
    squares, n = units**2, len(units)
    spread = (squares**2).sum() - squares.sum() ** 2 / n
    return np.sqrt(squares.sum() * n / (n - 1)), min(n - 1, max(2, 2 * squares.sum() ** 2 / spread))


def _own(name: str, p: Predictions, confidence: float = 0.9) -> tuple[float, float]:
    found = PAIRED[name].own(p, METRICS[name].compute(p)).interval(confidence)
    return found.low, found.high


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", ["average_precision", "rmse", "r2"])
def test_own_intervals_of_influences_are_students_on_their_scales(name: str, grouped: bool) -> None:
    """The logit scale of Boyd, Eng & Page (2013), the logarithm of few groups' errors, else the metric's own."""
    _, p = in_groups(METRICS[name].tasks[0], np.random.default_rng(2), 40)
    p = p if grouped else replace(p, groups=None)
    rows, value = paired_influence.influences(name, p), METRICS[name].compute(p)
    error, freedom = _error(np.bincount(p.groups, weights=rows) if grouped else rows)
    half = student_t.ppf(0.95, freedom) * error
    if name == "average_precision":
        scale = half / (value * (1 - value))
        expected = expit(logit(value) - scale), expit(logit(value) + scale)
    elif name == "rmse" and grouped:
        expected = value * np.exp(-half / value), value * np.exp(half / value)
    else:
        expected = value - half, value + half
    assert _own(name, p) == pytest.approx(expected)


@pytest.mark.parametrize("grouped", [False, True])
def test_an_areas_own_interval_is_delongs_on_the_logit_scale(grouped: bool) -> None:
    _, p = in_groups("binary", np.random.default_rng(2), 40)
    p = p if grouped else replace(p, groups=None)
    above, below = paired_auc.placements(p)
    value, error = above.mean(), np.sqrt(paired_auc._variance(above, below, p))
    quantile = norm.ppf(0.95)
    if grouped:
        rows = np.empty(p.rows)
        rows[p.y_true == 1], rows[p.y_true == 0] = (v / len(v) - value / len(v) for v in (above, below))
        quantile = student_t.ppf(0.95, _error(np.bincount(p.groups, weights=rows))[1])
    scale = quantile * error / (value * (1 - value))
    assert _own("roc_auc", p) == pytest.approx((expit(logit(value) - scale), expit(logit(value) + scale)))


@pytest.mark.parametrize(
    ("task", "name", "alone", "by_groups"),
    [
        ("binary", "roc_auc", "paired DeLong (1988)", "paired DeLong, by groups (Obuchowski 1997)"),
        (
            "binary",
            "average_precision",
            "paired infinitesimal jackknife",
            "paired infinitesimal jackknife, by groups",
        ),
        ("binary", "log_loss", "paired t", "paired t, by groups"),
        ("binary", "f1", paired_counts.METHOD, paired_counts.GROUPED),
        ("binary", "accuracy", "exact McNemar, paired score interval (Newcombe 1998)", "paired t, by groups"),
    ],
)
def test_a_method_says_whether_rows_or_groups_were_counted(
    task: str, name: str, alone: str, by_groups: str
) -> None:
    both = in_groups(task, np.random.default_rng(2), 40)
    rows = [replace(p, groups=None) for p in both]
    values = [METRICS[name].compute(p) for p in both]
    test = PAIRED[name]
    assert test.difference(*both, values).method == test.difference(both[0], both[0], values).method == by_groups
    assert test.difference(*rows, values).method == test.difference(rows[0], rows[0], values).method == alone
    if name != "average_precision":  # its scale says more
        assert [("groups" in test.own(p, values[1]).method) for p in (both[1], rows[1])] == [True, False]


def test_models_that_only_exchange_rows_of_one_class_are_not_the_same() -> None:
    truth = np.tile([1, 1, 0, 0], 10)
    one = Predictions("x.csv", "binary", truth, truth, np.tile([0.5, 0.3, 0.4, 0.2], 10), ("0", "1"))
    for score in ([0.5, 0.3, 0.2, 0.4], [0.3, 0.5, 0.4, 0.2]):  # no positive's, or no negative's place moves
        other = replace(one, score=np.tile(score, 10))
        found = PAIRED["roc_auc"].difference(one, other, (0.75, 0.75)).interval(0.95)
        assert found.low < 0 < found.high
    perfect = _perfect(20, 20)
    otherwise = replace(perfect, score=perfect.score + np.linspace(0, 0.05, 40))
    found = PAIRED["roc_auc"].difference(perfect, otherwise, (1.0, 1.0)).interval(0.95)
    assert found.low < 0 < found.high


def test_half_a_row_more_stands_in_every_cell_of_disagreement_and_in_its_mirror() -> None:
    cells = np.array([[0, 0, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1]])
    smooth, counts = paired_counts._smooth(cells, np.array([40.0, 3.0, 7.0, 50.0]))
    assert dict(zip(map(tuple, smooth.tolist()), counts.tolist(), strict=True)) == {
        (0, 0, 0): 40,
        (0, 0, 1): 3.5,
        (0, 1, 0): 0.5,
        (1, 0, 1): 7.5,
        (1, 1, 0): 0.5,
        (1, 1, 1): 50,
    }


def test_half_a_group_more_of_the_usual_size_stands_for_every_disagreement() -> None:
    """Of two groups that changed, by 2 and by 4 rows: 3 rows of either kind, half as often as a group."""
    base = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    cand = np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    groups = np.array([0, 0, 1, 1, 1, 1, 2, 2, 3, 3])
    p = Predictions("x.csv", "binary", np.ones(10, dtype=int), cand, None, ("0", "1"), groups=groups)
    table = group_counts._table(np.column_stack([p.y_true, base, cand]), p)
    found = group_counts._patterns(table)
    assert found is not None
    patterns, often = group_counts._smooth(table, *found)
    assert table.cells.tolist() == [[1, 0, 1], [1, 1, 0], [1, 1, 1]]
    assert sorted(zip(patterns.tolist(), often.tolist(), strict=True)) == [
        ([0.0, 0.0, 2.0], 2.0),
        ([0.0, 3.0, 0.0], 0.5),
        ([2.0, 0.0, 0.0], 1.0),
        ([3.0, 0.0, 0.0], 0.5),
        ([4.0, 0.0, 0.0], 1.0),
    ]


@pytest.mark.parametrize("name", ["recall", "selection_rate"])
def test_the_bootstrap_of_a_share_is_as_wide_as_its_formula(name: str) -> None:
    """A difference of shares of fixed rows: the variance is that of (gained - lost) / rows."""
    base, cand = binary(np.random.default_rng(4), 20_000)
    values = METRICS[name].compute(base), METRICS[name].compute(cand)
    found = PAIRED[name].difference(base, cand, values).interval(0.95)
    kept = base.y_true == 1 if name == "recall" else np.ones(base.rows, dtype=bool)
    change = (cand.y_pred.astype(float) - base.y_pred)[kept]
    expected = 2 * norm.ppf(0.975) * change.std() / np.sqrt(kept.sum())
    assert found.high - found.low == pytest.approx(expected, rel=0.05)


def _grouped(*groups: int) -> Predictions:
    rows = len(groups)
    return Predictions("x.csv", "binary", np.ones(rows, dtype=int), None, None, groups=np.array(groups, dtype=int))


@pytest.mark.parametrize(
    ("influences", "expected"),
    [
        ([1, -1, 1, -1, 1, -1], 5),  # of like size: as many as units less one
        ([1, -1, 2, -2], 3),  # 2 · 10² / (34 - 10² / 4) is 22
        ([1e3, 0.5, -0.5, 0.25, -0.25, 0.1, -0.1, 0.3, -0.3, 0, 0, 0], 2 / (1 - 1 / 12)),  # one says it all
        ([3, -1, -1, -1, 0.5, -0.5], 2 * 12.5**2 / (84.125 - 12.5**2 / 6)),
    ],
)
def test_degrees_of_freedom_are_satterthwaites(influences: list[float], expected: float) -> None:
    rows = np.array(influences, dtype=float)
    alone = replace(_grouped(*range(len(rows))), groups=None)
    assert clusters.freedom(rows, alone) == pytest.approx(expected, rel=1e-5)
    halves = np.repeat(rows / 2, 2)  # in groups of two it is their sums that count
    assert clusters.freedom(halves, _grouped(*np.repeat(range(len(rows)), 2))) == pytest.approx(expected, rel=1e-5)


def test_a_share_without_variance_between_groups_counts_the_groups() -> None:
    p = _grouped(0, 0, 1, 1, 2, 2, 3, 3)
    members = np.array([1, 1, 1, 1, 1, 0, 0, 0], dtype=bool)  # of three groups
    assert clusters.proportion(members, members, p, 0.9) == wilson(3, 3, 0.9)
    assert clusters.proportion(~members & False, members, p, 0.9) == wilson(0, 3, 0.9)
    assert clusters.proportion(members & False, members & False, p, 0.9) == (0, 1)
    one = np.arange(8) == 0
    assert clusters.proportion(one, one, p, 0.9) == wilson(1, 1, 0.9)
    half = np.array([1, 0] * 4, dtype=bool)
    assert clusters.proportion(half, half | True, p, 0.9) == wilson(2, 4, 0.9)


def test_units_are_groups_or_else_rows() -> None:
    assert [clusters.count(_grouped(*groups)) for groups in ((4, 4, 9), (), (7,))] == [2, 0, 1]
    alone = replace(_grouped(1, 1, 2), groups=None)
    assert (clusters.count(alone), clusters.codes(alone).tolist()) == (3, [0, 1, 2])
