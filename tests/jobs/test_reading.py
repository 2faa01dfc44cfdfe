"""A change cannot loosen how it is measured: task, prices, columns and groups are read as its target has them."""

from __future__ import annotations

from dataclasses import replace

from cdml.config.load import parse
from cdml.core.settings import MetricSpec, Settings
from cdml.jobs.reading import read_otherwise, reading, reading_digest

TEXT = """\
model: m
train: {cmd: t, outs: [model]}
evaluate:
  cmd: e
  task: binary
  group: patient
  metrics: [f1, {cost: {fp: 1, fn: 20}}, {column: bleu, direction: higher}]
"""


def _changed(old: str, new: str) -> Settings:
    assert old in TEXT
    return parse(TEXT.replace(old, new))


def test_prices_and_columns_are_those_of_the_target() -> None:
    rules = parse(TEXT)
    cheap = reading(_changed("fn: 20", "fn: 1").evaluate, rules)
    assert cheap.defined == rules.evaluate.defined
    removed = reading(_changed(", {cost: {fp: 1, fn: 20}}", "").evaluate, rules)
    assert {spec.name for spec in removed.defined} == {"cost", "bleu"}
    assert read_otherwise(_changed("fn: 20", "fn: 1").evaluate, rules) == (
        "cost is measured as the target branch defines it, not as this change does.",
    )
    turned = reading(_changed("direction: higher", "direction: lower").evaluate, rules)
    assert [spec.direction for spec in turned.defined if spec.name == "bleu"] == ["higher"]


def test_groups_are_those_of_the_target_for_few_of_a_new_one_leave_no_interval() -> None:
    rules = parse(TEXT)
    assert reading(_changed("  group: patient\n", "").evaluate, rules).group == "patient"
    told = read_otherwise(_changed("  group: patient\n", "").evaluate, rules)
    assert told == ("Rows belong together by patient, as the target branch has it.",)
    ungrouped = _changed("  group: patient\n", "")
    assert reading(rules.evaluate, ungrouped).group is None
    assert read_otherwise(rules.evaluate, ungrouped) == ("Rows count one by one, as the target branch has it.",)


def test_metrics_that_only_the_change_defines_are_its_own() -> None:
    rules = _changed(", {column: bleu, direction: higher}", "")
    found = reading(parse(TEXT).evaluate, rules)
    assert MetricSpec("bleu", "column", "higher", "bleu") in found.defined
    assert reading(parse(TEXT).evaluate, None) == parse(TEXT).evaluate
    assert read_otherwise(parse(TEXT).evaluate, rules) == read_otherwise(parse(TEXT).evaluate, None) == ()


def test_every_way_of_reading_is_another_digest() -> None:
    evaluate = parse(TEXT).evaluate
    others = [
        replace(evaluate, task="multiclass"),
        replace(evaluate, positive="yes"),
        replace(evaluate, id="customer"),
        replace(evaluate, group="site"),
        _changed("fn: 20", "fn: 2").evaluate,
        _changed("column: bleu", "column: rouge").evaluate,
    ]
    digests = {reading_digest(one, None) for one in (evaluate, *others)}
    assert len(digests) == 1 + len(others)
    assert reading_digest(_changed("fn: 20", "fn: 2").evaluate, parse(TEXT)) == reading_digest(evaluate, None)
