"""The built-in evaluator writes the column of groups, and of a ranking what its rows are ranked by."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cdml.config.load import parse
from cdml.evaluation.predictions import read
from cdml.jobs.evaluator import _table, table_bytes
from cdml.serving.client import Prediction

TEXT = "model: m\ntrain: {cmd: t, outs: [model]}\nevaluate: {data: d.csv, target: y, group: who, task: %s}\n"
FRAME = pd.DataFrame({"id": ["a", "b", "c"], "y": [2, 0, 1], "who": ["x", "x", "z"], "age": [1, 2, 3]})


def test_a_ranking_has_scores_and_queries() -> None:
    judged = parse(TEXT % "ranking").evaluate
    table = _table(FRAME, judged, Prediction([0.5, 2.5, 1.5], None, None), "d.csv")
    found = read(table_bytes(table, ".jsonl"), "p.jsonl", judged)
    assert found.score.tolist() == [0.5, 2.5, 1.5]
    assert found.y_true.tolist() == [2, 0, 1]
    assert found.groups.tolist() == [0, 0, 1]


def test_groups_are_written_and_read() -> None:
    judged = parse(TEXT % "regression").evaluate
    table = _table(FRAME, judged, Prediction([0.5, 2.5, 1.5], None, None), "d.csv")
    assert list(table.columns) == ["id", "y_true", "y_pred", "who"]
    assert read(table_bytes(table, ".csv"), "p.csv", judged).groups.tolist() == [0, 0, 1]
    bare = replace(judged, group=None)
    assert read(table_bytes(table, ".csv"), "p.csv", bare).groups is None
