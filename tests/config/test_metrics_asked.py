"""Metrics that a project defines, groups and tasks: what they become, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cdml.config.load import parse
from cdml.config.schema import json_schema
from cdml.config.show import show
from cdml.config.source import read
from cdml.core.errors import ConfigError
from cdml.core.settings import MetricSpec, Settings

SCHEMA = json_schema()
OWN = "cmd: e"
STAGES = "stages: [judge]"
BUILTIN = "data: d.csv, target: y"
GOOD: dict[str, tuple[tuple[str, ...], tuple[MetricSpec, ...]]] = {
    "[f1, {cost: {fp: 1, fn: 20}}]": (
        ("f1", "cost"),
        (MetricSpec("cost", "cost", "lower", costs=(0.0, 1.0, 20.0, 0.0)),),
    ),
    "[{cost: {tp: -5, tn: 0.5}, name: loss_of_money}]": (
        ("loss_of_money",),
        (MetricSpec("loss_of_money", "cost", "lower", costs=(0.5, 0.0, 0.0, -5.0)),),
    ),
    "[{column: bleu, direction: higher}, {column: ter, direction: lower, name: edits}]": (
        ("bleu", "edits"),
        (MetricSpec("bleu", "column", "higher", "bleu"), MetricSpec("edits", "column", "lower", "ter")),
    ),
}
BAD = {
    "[{}]": ": defines nothing.",
    "[{column: bleu}]": ": needs `direction`: whether more of",
    "[{column: y_score, direction: higher}]": ": 'y_score' has a meaning of its own and is no score",
    "[{column: id, direction: higher}]": ": 'id' has a meaning of its own and is no score",
    "[{cost: {fp: 0}}]": ": costs nothing.",
    "[{cost: {fm: 1}}]": ".cost.fm: 'fm' is not tn, fp, fn or tp.",
    "[{cost: {}}]": ".cost: must not be empty",
    "[{cost: {fp: 1}, direction: lower}]": ": needs no `direction`: a lower cost is better",
    "[{cost: {fp: 1}, column: c, direction: lower}]": ": is either a `cost` or a `column`",
    "[{cost: {fp: .inf}}]": ".cost.fp: ",
    "[{column: c, direction: upper}]": ".direction: 'upper' is not higher or lower.",
    "[{name: f1, direction: higher}]": ": 'f1' is a built-in metric.",
    "[{name: mine, direction: higher}]": ": is in no metrics file: only `stages` of your own dvc.yaml have some",
    "[{name: mine}]": ": needs `direction`: whether more of",
    "[5]": ": must be a list of names, {cost:",
}


def _text(metrics: str, how: str = OWN, more: str = "") -> str:
    judged = f"evaluate: {{{how}, metrics: {metrics}{more}}}"
    return f"model: m\ntrain: {{cmd: t, outs: [model]}}\n{judged}\n"


def _settings(text: str, *, own_metrics: bool = False) -> Settings:
    return parse(text, own_metrics=own_metrics)


def _problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        _settings(text)
    return [str(problem) for problem in caught.value.problems]


def _valid(text: str) -> bool:
    data: Any = read(text, "mlops.yaml").data
    return bool(Draft202012Validator(SCHEMA).is_valid(data))


@pytest.mark.parametrize("metrics", GOOD)
def test_definitions_become_frozen_data(metrics: str) -> None:
    settings = _settings(_text(metrics))
    assert (settings.evaluate.metrics, settings.evaluate.defined) == GOOD[metrics]
    assert _valid(_text(metrics))
    shown = show(settings, {})
    assert _settings(shown).evaluate.defined == settings.evaluate.defined
    assert _settings(shown).evaluate.metrics == settings.evaluate.metrics


@pytest.mark.parametrize("metrics", BAD)
def test_a_wrong_definition_is_named(metrics: str) -> None:
    found = [line for line in _problems(_text(metrics)) if BAD[metrics] in line]
    assert found
    assert found[0].startswith("mlops.yaml:3: evaluate.metrics[0]")


def test_all_wrong_definitions_are_told_at_once() -> None:
    assert len(_problems(_text("[{column: bleu}, {cost: {fp: 0}}, acuracy]"))) == 3


def test_gates_may_name_what_is_defined() -> None:
    text = _text("[f1, {cost: {fp: 1}}]", more=", gates: [{metric: cost, max: 2}]")
    assert _settings(text).evaluate.gates[0].metric == "cost"
    wrong = _text("[f1, {cost: {fp: 1}}]", more=", gates: [{metric: csot, max: 2}]")
    assert any("Did you mean 'cost'?" in line for line in _problems(wrong))
    default = _settings(_text("[{cost: {fp: 1}}]")).evaluate.gates[0]
    assert (default.kind, default.metric) == ("max-regression", "cost")


def test_a_declared_direction_is_for_stages_with_metrics_files() -> None:
    text = _text("[{name: my_metric, direction: lower}]", STAGES).replace(
        "{cmd: t, outs: [model]}", "{stages: [t]}"
    )
    text += "register: {artifact: model}\n"
    found = _settings(text, own_metrics=True).evaluate
    assert found.defined == (MetricSpec("my_metric", "reported", "lower"),)
    assert found.metrics == ("my_metric",)


def test_the_built_in_evaluator_writes_no_columns_of_scores_but_knows_costs() -> None:
    assert _settings(_text("[{cost: {fp: 1}}]", BUILTIN)).evaluate.metrics == ("cost",)
    words = "needs a `cmd` or `stages`: the built-in evaluator writes no scores of its own"
    assert any(words in line for line in _problems(_text("[{column: bleu, direction: higher}]", BUILTIN)))
    assert any(words in line for line in _problems(_text("[mae]", f"{BUILTIN}, task: scores")))


@pytest.mark.parametrize(
    ("metrics", "task", "words"),
    [
        ("[ndcg_at_10]", "binary", "metrics[0]: 'ndcg_at_10' is no metric of a binary task."),
        ("[{cost: {fp: 1}}]", "regression", "metrics[0]: 'cost' is no metric of a regression task."),
        ("[f1]", "scores", "metrics[0]: 'f1' is no metric of a scores task. Its metrics are columns."),
        ("[mrr, f1]", "ranking", "metrics[1]: 'f1' is no metric of a ranking task."),
    ],
)
def test_metrics_fit_the_task(metrics: str, task: str, words: str) -> None:
    assert any(words in line for line in _problems(_text(metrics, f"cmd: e, task: {task}")))


def test_groups_and_queries() -> None:
    text = "model: m\ntrain: {cmd: t, outs: [model]}\nevaluate: {%s}\n"
    found = _settings(text % f"{BUILTIN}, group: patient").evaluate
    assert found.group == "patient"
    assert "evaluate.group" in found.stage.params["mlops.yaml"]
    assert _settings(text % "cmd: e, task: ranking").evaluate.group is None
    assert any("needs `group`" in line for line in _problems(text % f"{BUILTIN}, task: ranking"))
    assert any("is the target or the id" in line for line in _problems(text % f"{BUILTIN}, group: y"))
    assert any("has no usual metrics" in line for line in _problems(text % "cmd: e, task: scores"))


# What only words can say: prices of nothing, names and columns that have a meaning.
SAID = ("y_score", "column: id", "fp: 0", ".inf", "f1", "name: mine, ")


@pytest.mark.parametrize("metrics", [one for one in BAD if not any(word in one for word in SAID)])
def test_the_schema_refuses_it_too(metrics: str) -> None:
    assert not _valid(_text(metrics))
