"""`cdml explain`: the words follow what was judged, and every method and kind of gate has some."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pytest
from judgements import (
    better,
    data_changed,
    first_model,
    inconclusive,
    loosened,
    multiclass,
    regression,
    waived,
    worse,
)

from cdml.core.comparison import DatasetResult, Judgement, Side
from cdml.core.errors import UsageError
from cdml.evaluation.compare import compare
from cdml.evaluation.gates import GATES, gate_ids
from cdml.evaluation.predictions import Predictions
from cdml.reports.explain import explain
from cdml.reports.tested import KINDS, method_words


def text(judgement: Judgement, name: str = "") -> str:
    return "\n".join(" ".join((one.title, one.outcome, *one.sentences)) for one in explain(judgement, name))


@pytest.mark.parametrize("judged", [better, worse, regression, multiclass], ids=lambda make: str(make.__name__))
def test_every_method_that_is_used_is_said_in_words(judged) -> None:  # type: ignore[no-untyped-def]
    for metric in judged().comparison.metrics:
        assert metric.interval is None or method_words(metric.method), metric.method


def test_every_kind_of_gate_is_said_in_words() -> None:
    assert set(KINDS) == set(GATES)


def test_numbers_interval_and_rows_are_those_of_the_report() -> None:
    judgement = better()
    auc = judgement.comparison.metrics[0]
    assert auc.interval is not None
    said = text(judgement, "roc_auc")
    assert f"the change is +{auc.difference:.3f}, with 95 % confidence +{auc.interval.low:.3f} to" in said
    assert f"{auc.rows:,} test rows" in said
    assert "DeLong" in said


def test_a_gate_on_another_test_set_is_told_with_that_sets_numbers_and_found_by_its_plain_name() -> None:
    judgement = better()
    auc = judgement.comparison.metrics[0]
    there = DatasetResult("last month", 321, None, (replace(auc, rows=321, difference=0.0421),))
    gate = replace(judgement.verdicts[0].gate, metric=auc.name, dataset="last month")
    verdict = replace(judgement.verdicts[0], gate=gate)
    both = Judgement(replace(judgement.comparison, datasets=(there,)), (verdict,))
    (one,) = explain(both, unquote(gate_ids([gate])[0]))
    assert "%20" in one.name
    said = " ".join(one.sentences)
    assert "Measured on 321 test rows" in said
    assert "the change is +0.042," in said


def test_an_undecided_gate_says_how_many_rows_would_decide_and_what_it_stops() -> None:
    said = text(inconclusive())
    more = next(v.more_rows for v in inconclusive().verdicts if v.more_rows)
    assert f"About {more:,} more test rows would decide" in said
    assert "stops nothing (on-inconclusive: warn)" in said


def test_without_the_same_rows_nothing_is_claimed() -> None:
    said = text(data_changed())
    if data_changed().comparison.unpaired:
        assert "so nothing is claimed" in said
    assert "first model" in text(first_model())


def test_what_was_loosened_or_waived_is_said() -> None:
    assert "judged as the base has it" in text(loosened())
    waiver = next(v.waived for v in waived().verdicts if v.waived)
    assert f"{waiver.who} answers for it: {waiver.why}" in text(waived())


def test_a_gate_is_found_by_its_id_and_by_its_metric_and_another_name_is_refused() -> None:
    assert [one.name for one in explain(better(), "f1:max-regression")] == ["f1:max-regression"]
    assert len(explain(better(), "roc_auc")) == sum(v.gate.metric == "roc_auc" for v in better().verdicts)
    with pytest.raises(UsageError, match="neither a gate nor a metric"):
        explain(better(), "rocauc")


def test_the_exact_tests_p_value_is_said_and_a_rate_is_not_called_better() -> None:
    truth = np.tile([0, 1], 50)
    said = truth.copy()
    said[:9] = 1 - said[:9]
    bold = np.where(np.arange(100) < 40, 1, truth)
    old, *new = (Predictions("x", "binary", truth, answers, None, ("0", "1")) for answers in (said, truth, bold))
    sides = Side("old"), Side("new")
    right = compare(old, new[0], metrics=("accuracy",)).comparison("m", *sides)
    assert "Chance alone would do as much with probability 0.0039." in text(Judgement(right, ()))
    rate = compare(new[0], new[1], metrics=("selection_rate",)).comparison("m", *sides)
    assert "neither more nor less is better" in text(Judgement(rate, ()))
    assert "it changed" in text(Judgement(rate, ()))
