"""Rows that belong together: five copies of every row say no more than one, whatever the metric."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import MAKERS, binary, in_groups, ranking
from scipy.stats import norm, t

from cdml.core.errors import ConfigError
from cdml.core.settings import MetricSpec
from cdml.evaluation import clusters, group_counts, paired_auc
from cdml.evaluation.compare import compare
from cdml.evaluation.estimate import percentile
from cdml.evaluation.metrics import METRICS, find
from cdml.evaluation.pairing import pair, subset
from cdml.evaluation.predictions import Predictions, read_predictions

COST = MetricSpec("cost", "cost", "lower", costs=(0.0, 1.0, 20.0, 0.0))
NAMES = [
    *((task, name) for name, m in METRICS.items() for task in m.tasks if task != "ranking"),
    ("binary", "cost"),
]


def _copies(p: Predictions, times: int = 5, *, grouped: bool = True) -> Predictions:
    rows = np.repeat(np.arange(p.rows), times)
    return replace(subset(p, rows), groups=rows if grouped else None)


def _width(name: str, base: Predictions, cand: Predictions) -> np.ndarray:
    """The half-width of the difference's interval, and of the candidate's own."""
    found = find(name, (COST,))
    values = found[0].compute(base), found[0].compute(cand)
    ends = found[1].difference(base, cand, values).interval(0.95), found[1].own(cand, values[1]).interval(0.95)
    return np.array([end.high - end.low for end in ends])


@pytest.mark.parametrize(("task", "name"), NAMES)
def test_copies_of_rows_say_nothing_new(task: str, name: str) -> None:
    base, cand = MAKERS[task](np.random.default_rng(3), 150)
    once = _width(name, base, cand)
    assert _width(name, _copies(base), _copies(cand)) == pytest.approx(once, rel=0.2)
    fooled = _width(name, _copies(base, grouped=False), _copies(cand, grouped=False))
    assert (fooled < 0.6 * once).all()


def test_a_group_for_every_row_changes_nothing() -> None:
    base, cand = binary(np.random.default_rng(4), 200)
    alone = [replace(side, groups=np.arange(200)[::-1]) for side in (base, cand)]
    for name in ("roc_auc", "log_loss", "average_precision"):
        difference, own = _width(name, *alone) / _width(name, base, cand)
        assert (difference, own) == (pytest.approx(1, rel=0.03), pytest.approx(1, rel=0.1))


@pytest.mark.parametrize("name", ["roc_auc", "f1", "balanced_accuracy", "accuracy", "average_precision"])
def test_swapping_models_of_grouped_rows_negates(name: str) -> None:
    base, cand = in_groups("binary", np.random.default_rng(5), 40)
    metric, test = METRICS[name], find(name)[1]
    values = metric.compute(base), metric.compute(cand)
    found = test.difference(base, cand, values).interval(0.95)
    back = test.difference(cand, base, values[::-1]).interval(0.95)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low), abs=1e-12)
    assert found.low < values[1] - values[0] < found.high


def test_the_error_of_a_mean_is_statsmodels_cluster_robust_one() -> None:
    """statsmodels 0.15: OLS(y, 1).fit(cov_type="cluster")."""
    y = np.array([0.9, 1.1, 0.4, 2.0, 1.8, -0.3, 0.2, 0.1, 0.5, 0.6, 1.4, -1.0, -0.8, 0.7])
    groups = np.array([0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 4, 5, 5, 6])
    p = Predictions("x", "scores", np.zeros(14), None, None, groups=groups * 7)
    assert clusters.count(p) == 7
    assert clusters.of_mean(y, p)[0] == pytest.approx(0.330536125444, rel=1e-9)


def test_grouped_delong_is_obuchowskis_variance() -> None:
    """Against the definition of Obuchowski (1997), sum by sum."""
    _, cand = in_groups("binary", np.random.default_rng(6), 30)
    above, below = paired_auc.placements(cand)
    area, m, n = above.mean(), len(above), len(below)
    ups = dict.fromkeys(cand.groups, 0.0)
    downs, with_up, with_down = dict(ups), set(), set()
    for g, v in zip(cand.groups[cand.y_true == 1], above, strict=True):
        ups[g] += v - area
        with_up.add(g)
    for g, v in zip(cand.groups[cand.y_true == 0], below, strict=True):
        downs[g] += v - area
        with_down.add(g)
    i10, i01, i = len(with_up), len(with_down), len(ups)
    s10 = i10 / (i10 - 1) / m * sum(v**2 for v in ups.values())
    s01 = i01 / (i01 - 1) / n * sum(v**2 for v in downs.values())
    s11 = i / (i - 1) * sum(ups[g] * downs[g] for g in ups)
    assert paired_auc._variance(above, below, cand) == pytest.approx(s10 / m + s01 / n + 2 * s11 / (m * n))


def test_many_patterns_are_told_by_the_delta_method_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    base, cand = in_groups("binary", np.random.default_rng(7), 150)
    drawn = [_width(name, base, cand) for name in ("f1", "balanced_accuracy")]
    monkeypatch.setattr(group_counts, "MOST_PATTERNS", 0)
    assert np.array([_width(name, base, cand) for name in ("f1", "balanced_accuracy")]) == pytest.approx(
        np.array(drawn), rel=0.12
    )


def test_few_groups_that_changed_one_way_are_no_proof() -> None:
    truth = np.tile([0, 1], 100)
    said = truth.copy()
    said[[1, 3, 21, 23, 41, 43, 61, 63]] = 0  # in four groups of twenty rows
    old = Predictions("x", "binary", truth, said, None, ("0", "1"), groups=np.arange(200) // 10)
    new = replace(old, y_pred=truth.copy())
    values = METRICS["f1"].compute(old), METRICS["f1"].compute(new)
    found = find("f1")[1].difference(old, new, values).interval(0.95)
    assert found.low <= 0 < found.high


def test_percentiles_of_few_resampled_groups_are_as_wide_as_students() -> None:
    """Of draws that are normal with deviation 1 the interval is √(n / (n - 1)) · t (Hesterberg 2015)."""
    draws = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    for units in (10, 60):
        expected = np.sqrt(units / (units - 1)) * t.ppf(0.975, units - 1)
        assert percentile(0.0, draws, "", units).interval(0.95).high == pytest.approx(expected, rel=1e-3)
    assert percentile(0.0, draws, "").interval(0.95).high == pytest.approx(1.96, rel=1e-3)


def test_few_groups_have_no_interval() -> None:
    base, cand = in_groups("binary", np.random.default_rng(8), 9)
    result = compare(base, cand, metrics=("accuracy",)).metrics[0]
    assert (result.interval, result.method) == (None, "9 groups are too few for an interval")
    one = compare(None, replace(cand, groups=np.zeros(cand.rows, dtype=int)), metrics=("f1",)).metrics[0]
    assert one.method == "1 group is too few for an interval"
    nine = compare(*ranking(np.random.default_rng(1), 90), metrics=("mrr",)).metrics[0]
    assert nine.method == "9 queries are too few for an interval"


def test_either_file_of_a_pair_says_which_rows_belong_together() -> None:
    rows = "\n".join(f"{i},{i % 2},{(i * 7 % 10) / 10},{i // 4}" for i in range(60))
    with_groups = f"id,y_true,y_score,patient\n{rows}".encode()
    without = "\n".join(line.rpartition(",")[0] for line in with_groups.decode().splitlines()).encode()
    known = read_predictions(with_groups, "a.csv", group="patient")
    bare = read_predictions(without, "b.csv", group="patient")
    assert bare.groups is None
    assert pair(known, bare).candidate.groups.tolist() == pair(known, known).candidate.groups.tolist()
    assert compare(known, bare, metrics=("accuracy",)).metrics[0].own_interval is not None
    with pytest.raises(ConfigError, match=r"b.csv: no column patient, whose rows belong together"):
        compare(bare, bare, metrics=("accuracy",))
    holes = with_groups.replace(b"7,1,0.9,1\n", b"7,1,0.9,\n")
    with pytest.raises(ConfigError, match="column patient: row 8: the cell is empty"):
        read_predictions(holes, "c.csv", group="patient")


def test_a_slice_counts_its_own_groups() -> None:
    base, cand = in_groups("binary", np.random.default_rng(9), 60)
    half = cand.groups < 30
    assert clusters.count(subset(cand, half)) == 30
    sliced = _width("log_loss", subset(base, half), subset(cand, half))
    first = in_groups("binary", np.random.default_rng(9), 60)
    alone = [replace(subset(side, half), groups=side.groups[half] * 3 + 5) for side in first]
    assert sliced == pytest.approx(_width("log_loss", *alone))
