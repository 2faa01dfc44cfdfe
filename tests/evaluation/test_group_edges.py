"""What counts as one observation, and how many draws or groups are kept: each formula by itself, at its edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import in_groups
from scipy.stats import norm, t

from cdml.evaluation import clusters, group_counts, paired_counts
from cdml.evaluation.estimate import wilson
from cdml.evaluation.paired import PAIRED
from cdml.evaluation.paired_accuracy import newcombe
from cdml.evaluation.predictions import Predictions


def _grouped(*groups: int) -> Predictions:
    rows = len(groups)
    return Predictions("x.csv", "binary", np.ones(rows, dtype=int), None, None, groups=np.array(groups, dtype=int))


def test_units_are_groups_or_else_rows() -> None:
    assert [clusters.count(_grouped(*groups)) for groups in ((4, 4, 9), (), (7,))] == [2, 0, 1]
    alone = replace(_grouped(1, 1, 2), groups=None)
    assert (clusters.count(alone), clusters.codes(alone).tolist()) == (3, [0, 1, 2])


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


@pytest.mark.parametrize(
    ("influences", "expected"),
    [
        ([1, -1, 1, -1, 1, -1], 5),  # of like size: as many as units less one
        ([1, -1, 2, -2], 3),  # 2 · 10² / (34 - 10² / 4) is 22
        ([1e3, 0.5, -0.5, 0.25, -0.25, 0.1, -0.1, 0.3, -0.3, 0, 0, 0], 2 / (1 - 1 / 12)),  # one says it all
        ([3, -2, -1, 0, 0, 0, 0, 0, 0, 0], 2 * 14**2 / (98 - 14**2 / 10)),
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


def test_groups_that_all_changed_alike_are_bounded_by_their_number() -> None:
    truth = np.ones(40, dtype=int)
    said = np.tile([0, 1], 20)  # in every group one row is gained and one lost
    one = Predictions("x.csv", "binary", truth, said, None, ("0", "1"), groups=np.arange(40) // 2)
    found = PAIRED["accuracy"].difference(one, replace(one, y_pred=1 - said), (0.5, 0.5)).interval(0.95)
    assert (found.low, found.high) == newcombe((0, 0, 0, 20), 0.95)
    assert found.low == -found.high < 0


@pytest.mark.parametrize("where", [group_counts, paired_counts])
def test_so_many_draws_are_kept_however_they_are_cut(where: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn() -> np.ndarray:
        counts = np.array([30.0, 20.0, 10.0])
        if where is group_counts:
            return group_counts._draws(np.eye(3), counts)
        return np.concatenate(list(paired_counts._draws(counts)))

    whole = drawn()
    assert whole.shape == (2_000 if where is group_counts else 5_000, 3)
    assert (whole.sum(axis=1) == 60).all()
    assert whole.mean(axis=0) == pytest.approx([30, 20, 10], abs=0.4)
    monkeypatch.setattr(paired_counts, "CHUNK", 3 * 700)
    assert (drawn() == whole).all()  # the same stream, in parts
    monkeypatch.setattr(paired_counts, "MOST_NUMBERS", 3 * 1_500)
    assert len(drawn()) == 1_500
    monkeypatch.setattr(paired_counts, "MOST_NUMBERS", 3)
    assert len(drawn()) == 1_000


def test_groups_are_drawn_up_to_a_bound_and_then_told_by_their_influences(monkeypatch: pytest.MonkeyPatch) -> None:
    base, cand = in_groups("binary", np.random.default_rng(2), 40)
    table = group_counts._table(np.column_stack([base.y_true, base.predicted, cand.predicted]), cand)
    found = group_counts._patterns(table)
    assert found is not None

    def methods() -> set[str]:
        fresh = [replace(p) for p in (base, cand)]
        one = PAIRED["balanced_accuracy"]
        return {one.difference(*fresh, (0.5, 0.6)).method, one.own(fresh[1], 0.6).method}

    assert methods() == {paired_counts.GROUPED, group_counts.OWN}
    bounds = {"MOST_GROUPS": 40, "MOST_COUNTS": 40 * len(table.cells), "MOST_PATTERNS": len(found[0])}
    for name, most in bounds.items():
        with monkeypatch.context() as patch:
            patch.setattr(group_counts, name, most)
            assert group_counts._patterns(table) is not None
            patch.setattr(group_counts, name, most - 1)
            assert group_counts._patterns(table) is None
    monkeypatch.setattr(group_counts, "MOST_GROUPS", 0)
    assert methods() == {group_counts.DELTA}


def test_a_share_of_grouped_rows_has_as_many_trials_as_its_variance_is_worth() -> None:
    """Korn & Graubard (1998): the effective sample size, times the squared ratio of the quantiles."""
    _, p = in_groups("binary", np.random.default_rng(2), 40)
    hits = (p.y_true == p.y_pred).astype(float)
    share, n = hits.mean(), p.rows
    sums = np.bincount(p.groups, weights=(hits - share) / n)
    variance = (sums**2).sum() * 40 / 39
    freedom = clusters.freedom((hits - share) / n, p)
    worth = share * (1 - share) / variance * (norm.ppf(0.95) / t.ppf(0.95, freedom)) ** 2
    expected = wilson(share * worth, worth, 0.9)
    assert worth < n
    assert clusters.proportion(hits.astype(bool), np.ones(n, dtype=bool), p, 0.9) == pytest.approx(expected)
