"""Ranking: values against scikit-learn, query by query; ties, queries without a relevant row, other queries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import ranking
from sklearn.metrics import average_precision_score, ndcg_score

from cdml.core.errors import ConfigError
from cdml.evaluation.compare import compare
from cdml.evaluation.metrics import METRICS, default_metrics
from cdml.evaluation.paired_ranking import of_queries
from cdml.evaluation.pairing import pair, subset
from cdml.evaluation.predictions import Predictions, read_predictions


def _queries(p: Predictions) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(p.y_true[p.groups == q], p.score[p.groups == q]) for q in np.unique(p.groups)]


@pytest.fixture
def ranked() -> Predictions:
    """Forty queries of ten rows with many ties, rows of all queries mixed."""
    _, made = ranking(np.random.default_rng(2), 400)
    return subset(replace(made, score=made.score.round(0)), np.random.default_rng(3).permutation(400))


@pytest.mark.parametrize("k", [None, 1, 3, 10, 100])
def test_ndcg_is_scikit_learns(ranked: Predictions, k: int | None) -> None:
    expected = [ndcg_score([true], [score], k=k) for true, score in _queries(ranked)]
    assert of_queries("ndcg" if k is None else f"ndcg_at_{k}", ranked) == pytest.approx(np.array(expected))


def test_map_is_scikit_learns_average_precision(ranked: Predictions) -> None:
    expected = [
        average_precision_score(true > 0, score) if (true > 0).any() else 0.0 for true, score in _queries(ranked)
    ]
    assert of_queries("map", ranked) == pytest.approx(np.array(expected))
    assert METRICS["map"].compute(ranked) == pytest.approx(np.mean(expected))


def test_the_first_relevant_row_stands_last_among_its_ties() -> None:
    def reciprocal(truth: list[int], score: list[float]) -> float:
        one = Predictions("x", "ranking", np.array(truth), None, np.array(score), groups=np.zeros(len(truth)))
        return METRICS["mrr"].compute(one)

    assert reciprocal([0, 1, 0], [3, 2, 1]) == 1 / 2
    assert reciprocal([0, 1, 1], [1, 3, 2]) == 1
    assert reciprocal([0, 1, 0], [2, 2, 2]) == 1 / 3
    assert reciprocal([0, 1, 1], [2, 2, 2]) == 1 / 2
    assert reciprocal([0, 0, 0], [2, 1, 2]) == 0


def test_a_ranking_is_read_with_its_queries() -> None:
    rows = b"query,y_true,y_score\n" + b"".join(b"q%d,%d,%d.5\n" % (i // 4, i % 3, i % 5) for i in range(60))
    found = read_predictions(rows, "r.csv", task="ranking")
    assert (found.rows, len(set(found.groups.tolist())), found.y_pred) == (60, 15, None)
    assert default_metrics("ranking", has_score=True) == ("ndcg_at_10", "mrr")
    named = read_predictions(rows.replace(b"query", b"asked"), "r.csv", task="ranking", group="asked")
    assert named.groups.tolist() == found.groups.tolist()
    with pytest.raises(ConfigError, match=r"r.csv: no column query; it has asked"):
        read_predictions(rows.replace(b"query", b"asked"), "r.csv", task="ranking")
    with pytest.raises(ConfigError, match=r"y_true: row 1: -1.0 is no relevance"):
        read_predictions(b"query,y_true,y_score\na,-1,1\n", "r.csv", task="ranking")
    with pytest.raises(ConfigError, match="y_score: row 1: inf is not a finite number"):
        read_predictions(b"query,y_true,y_score\na,1,inf\n", "r.csv", task="ranking")


def test_rows_of_other_queries_are_not_compared() -> None:
    base, cand = ranking(np.random.default_rng(4), 200)
    assert compare(base, cand, metrics=("ndcg_at_10",)).metrics[0].judgement
    renamed = replace(cand, groups=cand.groups * 3 + 1)
    assert pair(base, renamed).unpaired is None
    moved = replace(cand, groups=np.roll(cand.groups, 1))
    assert pair(base, moved).unpaired == "test data differ: rows belong to other queries"


def test_the_queries_are_counted_not_the_rows() -> None:
    base, cand = ranking(np.random.default_rng(5), 300)
    result = compare(base, cand, metrics=("ndcg",)).metrics[0]
    change = of_queries("ndcg", cand) - of_queries("ndcg", base)
    from scipy.stats import ttest_1samp

    expected = ttest_1samp(change, 0).confidence_interval(0.95)
    assert (result.interval.low, result.interval.high) == pytest.approx((expected.low, expected.high))
    assert result.method == "paired t over queries"
