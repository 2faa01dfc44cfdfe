"""Whether a model says here what it said elsewhere."""

from __future__ import annotations

import pytest

from cdml.evaluation.answers import differing
from cdml.evaluation.predictions import Predictions, read_predictions

ROWS = "id,y_true,y_pred,y_score\n1,0,0,0.25\n2,1,1,0.75\n3,1,0,0.4\n"


def predictions(text: str) -> Predictions:
    return read_predictions(text.encode(), "p.csv")


SAME = [
    ROWS,
    ROWS.replace("0.25", "0.2500001"),
    "id,y_true,y_pred,y_score\n3,1,0,0.4\n2,1,1,0.75\n1,0,0,0.25\n",
]
OTHER = [
    (ROWS.replace("0.25", "0.2501"), "it predicts otherwise for 1 of 3 rows"),
    (ROWS.replace("2,1,1,0.75", "2,1,0,0.75").replace("0.4", "0.6"), "for 2 of 3 rows"),
    ("id,y_true,y_pred\n1,0,0\n2,1,1\n3,1,0\n", "it gives no scores"),
    (ROWS.replace("3,1,0,0.4\n", ""), "its rows are others"),
    (ROWS.replace("3,1,0", "3,0,0"), "its rows are others"),
]


@pytest.mark.parametrize("text", SAME)
def test_the_same_answers_in_any_order_and_but_for_rounding(text: str) -> None:
    assert differing(predictions(ROWS), predictions(text)) == ""


@pytest.mark.parametrize(("text", "said"), OTHER)
def test_other_answers_are_counted(text: str, said: str) -> None:
    assert said in differing(predictions(ROWS), predictions(text))


def test_scores_that_were_not_there_are_other_answers() -> None:
    before = predictions("id,y_true,y_pred\n1,0,0\n2,1,1\n3,1,0\n")
    assert differing(before, predictions(ROWS)) == "it gives scores, which it did not"
