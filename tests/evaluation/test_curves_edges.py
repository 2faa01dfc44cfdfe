"""What diagnostics draw at the edges: very many classes, one model without scores, errors that are all alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary, regression

from cdml.core.diagnostics import MOST_CLASSES
from cdml.evaluation.curves_confusion import confusion, flips
from cdml.evaluation.curves_residuals import residuals
from cdml.evaluation.diagnose import diagnose
from cdml.evaluation.pairing import Pair
from cdml.evaluation.predictions import Predictions


def test_a_class_that_is_often_answered_is_shown_though_it_is_never_true() -> None:
    k = MOST_CLASSES + 10
    truth = np.repeat(np.arange(k - 1), 3)
    said = np.full(len(truth), k - 1)
    classes = tuple(f"c{i:02}" for i in range(k))
    found = confusion(None, Predictions("x.csv", "multiclass", truth, said, None, classes))
    assert classes[-1] in found.classes
    assert sum(map(sum, found.candidate)) == len(truth)
    assert sum(row[found.classes.index(classes[-1])] for row in found.candidate) == len(truth)


@pytest.mark.parametrize("lacking", ["base", "cand", "both"])
def test_rows_that_flipped_are_shown_whichever_model_has_no_scores(lacking: str) -> None:
    base, cand = binary(np.random.default_rng(3), 200)
    base = base if lacking == "cand" else replace(base, score=None)
    cand = cand if lacking == "base" else replace(cand, score=None)
    found = flips(base, cand, ())
    assert found.fixed > 0
    assert found.broken > 0
    assert [("(" in row.before, "(" in row.after) for row in found.examples[:1]] == [
        (lacking == "cand", lacking == "base")
    ]


@pytest.mark.parametrize("missed", [0.0, 4.0, -3.0])
def test_errors_that_are_all_alike_lie_within_edges_that_rise(missed: float) -> None:
    p, _ = regression(np.random.default_rng(1), 60)
    found = residuals(None, replace(p, y_true=np.arange(60.0), y_pred=np.arange(60.0) - missed))
    assert list(found.edges) == sorted(set(found.edges))
    assert len(found.edges) == 31
    assert found.edges[0] < missed < found.edges[-1]
    assert sum(found.candidate.counts) == 60


def test_bands_of_a_regression_hold_like_many_rows_in_order_of_prediction() -> None:
    p, _ = regression(np.random.default_rng(1), 1_000)
    found = residuals(None, p).candidate.bands
    assert len(found) == 20
    assert {band.rows for band in found} <= {49, 50, 51}
    assert [band.predicted for band in found] == sorted(band.predicted for band in found)


def test_diagnostics_say_their_confidence_and_need_no_baselines_scores() -> None:
    base, cand = binary(np.random.default_rng(1), 200)
    found = diagnose(Pair(replace(base, score=None), cand), ())
    assert found is not None
    assert found.calibration is not None
    assert found.roc is not None
    assert (found.calibration.baseline, found.roc.baseline, found.confidence) == (None, None, 0.95)
    numbers = diagnose(Pair(*regression(np.random.default_rng(1), 200)), ())
    assert numbers is not None
    assert numbers.confidence == 0.95
