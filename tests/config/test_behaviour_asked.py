"""`evaluate.behaviour`, `evaluate.by` with crosses and edges, and `train.repeats`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdml.config.load import parse
from cdml.config.show import complete
from cdml.core.errors import ConfigError
from cdml.core.settings import CONFIG_FILE, Settings
from cdml.jobs.generate import dvc_yaml
from cdml.state.inputs import stage_names

TRAIN = {"cmd": "python t.py", "deps": ["t.py", "data"], "params": ["params.yaml"], "outs": ["m"]}
SAME = {"name": "same", "invariance": {"column": "a", "values": ["x"]}}


def settings(*tests: dict[str, Any], train: dict[str, Any] | None = None, **evaluate: Any) -> Settings:
    evaluated = {"data": "d.csv", "target": "t", "behaviour": list(tests), **evaluate}
    document = {
        "model": "m",
        "train": TRAIN | (train or {}),
        "evaluate": {k: v for k, v in evaluated.items() if v is not None},
    }
    return parse(json.dumps(document))


def problem(*tests: dict[str, Any], train: dict[str, Any] | None = None, **evaluate: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        settings(*tests, train=train, **evaluate)
    return "\n".join(str(one) for one in caught.value.problems)


def test_each_test_is_a_gate_and_all_of_them_are_one_stage() -> None:
    own = {"name": "own", "pytest": "tests/behaviour", "may-fail": 2}
    found = settings(SAME | {"may-fail": "1.5%"}, own, SAME | {"name": "other", "data": "e.csv"})
    gates = [gate for gate in found.evaluate.gates if gate.kind == "behaviour"]
    assert [(gate.metric, gate.limit, gate.relative) for gate in gates] == [
        ("same", 0.015, True),
        ("own", 2, False),
        ("other", 0, False),
    ]
    assert [gate.definition for gate in gates] == [test.definition for test in found.evaluate.behaviour]
    (stage,) = found.evaluate.after
    assert stage.deps == ("m", "d.csv", "tests/behaviour", "e.csv")
    # What no feature is and which score is meant are read too: other ones are no old result.
    assert stage.params == {CONFIG_FILE: ("evaluate.behaviour", "evaluate.target")}
    (private,) = settings(SAME, **{"example-rows": False}).evaluate.after
    assert private.params == {CONFIG_FILE: ("evaluate.behaviour", "evaluate.target", "evaluate.example-rows")}
    assert found.evaluate.results == ("reports/behaviour.json",)
    assert stage_names(found) == (("train",), ("evaluate", "behaviour"))
    assert "cmd: cdml behaviour --spec 1" in dvc_yaml([stage])


def test_how_many_may_fail_is_no_part_of_what_is_asked() -> None:
    def definition(test: dict[str, Any]) -> str:
        return settings(test).evaluate.behaviour[0].definition

    assert definition(SAME) == definition(SAME | {"may-fail": "5%"})
    others = [
        SAME | {"tolerance": 0.5},
        SAME | {"sample": 5},
        SAME | {"invariance": {"column": "b", "values": ["x"]}},
    ]
    assert len({definition(test) for test in (SAME, *others)}) == 4


def test_the_class_whose_score_must_move_is_a_part_of_what_is_asked() -> None:
    up = {"name": "up", "direction": {"column": "n", "add": 1, "score": "rises"}}
    same, moved = settings(SAME, up, positive="yes").evaluate.behaviour
    for other in ("no", 0, None):
        as_before, turned = settings(SAME, up, positive=other).evaluate.behaviour
        assert as_before.definition == same.definition
        assert turned.definition != moved.definition


def test_repeats_are_a_stage_that_reads_what_training_and_scoring_read() -> None:
    assert settings().evaluate.after == ()
    (stage,) = settings(train={"repeats": 3}).evaluate.after
    assert (stage.cmd, stage.outs) == ("cdml repeats --spec 1", ("reports/repeats.json",))
    assert stage.deps == ("t.py", "data", "d.csv")
    assert stage.params == {CONFIG_FILE: ("train.repeats", "train.cmd", "evaluate.target"), "params.yaml": ()}
    command = settings(
        train={"repeats": 2}, cmd="e", deps=["m", "d.csv"], params=["params.yaml", "x"], target=None
    )
    assert command.evaluate.after[0].params["params.yaml"] == ()


def test_crosses_and_edges_are_kept_apart() -> None:
    found = settings(by=["sex", "sex*age", {"age": [30, 50.5]}]).evaluate
    assert (found.by, found.edges) == (("sex", "sex*age", "age"), {"age": (30, 50.5)})


def test_what_is_shown_means_the_same() -> None:
    tests = (
        SAME | {"tolerance": 0.0, "may-fail": "2%"},
        {"name": "up", "direction": {"column": "a", "multiply": 1.5, "score": "falls", "of": "b"}, "may-fail": 3},
        {"name": "known", "examples": [{"input": {"a": 1, "b": None}, "answer": True}]},
        {"name": "own", "pytest": "t"},
    )
    found = settings(*tests, by=["a*b", {"a": [1]}], discover=False, train={"repeats": 2})
    again = parse(json.dumps(complete(found)))
    assert again.evaluate.behaviour == found.evaluate.behaviour
    assert (again.evaluate.by, again.evaluate.edges) == (found.evaluate.by, found.evaluate.edges)
    assert again.evaluate.discover is False
    assert again.train == found.train
    limits = [[(g.metric, g.limit, g.relative) for g in one.evaluate.gates] for one in (found, again)]
    assert limits[0] == limits[1]


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ({"name": "x"}, "asks for nothing: a test has exactly one of"),
        (SAME | {"pytest": "t"}, "has `invariance` and `pytest`"),
        ({"name": "x", "invariance": {"column": "a"}}, "has exactly one of `values`, `add` and `multiply`"),
        ({"name": "x", "invariance": {"column": "a", "add": 1, "multiply": 2}}, "has exactly one of"),
        ({"name": "x", "direction": {"column": "a", "score": "rises"}}, "has exactly one of `add` and `multiply`"),
        ({"name": "x", "direction": {"column": "a", "add": 1, "score": "up"}}, "'up' is not rises or falls"),
        ({"name": "x", "pytest": "t", "sample": 5}, "`sample` has no meaning for `pytest`"),
        ({"name": "x", "pytest": "t", "tolerance": 1}, "tolerance"),
        ({"name": "x", "pytest": "../t"}, "leaves the folder"),
        ({"name": "a\nb", "pytest": "t"}, "name"),
        (SAME | {"may-fail": -1}, "may-fail"),
        (SAME | {"tolerence": 1}, "Did you mean 'tolerance'?"),
        (
            {"name": "x", "invariance": {"colunm": "a", "add": 1}},
            "'colunm' is not a key of evaluate.behaviour[0].invariance. Did you mean 'column'?",
        ),
        (SAME | {"may-fail": "x"}, 'must be a number of cases, or a share such as "1%"'),
    ],
)
def test_a_test_that_asks_for_nothing_sensible_is_a_problem(test: dict[str, Any], words: str) -> None:
    assert words.replace("`sample` ", "") in problem(test)


def test_names_are_unique_rows_come_from_somewhere_and_edges_rise() -> None:
    assert "'same' is the name of another test, too" in problem(SAME, SAME)
    assert "needs rows: write `data` here" in problem(SAME, data=None, cmd="e")
    assert "must rise" in problem(by=[{"a": [2, 1]}])
    assert "stands here twice" in problem(by=["a", {"a": [1]}])


def test_what_the_stages_write_has_one_owner() -> None:
    said = problem(SAME, train={"outs": ["m", "reports"], "repeats": 2}, predictions="p.csv")
    assert "'reports/behaviour.json' overlaps with 'reports' of train.outs" in said
    assert "'reports/repeats.json' overlaps with 'reports' of train.outs" in said


def test_repeats_need_stages_that_are_written_inline() -> None:
    document = {
        "model": "m",
        "train": {"stages": ["a"], "repeats": 2},
        "evaluate": {"stages": ["b"]},
        "register": {"artifact": "m"},
    }
    with pytest.raises(ConfigError) as caught:
        parse(json.dumps(document))
    (found,) = caught.value.problems
    assert "train.repeats: needs a `cmd`" in str(found)


def test_a_project_with_its_own_dvc_yaml_writes_the_stage_itself() -> None:
    document = {
        "model": "m",
        "train": {"stages": ["a"]},
        "evaluate": {"stages": ["b", "behaviour"], "predictions": "p.csv", "data": "d.csv", "behaviour": [SAME]},
        "register": {"artifact": "m"},
    }
    found = parse(json.dumps(document))
    assert found.evaluate.after == ()
    assert [gate.metric for gate in found.evaluate.gates] == ["", "same"]
    assert stage_names(found) == (("a",), ("b", "behaviour"))
