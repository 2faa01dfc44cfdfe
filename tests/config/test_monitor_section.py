"""The section `monitor` of mlops.yaml."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from cdml.config.load import parse
from cdml.config.schema import json_schema
from cdml.config.show import show
from cdml.core.errors import ConfigError
from cdml.core.settings import Monitor

BEFORE = "model: m\ntrain: {cmd: c, outs: [o]}\nevaluate: {data: d.csv, target: t}\n"
WHOLE = """\
monitor:
  schedule: "17  6 * * *"
  predictions: monitoring/predictions/
  actuals: monitoring/actuals
  label-delay: 2w
  on-drift: [issue, retrain]
"""


def test_the_whole_section_is_read() -> None:
    wanted = Monitor(
        "monitoring/predictions", "monitoring/actuals", 14, "17 6 * * *", ("issue", "retrain"), line=4
    )
    assert parse(BEFORE + WHOLE).monitor == wanted
    again = parse(show(parse(BEFORE + WHOLE), {})).monitor
    assert again is not None
    assert Monitor(**{**vars(again), "line": 4}) == wanted


def test_a_place_is_enough_and_none_is_no_monitoring() -> None:
    assert parse(BEFORE + "monitor: {predictions: p.csv}\n").monitor == Monitor("p.csv", line=4)
    assert parse(BEFORE).monitor is None


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{}", "'predictions' is missing"),
        ("{predictions: 's3://bucket/log'}", "object stores are not read yet: `dvc import-url URL FOLDER` brings"),
        ("{predictions: ../log}", "leaves the folder of mlops.yaml"),
        ("{predictions: p, schedule: '0 6 * * *'}", "asks for the full hour"),
        ("{predictions: p, label-delay: 14d}", "is about labels, but there is no monitor.actuals"),
        ("{predictions: p, actuals: a, label-delay: soon}", "'soon' is no time such as 14d or 2w"),
        ("{predictions: p, actuals: p}", "is the same as monitor.predictions"),
        ("{predictions: p, on-drift: [retrain]}", "has `retrain` without `issue`"),
        ("{predictions: p, on-drift: [page]}", "'page' is not issue or retrain"),
        ("{prediction: p}", "Did you mean 'predictions'?"),
    ],
)
def test_what_is_wrong_is_said_on_its_line(section: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"{BEFORE}monitor: {section}\n")
    problems = [str(problem) for problem in caught.value.problems]
    assert all(problem.startswith("mlops.yaml:4: monitor") for problem in problems)
    assert said in "\n".join(problems)


def test_editors_are_told_the_same() -> None:
    validator = Draft202012Validator(json_schema())
    document = YAML(typ="safe", pure=True).load(BEFORE + WHOLE)
    assert validator.is_valid(document)
    for key, value in (
        ("predictions", "s3://bucket/log"),
        ("label-delay", "soon"),
        ("on-drift", ["page"]),
        ("x", 1),
    ):
        assert not validator.is_valid({**document, "monitor": {**document["monitor"], key: value}}), key
