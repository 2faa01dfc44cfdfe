"""Permutation importance: scikit-learn's numbers, rows that a metric can be measured on, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import judgements
import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from cdml.config.load import parse
from cdml.core.diagnostics import Bounded, Diagnostics, Flips
from cdml.core.serialize import dump
from cdml.evaluation.predictions import Predictions, read
from cdml.jobs import importance
from cdml.jobs.importance import Columns, Importances, measure_importances, sample_of, with_importances
from cdml.reports.html import report

TEXT = (
    "model: m\ntrain: {cmd: t, outs: [m]}\nevaluate: {data: d.csv, target: y, importance: true, metrics: [%s]}\n"
)
JUDGED = parse(TEXT % "roc_auc").evaluate


def told(columns: Columns) -> Predictions:
    """Predictions of a model that looks at nothing."""
    rows = len(next(iter(columns.values())))
    table = pd.DataFrame({"y_true": [0, 1] * (rows // 2), "y_score": np.linspace(0, 1, rows)})
    return read(table.to_csv(index=False).encode(), "p.csv", JUDGED)


@pytest.mark.parametrize(("metric", "scoring"), [("roc_auc", "roc_auc"), ("log_loss", "neg_log_loss")])
def test_importances_are_those_of_scikit_learn(metric: str, scoring: str) -> None:
    random = np.random.default_rng(5)
    rows = pd.DataFrame(random.normal(size=(800, 3)), columns=["none", "much", "some"])
    target = (2 * rows["much"] + rows["some"] + random.logistic(size=800) > 0).astype(int)
    model = LogisticRegression().fit(rows, target)
    judged = parse(TEXT % metric).evaluate

    def ask(columns: Columns) -> Predictions:
        given = pd.DataFrame(columns)
        answers = {"y_pred": model.predict(given), "y_score": model.predict_proba(given)[:, 1]}
        table = pd.DataFrame({"y_true": target, **answers})
        return read(table.to_csv(index=False).encode(), "p.csv", judged)

    found = measure_importances(ask, {name: rows[name].tolist() for name in rows}, judged)
    known = permutation_importance(model, rows, target, scoring=scoring, n_repeats=20, random_state=1)
    assert (found.metric, list(found.columns), found.left_out) == (metric, list(rows), 0)
    for one, value, luck in zip(
        found.columns.values(), known.importances_mean, known.importances_std, strict=True
    ):
        # Five shufflings here and twenty there, each with luck of its own.
        assert one.value == pytest.approx(value, abs=4 * luck * np.sqrt(1 / 5 + 1 / 20))
        assert one.low <= value <= one.high
    values = {name: one.value for name, one in found.columns.items()}
    assert sorted(values, key=values.__getitem__) == ["none", "some", "much"]
    assert found.columns["some"].low > 0


def test_a_sample_keeps_rare_classes_and_takes_groups_whole() -> None:
    count = 10_000
    frame = pd.DataFrame({"x": range(count), "y": [int(n in (1, 2, 3, 4, 6)) for n in range(count)]})
    rows = sample_of(frame, JUDGED)
    assert (len(rows), int(rows["y"].sum())) == (2_000, 1)
    assert rows["x"].is_monotonic_increasing
    assert rows["x"].max() > 9_900
    whole = sample_of(frame.assign(who=np.arange(count) // 25), replace(JUDGED, group="who"))
    assert len(whole) == 2_000
    assert set(whole["who"].value_counts()) == {25}
    assert (whole["who"].min(), whole["who"].max()) == (0, 399)
    few = frame.head(2_000)
    assert sample_of(few, replace(JUDGED, group="x")) is few


def test_what_is_too_much_is_counted_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {f"c{n}": [0.0] * 40 for n in range(4)}
    monkeypatch.setattr(importance, "MOST_IMPORTANCES", 3)
    found = measure_importances(told, columns, JUDGED)
    assert (list(found.columns), found.left_out) == (["c0", "c1", "c2"], 1)
    monkeypatch.setattr(importance, "SECONDS", -1.0)
    assert measure_importances(told, columns, JUDGED).left_out == 3
    plain = judgements.better()
    drawn = Diagnostics(importances=importance.importances_of(*side(found)), unmeasured=1_500)
    page = report(replace(plain, comparison=replace(plain.comparison, diagnostics=drawn)))
    assert "Columns that were not measured: 1,500." in page


def side(found: Importances | str) -> tuple[Any, Any, None]:
    """A store and a snapshot of these importances, and no baseline."""
    content = found if isinstance(found, str) else dump(found)
    store = SimpleNamespace(read=lambda *_: content.encode())
    return store, SimpleNamespace(commit=None, settings=SimpleNamespace(evaluate=JUDGED)), None


def test_importances_join_what_is_drawn_and_replace_nothing() -> None:
    one = Bounded(0.1, 0.0, 0.2)
    drawn = with_importances(Diagnostics(flips=Flips(1, 2)), *side(Importances("f1", {"a": one}, 4)))
    assert drawn
    assert (drawn.flips, drawn.unmeasured) == (Flips(1, 2), 4)
    assert [(row.feature, row.candidate) for row in drawn.importances] == [("a", one)]
    assert with_importances(None, *side("broken")) is None
    assert with_importances(None, *side(Importances("f1", {}, 4))) is None
