"""evaluate.datasets: what is read, what is refused, and that a gate in a dataset is a gate of the one list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from cdml.config.load import parse
from cdml.config.schema import json_schema
from cdml.config.show import show
from cdml.core.errors import ConfigError
from cdml.core.settings import Dataset, Settings
from cdml.jobs.generate import dvc_yaml

TOP = "model: m\ntrain: {cmd: c, outs: [m.skops]}\n"
BUILTIN = (
    TOP
    + """\
evaluate:
  data: d.csv
  target: y
  metrics: [roc_auc, f1]
  predictions: out/p.parquet
  datasets:
    last-month:
      data: data/lm.csv
      gates:
        - {metric: f1, min: 0.5}
        - {metric: roc_auc, max-regression: 1%}
    train: {data: t.csv}
"""
)
OWN = (
    TOP + "evaluate:\n  cmd: e\n  outs: [a.csv]\n  datasets: {a: {predictions: a.csv}, b: {predictions: b.csv}}\n"
)


def test_the_built_in_evaluator_reads_and_writes_every_dataset_in_one_stage() -> None:
    evaluate = parse(BUILTIN).evaluate
    assert evaluate.datasets == (
        Dataset("last-month", "data/lm.csv", "out/p.last-month.parquet"),
        Dataset("train", "t.csv", "out/p.train.parquet"),
    )
    assert evaluate.stage is not None
    assert evaluate.stage.deps == ("m.skops", "d.csv", "data/lm.csv", "t.csv")
    assert (
        evaluate.stage.outs == evaluate.written == ("out/p.parquet", *(d.predictions for d in evaluate.datasets))
    )
    # Which file is which dataset's is a parameter: swapped data leave all other words of the stage as they are.
    keys = {"evaluate.datasets.last-month.data", "evaluate.datasets.train.data"}
    assert keys <= set(evaluate.stage.params["mlops.yaml"])


def test_an_own_command_writes_the_predictions_that_no_output_names_yet() -> None:
    evaluate = parse(OWN).evaluate
    assert evaluate.stage is not None
    assert evaluate.stage.outs == ("a.csv", "reports/predictions.csv", "b.csv")


def test_a_gate_in_a_dataset_names_it_and_stands_behind_the_others() -> None:
    gates = parse(BUILTIN).evaluate.gates
    assert [(gate.kind, gate.metric, gate.dataset, gate.line) for gate in gates] == [
        ("max-regression", "roc_auc", "", None),  # the default one stays
        ("min", "f1", "last-month", 12),
        ("max-regression", "roc_auc", "last-month", 13),
    ]
    more = BUILTIN.replace("  datasets:", "  gates: [{metric: f1, min: 0.1}]\n  datasets:")
    assert [gate.dataset for gate in parse(more).evaluate.gates] == ["", "last-month", "last-month"]


def test_what_is_shown_means_the_same() -> None:
    drawn = BUILTIN.replace("  datasets:", "  importance: true\n  datasets:")
    assert parse(drawn).evaluate.importance == "out/importance.json"
    for text in (BUILTIN, OWN, drawn, BUILTIN.replace("  datasets:", "  gates: []\n  datasets:")):
        settings = parse(text)
        assert plain(parse(show(settings, {}))) == plain(settings)


def plain(settings: Settings) -> Any:
    return (
        [replace(gate, line=None) for gate in settings.evaluate.gates],
        settings.evaluate.datasets,
        settings.evaluate.importance,
        settings.evaluate.stage,
    )


WRONG = [
    (BUILTIN, "train: {data: t.csv}", "train: {}", "14|datasets.train: needs `data`"),
    (BUILTIN, "last-month:", "last month:", "9|'last month' cannot be a dataset's name"),
    (BUILTIN, "metric: f1,", "metric: f7,", "12|datasets.last-month.gates[0].metric: 'f7' is not"),
    (BUILTIN, "min: 0.5}", "min: 0.5, max: 0.6}", "12|datasets.last-month.gates[0]: has `min` and `max`"),
    (BUILTIN, "min: 0.5}", "min: 0.5, dataset: train}", "12|stands in a dataset already"),
    (
        BUILTIN,
        "{metric: roc_auc, max-regression: 1%}",
        "{metric: f1, min: 0.1}",
        "13|f1 has a `min` gate on line 12",
    ),
    (BUILTIN, "data: t.csv", "data: t.csv, predictions: out/p.parquet", "14|overlaps with 'out/p.parquet'"),
    (OWN, "cmd: e", "cmd: e\n  importance: true", "5|importance: is the built-in evaluator's"),
    (OWN, "b: {predictions: b.csv}", "b: {data: b.csv}", "6|datasets.b: needs `predictions`"),
]


@pytest.mark.parametrize(("text", "old", "new", "said"), WRONG)
def test_what_is_wrong_is_said_where_it_is_written(text: str, old: str, new: str, said: str) -> None:
    assert old in text
    broken = text.replace(old, new)
    with pytest.raises(ConfigError) as caught:
        parse(broken)
    line, words = said.split("|")
    shown = [str(problem) for problem in caught.value.problems]
    assert any(one.startswith(f"mlops.yaml:{line}:") and words in one for one in shown), shown
    if "gate on line" not in words and "overlaps" not in words:
        assert Draft202012Validator(json_schema()).is_valid(YAML(typ="safe").load(broken)) is ("'f7'" in words)


def test_what_serving_costs_is_measured_only_where_a_gate_asks() -> None:
    assert parse(BUILTIN).evaluate.results == ()
    settings = parse(BUILTIN.replace("{metric: f1, min: 0.5}", "{metric: latency_p99_ms, max: 50}"))
    assert settings.evaluate.results == ("out/serving.json",)
    assert settings.evaluate.stage is not None
    assert "metrics:\n      - out/serving.json" in dvc_yaml([settings.evaluate.stage])
