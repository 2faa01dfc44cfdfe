"""Every paired interval: what it covers, that it has no side, and that it agrees with scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_predictions import MAKERS, binary, multiclass, regression

from cdml.evaluation import paired_auc, paired_counts, paired_influence
from cdml.evaluation.estimate import wilson
from cdml.evaluation.metrics import METRICS
from cdml.evaluation.paired import COUNTS, PAIRED, too_few
from cdml.evaluation.paired_accuracy import newcombe
from cdml.evaluation.pairing import subset
from cdml.evaluation.predictions import Predictions

# A ranking's other depths, and rates, are the same code as those that are left.
ALIKE = {name for name in METRICS if "_at_" in name and name != "ndcg_at_5"}
CASES = [(task, name) for name, metric in METRICS.items() for task in metric.tasks if name not in ALIKE]
LARGE = 200_000
RUNS, ERRORS = 150, 3
# Resampling and ranking cost ten times as much: half the runs, held to fewer standard errors, keep the same bound.
DEAR = {"roc_auc", *COUNTS}
RUNS_OF_DEAR, ERRORS_OF_DEAR = 80, 2


def _ends(name: str, base: Predictions, cand: Predictions, confidence: float = 0.95) -> tuple[float, float, float]:
    values = METRICS[name].compute(base), METRICS[name].compute(cand)
    found = PAIRED[name].difference(base, cand, values)
    interval = found.interval(confidence)
    return found.value, interval.low, interval.high


def test_every_metric_has_a_paired_test() -> None:
    assert set(PAIRED) == set(METRICS)


@pytest.fixture(scope="module")
def truths() -> dict[str, tuple[Predictions, Predictions]]:
    return {task: make(np.random.default_rng(1), LARGE) for task, make in MAKERS.items()}


@pytest.mark.parametrize(("task", "name"), [case for case in CASES if not case[1].endswith("_rate")])
def test_intervals_cover_the_truth_as_often_as_they_say(
    task: str, name: str, truths: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paired_counts, "DRAWS", 1_000)  # fewer draws, more data sets
    metric, test = METRICS[name], PAIRED[name]
    runs, errors = (RUNS_OF_DEAR, ERRORS_OF_DEAR) if name in DEAR else (RUNS, ERRORS)
    before, after = (metric.compute(side) for side in truths[task])
    random, hits, own_hits, width = np.random.default_rng(11), 0, 0, []
    for _ in range(runs):
        base, cand = MAKERS[task](random, 250)
        values = metric.compute(base), metric.compute(cand)
        found = test.difference(base, cand, values).interval(0.95)
        own = test.own(cand, values[1]).interval(0.95)
        hits += found.low <= after - before <= found.high
        own_hits += own.low <= after <= own.high
        width.append(found.high - found.low)
    # Some standard errors of the simulation below 95 %, and never so wide that it covers always.
    slack = errors * np.sqrt(0.95 * 0.05 / runs)
    assert 0.95 - slack - 0.005 <= hits / runs <= 0.992
    assert 0.95 - slack - 0.005 <= own_hits / runs <= 0.995
    assert min(width) > 0


@pytest.mark.parametrize(("task", "name"), CASES)
def test_points_are_scikit_learns(task: str, name: str) -> None:
    base, cand = MAKERS[task](np.random.default_rng(5), 300)
    value, low, high = _ends(name, base, cand)
    assert value == pytest.approx(METRICS[name].compute(cand) - METRICS[name].compute(base), abs=1e-12)
    assert low < value < high


@pytest.mark.parametrize(("task", "name"), CASES)
def test_swapping_the_models_negates(task: str, name: str) -> None:
    base, cand = MAKERS[task](np.random.default_rng(6), 200)
    value, low, high = _ends(name, base, cand)
    back, back_low, back_high = _ends(name, cand, base)
    assert (back, back_low, back_high) == pytest.approx((-value, -high, -low), abs=1e-12)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_the_order_of_rows_does_not_matter(task: str, name: str) -> None:
    base, cand = MAKERS[task](np.random.default_rng(7), 200)
    order = np.random.default_rng(8).permutation(200)
    shuffled = _ends(name, subset(base, order), subset(cand, order))
    assert shuffled == pytest.approx(_ends(name, base, cand), abs=1e-12)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_a_model_against_itself_differs_by_nothing(task: str, name: str) -> None:
    base, _ = MAKERS[task](np.random.default_rng(9), 60)
    assert _ends(name, base, replace(base)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_more_confidence_is_wider_and_the_same_input_gives_the_same_numbers(task: str, name: str) -> None:
    base, cand = MAKERS[task](np.random.default_rng(10), 200)
    _, low, high = _ends(name, base, cand, 0.95)
    _, lower, higher = _ends(name, base, cand, 0.99)
    assert lower < low < high < higher
    assert _ends(name, base, cand, 0.99)[1:] == (lower, higher)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_own_intervals_hold_the_value_within_the_metrics_range(task: str, name: str) -> None:
    _, cand = MAKERS[task](np.random.default_rng(12), 90)
    value = METRICS[name].compute(cand)
    own = PAIRED[name].own(cand, value).interval(0.95)
    assert own.low < value < own.high
    assert own.high <= 1 or name in ("log_loss", "mae", "mse", "rmse")
    assert own.low >= 0 or name == "r2"


def test_delong_is_the_published_variance() -> None:
    """Against the definition, pair by pair: the structural components of DeLong et al. (1988)."""
    base, cand = binary(np.random.default_rng(2), 120)
    base = replace(base, score=base.score.round(1))  # ties
    components = []
    for side in (base, cand):
        pos, neg = side.score[side.y_true == 1], side.score[side.y_true == 0]
        wins = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
        components.append((wins.mean(axis=1), wins.mean(axis=0)))
        above, below = paired_auc.placements(side)
        assert above == pytest.approx(wins.mean(axis=1))
        assert below == pytest.approx(wins.mean(axis=0))
    variance = sum(np.cov(components[0][i], components[1][i]) / len(components[0][i]) for i in (0, 1))
    error = np.sqrt(variance[0, 0] + variance[1, 1] - 2 * variance[0, 1])
    value, low, high = _ends("roc_auc", base, cand, 0.6827)
    assert (high - low) / 2 == pytest.approx(error, rel=0.02)  # Student's quantile is a little above the normal's
    assert value == pytest.approx(components[1][0].mean() - components[0][0].mean())


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ((36, 12, 2, 50), (0.0569, 0.3404)),
        # No discordance and no failure: phi is 0, Wilson's lower bound 54 / (54 + z²) remains on either side.
        ((54, 0, 0, 54), (-0.0664, 0.0664)),
        # By hand: phi is (53 - 54 / 2) / 53 after the correction, Wilson's distances are 0.0792 and 0.0152.
        ((53, 0, 0, 54), (-0.0730, 0.0730)),
    ],
)
def test_newcombes_interval(table: tuple[int, int, int, int], expected: tuple[float, float]) -> None:
    assert newcombe(table, 0.95) == pytest.approx(expected, abs=5e-4)


def test_mean_losses_have_the_paired_t_interval() -> None:
    from scipy.stats import ttest_rel

    base, cand = regression(np.random.default_rng(3), 50)
    losses = [np.abs(side.y_true - side.y_pred) for side in (cand, base)]
    expected = ttest_rel(*losses).confidence_interval(0.9)
    assert _ends("mae", base, cand, 0.9)[1:] == pytest.approx((expected.low, expected.high))


def test_wilson_is_statistics_textbook_value() -> None:
    assert wilson(81, 263, 0.95) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe (1998), part I
    assert wilson(0, 20, 0.95) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson(0, 0, 0.95) == (0, 1)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 6)).map(lambda t: (int(t[0]), t[1] / 6)), min_size=12, max_size=40
    )
)
def test_average_precisions_influences_are_its_derivatives(rows: list[tuple[int, float]]) -> None:
    truth, score = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    if not 0 < truth.sum() < len(truth):
        truth[0], truth[1] = 0, 1
    from sklearn.metrics import average_precision_score

    p = Predictions("x", "binary", truth, None, score, ("0", "1"))
    found = paired_influence.influences("average_precision", p)
    assert found.sum() == pytest.approx(0, abs=1e-9)
    step, weights = 1e-6, np.ones(len(truth))
    for row in (0, 1, len(truth) - 1):
        up, down = weights.copy(), weights.copy()
        up[row] += step
        down[row] -= step
        slope = average_precision_score(truth, score, sample_weight=up)
        slope -= average_precision_score(truth, score, sample_weight=down)
        assert found[row] == pytest.approx(slope / (2 * step), abs=1e-5)


@pytest.mark.parametrize("name", ["rmse", "r2"])
def test_influences_of_a_regression_are_derivatives(name: str) -> None:
    from sklearn.metrics import r2_score, root_mean_squared_error

    p, _ = regression(np.random.default_rng(3), 40)
    score = {"rmse": root_mean_squared_error, "r2": r2_score}[name]
    found = paired_influence.influences(name, p)
    for row in range(5):
        up, down = np.ones(40), np.ones(40)
        up[row] += 1e-6
        down[row] -= 1e-6
        slope = score(p.y_true, p.y_pred, sample_weight=up) - score(p.y_true, p.y_pred, sample_weight=down)
        assert found[row] == pytest.approx(slope / 2e-6, abs=1e-5)


def test_a_perfect_model_on_few_rows_is_not_certain() -> None:
    truth = np.array([0, 1] * 6)
    perfect = Predictions("x", "binary", truth, truth, truth * 0.8 + 0.1, ("0", "1"))
    for name in ("roc_auc", "accuracy", "f1", "recall", "precision", "balanced_accuracy"):
        own = PAIRED[name].own(perfect, 1.0).interval(0.95)
        assert own.high == 1
        assert 0.5 < own.low < 0.9, name
    three = Predictions("x", "multiclass", np.arange(12) % 3, np.arange(12) % 3, None, ("a", "b", "c"))
    assert PAIRED["f1_macro"].own(three, 1.0).interval(0.95).low < 0.9


def test_opposite_rankings_without_variance_are_not_certain() -> None:
    truth = np.array([0, 1] * 5)
    good = Predictions("x", "binary", truth, truth, truth * 0.8 + 0.1, ("0", "1"))
    bad = replace(good, score=1 - good.score)
    value, low, high = _ends("roc_auc", bad, good)
    assert value == 1
    assert low < 0.8
    assert high == 1


def test_few_disagreements_all_one_way_are_no_proof() -> None:
    """Four of four discordant rows have an exact two-sided p of 0.125."""
    truth = np.array([0, 1] * 100)
    base = truth.copy()
    base[1:9:2] = 0
    one = Predictions("x", "binary", truth, base, None, ("0", "1"))
    two = Predictions("x", "binary", truth, truth.copy(), None, ("0", "1"))
    for name in ("f1", "recall", "balanced_accuracy", "accuracy"):
        value, low, high = _ends(name, one, two)
        assert low <= 0 < value <= high, name


def test_too_few_rows_are_said() -> None:
    base, _ = binary(np.random.default_rng(1), 9)
    assert too_few(base, PAIRED["accuracy"]) == "9 rows are too few for an interval"
    ten = subset(binary(np.random.default_rng(1), 200)[0], np.arange(10))
    assert too_few(ten, PAIRED["accuracy"]) is None
    one_positive = replace(ten, y_true=np.array([1] + [0] * 9))
    assert too_few(one_positive, PAIRED["roc_auc"]) == "too few rows of one class for an interval"


def test_a_million_rows_take_seconds() -> None:
    import time

    base, cand = binary(np.random.default_rng(4), 300_000)
    started = time.process_time()
    for name in ("roc_auc", "f1", "log_loss"):
        _ends(name, base, cand)
    assert time.process_time() - started < 8


def test_many_classes_stay_in_memory() -> None:
    random = np.random.default_rng(13)
    truth = random.integers(0, 60, 2_000)
    first, second = (np.where(random.random(2_000) < 0.7, truth, random.integers(0, 60, 2_000)) for _ in "ab")
    classes = tuple(str(i) for i in range(60))
    base, cand = (Predictions("x", "multiclass", truth, said, None, classes) for said in (first, second))
    value, low, high = _ends("f1_macro", base, cand)
    assert low < value < high


def test_multiclass_log_loss_is_scikit_learns_for_sure_mistakes() -> None:
    base, cand = multiclass(np.random.default_rng(2), 50)
    sure = np.eye(4)[(cand.y_true + 1) % 4]
    value, low, high = _ends("log_loss", base, replace(cand, score=sure))
    assert value == pytest.approx(36.04 - METRICS["log_loss"].compute(base), abs=0.01)
    assert low < value < high
