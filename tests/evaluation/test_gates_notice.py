"""What a broken pipeline does to a comparison, each seen by the gates that are there for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary

from cdml.core.comparison import Outcome
from cdml.core.settings import Gate
from cdml.evaluation.compare import compare
from cdml.evaluation.gates import judge
from cdml.evaluation.pairing import subset
from cdml.evaluation.predictions import Predictions

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
N = 4000
GATES = (
    Gate("max-regression", "roc_auc", 0.005),
    Gate("min-improvement", "roc_auc", 0.01),
    Gate("max-improvement", "roc_auc", 0.1),
    Gate("max-regression", "accuracy", 0.005, by="part"),
    Gate("max-gap", "accuracy", 0.06, by="part"),
    Gate("min", "accuracy", 0.7),
)


def _models() -> tuple[Predictions, Predictions]:
    """A champion and a candidate that is better, over two parts, with ids."""
    base, cand = binary(np.random.default_rng(7), N, lift=0.5)
    ids = np.array([f"r{i:05}" for i in range(N)], dtype=object)
    part = np.array(["a", "b"] * (N // 2), dtype=object)
    return replace(base, ids=ids, columns={"part": part}), replace(cand, ids=ids, columns={"part": part})


def _outcomes(base: Predictions, cand: Predictions) -> list[Outcome]:
    measured = compare(base, cand, metrics=("roc_auc", "accuracy"), discover=False)
    return [verdict.outcome for verdict in judge(GATES, measured)]


def test_a_better_model_passes() -> None:
    assert _outcomes(*_models()) == [PASS, PASS, PASS, PASS, PASS, PASS]


def test_a_model_compared_with_itself_is_no_better() -> None:
    base, _ = _models()
    assert _outcomes(base, base) == [PASS, FAIL, PASS, PASS, PASS, PASS]


def test_swapped_sides_are_a_regression() -> None:
    base, cand = _models()
    assert _outcomes(cand, base)[:4] == [FAIL, FAIL, PASS, FAIL]


def test_a_dropped_sign_fails_everything_but_the_alarm_and_the_gap() -> None:
    base, cand = _models()
    turned = replace(cand, score=1 - cand.score, y_pred=1 - cand.y_pred)  # type: ignore[operator]
    assert _outcomes(base, turned) == [FAIL, FAIL, PASS, FAIL, PASS, FAIL]


def test_leaked_labels_raise_the_alarm() -> None:
    base, cand = _models()
    leaked = replace(cand, score=0.9 * cand.y_true + 0.1 * cand.score, y_pred=cand.y_true)  # type: ignore[operator]
    assert _outcomes(base, leaked) == [PASS, PASS, FAIL, PASS, PASS, PASS]


def test_a_leak_in_one_part_shows_as_a_gap() -> None:
    base, cand = _models()
    there = cand.columns["part"] == "a"
    leaked = replace(cand, y_pred=np.where(there, cand.y_true, cand.y_pred))
    assert _outcomes(base, leaked)[4] is FAIL


def test_shuffled_ids_are_no_comparison() -> None:
    base, cand = _models()
    shuffled = replace(cand, ids=np.random.default_rng(1).permutation(cand.ids))  # type: ignore[arg-type]
    assert _outcomes(base, shuffled) == [OPEN, OPEN, OPEN, OPEN, PASS, PASS]


def test_answers_that_slipped_by_a_row_are_a_regression() -> None:
    base, cand = _models()
    slipped = replace(cand, score=np.roll(cand.score, 1), y_pred=np.roll(cand.y_pred, 1))  # type: ignore[arg-type]
    assert _outcomes(base, slipped) == [FAIL, FAIL, PASS, FAIL, PASS, FAIL]


@pytest.mark.parametrize("keep", [N // 2, N - 1])
def test_rows_left_out_pass_nothing(keep: int) -> None:
    base, cand = _models()
    assert set(_outcomes(base, subset(cand, np.arange(keep)))) == {OPEN}
