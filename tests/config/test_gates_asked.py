"""Every kind of gate in mlops.yaml: what it becomes, what is said of a wrong one, and that the schema agrees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cdml.config.load import parse
from cdml.config.schema import json_schema
from cdml.config.show import show
from cdml.config.source import read
from cdml.core.errors import ConfigError
from cdml.core.settings import Gate

SCHEMA = json_schema()
HEAD = """\
model: m
train: {cmd: c, outs: [model]}
evaluate:
  data: test.csv
  target: y
  metrics: [f1, selection_rate]
  by: [sex, "age*sex"]
  datasets: {month: {data: month.csv}}
  gates:
"""
GOOD: dict[str, Gate] = {
    "metric: f1, min-improvement: 0.01": Gate("min-improvement", "f1", 0.01, confidence=0.95),
    "metric: f1, min-improvement: 2%, confidence: 0.9, against: main": Gate(
        "min-improvement", "f1", 0.02, True, 0.9, against="main"
    ),
    "metric: f1, max-improvement: 10%": Gate("max-improvement", "f1", 0.1, True, 0.95),
    "metric: f1, max-gap: 0.05, by: sex": Gate("max-gap", "f1", 0.05, confidence=0.95, by="sex"),
    "metric: selection_rate, max-gap: 0, by: sex": Gate(
        "max-gap", "selection_rate", 0.0, confidence=0.95, by="sex"
    ),
    "metric: f1, min: 0.6, by: age, min-rows: 200": Gate("min", "f1", 0.6, by="age", min_rows=200),
    "metric: f1, max-regression: 0.1, by: age*sex, dataset: month": Gate(
        "max-regression", "f1", 0.1, confidence=0.95, by="age*sex", dataset="month"
    ),
    "metric: f1, max: 1, by: y_true": Gate("max", "f1", 1.0, by="y_true"),
    "metric: f1, max-regression: 0, against: 1.2.0": Gate(
        "max-regression", "f1", 0.0, confidence=0.95, against="v1.2.0"
    ),
    "metric: f1, max-regression: 0, against: team/other@1.0.0": Gate(
        "max-regression", "f1", 0.0, confidence=0.95, against="team/other@v1.0.0"
    ),
    "metric: f1, max-regression: 0, against: ./old/p.csv": Gate(
        "max-regression", "f1", 0.0, confidence=0.95, against="old/p.csv"
    ),
    "metric: latency_p99_ms, max: 50": Gate("max", "latency_p99_ms", 50.0),
    "metric: model_size_mb, max-regression: 20%": Gate("max-regression", "model_size_mb", 0.2, True, 0.95),
}
# What is said after `evaluate.gates[0]`.
BAD: dict[str, str] = {
    "metric: f1, min: 1, max: 2": ": has `min` and `max`: a gate has exactly one of `min`, `max`, "
    "`max-regression`, `min-improvement`, `max-improvement` and `max-gap`",
    "metric: f1, by: sex": ": asks for nothing",
    "metric: f1, max-gap: 0.1": ": `max-gap` needs `by`: the column whose groups are compared",
    "metric: f1, max-gap: 0.1, min: 0.1": ": has `min` and `max-gap`",
    "metric: f1, max-gap: 1%, by: sex": ".max-gap: ",
    "metric: f1, max-gap: -0.1, by: sex": ".max-gap: ",
    "metric: f1, min-improvement: -1": ".min-improvement: must be a number that is 0 or more, or a "
    'share such as "1%"',
    "metric: f1, min: 0.1, min-rows: 50": ".min-rows: is about slices, but there is no `by`",
    "metric: f1, min: 0.1, by: sex, min-rows: 9": ".min-rows: ",
    "metric: f1, min: 0.1, against: latest": ".against: `min` judges the candidate alone and "
    "compares it with nothing",
    "metric: f1, max-gap: 0.1, by: sex, against: main": ".against: `max-gap` judges the candidate",
    "metric: f1, max-regression: 0, against: old.txt": ".against: 'old.txt' is neither production",
    "metric: f1, max-regression: 0, against: ../p.csv": ".against: '../p.csv' leaves the folder",
    "metric: f1, max-regression: 0, against: a b@1.0.0": ".against: 'a b@1.0.0' is neither",
    "metric: f1, min: 0, by: a*b*c": ".by: 'a*b*c' is neither a column nor a cross of two",
    "metric: f1, min: 0, by: '* sex'": ".by: '* sex' is neither a column nor a cross of two",
}
# What the schema, which knows no other part of the file, cannot see.
ONLY_SAID: dict[str, str] = {
    "metric: f1, min: 0, by: sx": ".by: 'sx' is not in evaluate.by. Did you mean 'sex'?",
    "metric: f1, min: 0, by: region": ".by: 'region' is not in evaluate.by. Add region to it.",
    "metric: f1, min: 0, dataset: moth": ".dataset: 'moth' is not in evaluate.datasets. Did you mean 'month'?",
    "metric: f1, min: 0, dataset: other-set": ".dataset: 'other-set' is not in evaluate.datasets. "
    "Datasets: month.",
    "metric: selection_rate, max-regression: 0": ".max-regression: selection_rate is better neither "
    "higher nor lower. Use `min`, `max` or `max-gap`.",
    "metric: latency_p99_ms, max: 1, by: sex": ".by: latency_p99_ms is measured of the whole model "
    "and has no slices",
    "metric: latency_p95_ms, max: 1": ".metric: 'latency_p95_ms' is not a metric.",
}


def _text(*gates: str) -> str:
    return HEAD + "".join(f"    - {{{gate}}}\n" for gate in gates)


def _problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return [str(problem).removeprefix("mlops.yaml:") for problem in caught.value.problems]


def _valid(text: str) -> bool:
    data: Any = read(text, "mlops.yaml").data
    return Draft202012Validator(SCHEMA).is_valid(data)


def test_every_kind_is_read_with_its_line_and_its_defaults() -> None:
    text = _text(*GOOD)
    found = parse(text).evaluate.gates
    assert found == tuple(replace(gate, line=10 + place) for place, gate in enumerate(GOOD.values()))
    assert _valid(text)


def test_what_is_shown_means_the_same() -> None:
    text = _text(*GOOD)
    again = parse(show(parse(text), read(text, "mlops.yaml").data)).evaluate.gates
    # Those on a dataset are shown in it, and so come last.
    expected = sorted(GOOD.values(), key=lambda gate: bool(gate.dataset))
    assert [replace(gate, line=None) for gate in again] == expected


@pytest.mark.parametrize(("gate", "words"), BAD.items())
def test_what_is_said_of_a_wrong_gate(gate: str, words: str) -> None:
    (said,) = _problems(_text(gate))
    assert said.startswith(f"10: evaluate.gates[0]{words}")
    assert not _valid(_text(gate))


@pytest.mark.parametrize(("gate", "words"), ONLY_SAID.items())
def test_what_is_said_of_a_gate_that_does_not_fit_the_rest(gate: str, words: str) -> None:
    (said,) = _problems(_text(gate))
    assert said.startswith(f"10: evaluate.gates[0]{words}")


def test_the_same_on_something_else_is_no_repetition() -> None:
    gate = "metric: f1, min: 0.5"
    assert len(parse(_text(gate, f"{gate}, by: sex", f"{gate}, dataset: month")).evaluate.gates) == 3
    twice = _problems(_text(f"{gate}, by: sex", gate, f"{gate}, by: sex, min-rows: 50"))
    assert twice == ["12: evaluate.gates[2].min: f1 has a `min` gate on line 10 already"]


def test_a_command_of_ones_own_writes_whatever_columns_it_likes() -> None:
    own = "model: m\ntrain: {cmd: c, outs: [model]}\nevaluate:\n  cmd: e\n  gates:\n"
    assert parse(f"{own}    - {{metric: f1, min: 0, by: region}}\n").evaluate.gates[0].by == "region"
    stages = "model: m\ntrain: {stages: [t]}\nregister: {artifact: m}\nevaluate:\n  stages: [e]\n  gates:\n"
    assert _problems(f"{stages}    - {{metric: f1, min: 0, by: region}}\n") == [
        "7: evaluate.gates[0].by: needs evaluate.predictions: slices are cut from it"
    ]
