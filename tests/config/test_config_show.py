"""`cdml check --show`: the same file with every default written out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cdml.config.load import parse
from cdml.config.show import show
from cdml.config.source import read
from cdml.core.settings import Settings

SHORT = """\
model: churn
train:
  cmd: python train.py
  outs: [model.skops]
evaluate:
  data: data/test.csv
  target: churned
"""
LONG = """\
model: "1"
owners: ["@ml", "yes"]
ci: {main: trunk}
train:
  cmd: |
    python a.py
    python b.py
  params: [params.yaml, {p.json: [a, b]}]
  outs: [model, other]
evaluate:
  cmd: python judge.py
  positive: 1
  metrics: [f1, roc_auc]
  gates:
    - {metric: f1, max-regression: 0.3%}
    - {metric: f1, min: 1.0e-7}
register: {artifact: model, trusted: [a.B]}
environments:
  staging:
    deploy: {target: local, port: 8081}
  archive:
"""
STAGES = "model: m\ntrain: {stages: [a]}\nevaluate: {stages: [b], gates: []}\nregister: {artifact: m}\n"


def shown(text: str) -> str:
    return show(parse(text), read(text, "mlops.yaml").data)


def without_lines(settings: Settings) -> Settings:
    gates = tuple(replace(gate, line=None) for gate in settings.evaluate.gates)
    return replace(settings, evaluate=replace(settings.evaluate, gates=gates))


@pytest.mark.parametrize("text", [SHORT, LONG, STAGES])
def test_what_is_shown_means_the_same(text: str) -> None:
    assert without_lines(parse(shown(text))) == without_lines(parse(text))


def test_defaults_are_marked() -> None:
    assert shown(SHORT) == (Path(__file__).parent / "golden" / "shown.txt").read_text("utf-8")
