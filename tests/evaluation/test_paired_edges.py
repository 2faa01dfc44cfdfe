"""Intervals at the edges: a perfect model, an outlier, a table of four cells, and each formula by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary, in_groups, ranking, regression
from scipy.special import expit, logit
from scipy.stats import binomtest, norm, ttest_ind
from scipy.stats import t as student_t

from cdml.core.settings import MetricSpec
from cdml.evaluation import paired_auc, paired_counts, paired_influence, paired_ranking
from cdml.evaluation.estimate import Estimate, positive, unpaired_difference, wilson
from cdml.evaluation.metrics import METRICS, find
from cdml.evaluation.paired import PAIRED
from cdml.evaluation.paired_accuracy import newcombe
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
    if name == "rmse":  # below one
        p = replace(p, y_true=p.y_true / 10, y_pred=p.y_pred / 10)
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


def test_two_own_intervals_are_joined_as_newcombe_does() -> None:
    # Newcombe 1998, Stat. Med. 17:873-890, table II (a): 56/70 - 48/80, method 10: 0.0524 to 0.3339.
    one, other = (Estimate(h / n, lambda c, h=h, n=n: wilson(h, n, c), "") for h, n in ((48, 80), (56, 70)))
    assert unpaired_difference(one, other, "").bounds(0.95) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert unpaired_difference(other, one, "").bounds(0.95) == pytest.approx((-0.3339, -0.0524), abs=5e-5)


def test_one_success_of_twenty_is_bounded_from_both_sides() -> None:
    for hits in (1, 19):
        expected = binomtest(hits, 20).proportion_ci(0.95, method="wilson")
        assert wilson(hits, 20, 0.95) == pytest.approx((expected.low, expected.high))


def test_an_interval_on_the_logarithmic_scale_ends_before_the_largest_number() -> None:
    low, high = positive(1.0, 1e4, 5, "").bounds(0.95)
    assert low == 0
    assert np.isfinite(high)


def test_one_score_for_all_rows_is_surely_no_ranking() -> None:
    truth = np.tile([0, 1], 50)
    one = Predictions("x.csv", "binary", truth, truth, np.full(100, 0.3), ("0", "1"))
    assert _own("roc_auc", one) == (0.5, 0.5)
    # Every group holds the same four rows: there is no variance between groups, but between rows.
    alike = replace(one, score=np.tile([0.1, 0.3, 0.5, 0.2], 25), groups=np.arange(100) // 4)
    assert _own("roc_auc", alike) == pytest.approx(_own("roc_auc", replace(alike, groups=None)))


def test_areas_of_nothing_and_of_all_have_mirrored_intervals() -> None:
    perfect = _perfect(20, 30)
    low, high = _own("roc_auc", perfect)
    assert _own("roc_auc", replace(perfect, score=1 - perfect.score)) == pytest.approx((1 - high, 1 - low))


def test_a_difference_of_areas_has_welchs_degrees_of_freedom() -> None:
    """The placements' differences are two samples: their means' interval is that of Welch's test (SciPy's)."""
    base, cand = binary(np.random.default_rng(2), 60)
    above, below = (new - old for old, new in zip(*map(paired_auc.placements, (base, cand)), strict=True))
    values = METRICS["roc_auc"].compute(base), METRICS["roc_auc"].compute(cand)
    found = PAIRED["roc_auc"].difference(base, cand, values).interval(0.9)
    welch = ttest_ind(above, -below, equal_var=False).confidence_interval(0.9)
    half = (welch.high - welch.low) / 2
    assert (found.low, found.high) == pytest.approx((values[1] - values[0] - half, values[1] - values[0] + half))


COST = MetricSpec("cost", "cost", "lower", costs=(0.0, 1.0, 20.0, -3.0))
COLUMN = MetricSpec("bleu", "column", "higher", "bleu")


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", ["log_loss", "cost", "bleu"])
def test_own_intervals_of_means_are_students_and_of_few_groups_losses_on_the_log_scale(
    name: str, grouped: bool
) -> None:
    _, p = in_groups("binary", np.random.default_rng(2), 40)
    bleu = np.random.default_rng(3).normal(-1, 3, p.rows)
    p = replace(p, columns={"bleu": bleu}, groups=p.groups if grouped else None)
    metric, test = find(name, (COST, COLUMN))  # type: ignore[misc]
    value = metric.compute(p)
    prices = np.array(COST.costs)[2 * p.y_true + p.y_pred]
    right = np.where(p.y_true == 1, p.score, 1 - p.score)
    rows = {"log_loss": -np.log(right), "cost": prices, "bleu": bleu}[name]
    units = (rows - rows.mean()) / p.rows
    error, freedom = (
        _error(np.bincount(p.groups, weights=units)) if grouped else (rows.std(ddof=1) / p.rows**0.5, p.rows - 1)
    )
    half = student_t.ppf(0.95, freedom) * error
    scaled = name == "log_loss" and grouped
    low, high = (value * np.exp(s * half / value) if scaled else value + s * half for s in (-1, 1))
    found = test.own(p, value).interval(0.9)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_cost_stays_between_its_prices_and_a_column_anywhere() -> None:
    p = _perfect(11, 1)
    wrong = replace(p, y_pred=np.where(np.arange(12) == 0, 0, p.y_true), columns={"bleu": np.arange(12) == 3})
    for name, ends in (("cost", (-3.0, None)), ("bleu", (None, None))):
        metric, test = find(name, (COST, COLUMN))  # type: ignore[misc]
        found = test.own(wrong, metric.compute(wrong)).interval(0.9999)
        assert ends[0] is None or found.low == ends[0]
        assert found.high < 20
        assert name == "cost" or found.low < 0
    dear = replace(p, y_pred=np.where(np.arange(12) == 0, 1, 0))
    metric, test = find("cost", (COST,))  # type: ignore[misc]
    assert test.own(dear, metric.compute(dear)).interval(0.9999).high == 20


def test_losses_of_nothing_have_an_interval_of_nothing_and_a_sure_right_answer_a_loss_above_it() -> None:
    p, _ = regression(np.random.default_rng(1), 40)
    exact = replace(p, y_pred=p.y_true.copy(), groups=np.arange(40) // 2)
    for name in ("mae", "mse", "rmse"):
        assert _own(name, exact) == (0, 0)
    sure = replace(_perfect(5, 5), score=np.repeat([1.0, 0.0], 5))
    assert METRICS["log_loss"].compute(sure) == pytest.approx(np.finfo(float).eps, rel=1e-6, abs=0)


def test_small_whole_numbers_of_a_column_do_not_wrap_around() -> None:
    base = replace(_perfect(10, 10), columns={"bleu": np.tile(np.array([5, 6], dtype="uint8"), 10)})
    cand = replace(base, columns={"bleu": np.tile(np.array([3, 5], dtype="uint8"), 10)})
    metric, test = find("bleu", (COLUMN,))  # type: ignore[misc]
    assert test.difference(base, cand, (metric.compute(base), metric.compute(cand))).value == -1.5


def test_accuracy_is_claimed_where_mcnemars_p_is_exactly_its_level() -> None:
    truth = np.tile([0, 1], 50)
    base = np.where(np.arange(100) < 4, 1 - truth, truth)
    one = Predictions("x.csv", "binary", truth, base, None, ("0", "1"))
    two = replace(one, y_pred=truth)
    found = PAIRED["accuracy"].difference(one, two, (0.96, 1.0))
    assert found.p_value == 0.125  # four of four, one way
    assert found.interval(0.875).low == pytest.approx(newcombe((96, 4, 0, 100), 0.875)[0]) != 0
    assert found.interval(0.876).low == 0


def test_phi_is_corrected_for_continuity_to_nothing_at_least() -> None:
    assert newcombe((3, 2, 1, 7), 0.95) == pytest.approx(newcombe_without_phi(3, 2, 1, 7))
    assert newcombe((40, 14, 0, 54), 0.95) == pytest.approx(
        newcombe_without_phi(40, 14, 0, 54)
    )  # one is never wrong


def newcombe_without_phi(both: int, gained: int, lost: int, n: int) -> tuple[float, float]:
    (low1, high1), (low2, high2) = wilson(both + gained, n, 0.95), wilson(both + lost, n, 0.95)
    now, was = (both + gained) / n, (both + lost) / n
    return now - was - np.hypot(now - low1, high2 - was), now - was + np.hypot(high1 - now, was - low2)


def test_the_depths_of_a_ranking_are_these() -> None:
    assert {name for name in METRICS if "_at_" in name} == {f"ndcg_at_{k}" for k in (1, 3, 5, 10, 20, 50, 100)}


def test_a_rankings_own_interval_is_wilsons_of_as_many_trials_as_its_variance_is_worth() -> None:
    _, p = ranking(np.random.default_rng(2), 120)
    queries = paired_ranking.of_queries("ndcg", p)
    value, n = queries.mean(), len(queries)
    sure = (norm.ppf(0.95) / student_t.ppf(0.95, n - 1)) ** 2
    worth = value * (1 - value) / (queries.var(ddof=1) / n) * sure
    assert _own("ndcg", p) == pytest.approx(wilson(value * worth, worth, 0.9))
    relevant = replace(p, y_true=np.ones(120))  # any order of these is the best
    assert _own("ndcg", relevant) == pytest.approx(wilson(n, n, 0.9))


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "selection_rate", "false_positive_rate"])
def test_own_shares_have_wilsons_interval_of_the_rows_that_they_are_of(name: str) -> None:
    _, p = binary(np.random.default_rng(6), 90)
    truth, said = p.y_true == 1, p.y_pred == 1
    hits, rows = {
        "precision": (truth & said, said),
        "recall": (truth & said, truth),
        "f1": (truth & said, truth | said),  # of their share J it is 2 J / (1 + J)
        "selection_rate": (said, truth | True),
        "false_positive_rate": (said & ~truth, ~truth),
    }[name]
    found = binomtest(int(hits.sum()), int(rows.sum())).proportion_ci(0.9, method="wilson")
    expected = tuple(2 * j / (1 + j) if name == "f1" else j for j in (found.low, found.high))
    assert _own(name, p) == pytest.approx(expected)
    methods = [PAIRED[name].own(one, 0.5).method for one in (p, replace(p, groups=np.arange(90) // 3))]
    kind = "Wilson interval of hits in the union" if name == "f1" else "Wilson score interval"
    assert methods == [kind, f"{kind}, by groups"]


def test_the_unit_of_a_regression_does_not_matter_however_small() -> None:
    base, cand = regression(np.random.default_rng(2), 60)
    ends = []
    for unit in (1.0, 1e-15):
        sides = [replace(p, y_true=p.y_true * unit, y_pred=p.y_pred * unit) for p in (base, cand)]
        values = METRICS["rmse"].compute(sides[0]), METRICS["rmse"].compute(sides[1])
        found = PAIRED["rmse"].difference(sides[0], sides[1], values).interval(0.95)
        ends.append((found.low / unit, found.high / unit))
    assert ends[1] == pytest.approx(ends[0])
