"""The JSON Schema and the loader must take and refuse the same files."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cdml.config.load import parse
from cdml.config.read import draft
from cdml.config.schema import json_schema
from cdml.config.source import read
from cdml.core.errors import ConfigError

VALIDATOR = Draft202012Validator(json_schema())
INLINE: dict[str, Any] = {
    "version": 1,
    "model": "team/churn",
    "description": "d",
    "owners": ["@ml"],
    "ci": {"test": "pytest -q", "main": "trunk"},
    "train": {"cmd": "c", "deps": ["a.py"], "params": ["params.yaml", "x", {"p.json": ["a"]}], "outs": ["m"]},
    "evaluate": {
        "cmd": "e",
        "deps": ["m"],
        "task": "binary",
        "positive": "yes",
        "id": "id",
        "predictions": "p.csv",
        "metrics": ["roc_auc", "f1"],
        "by": ["sex"],
        "images": ["plots/roc.png"],
        "baseline": "v1.2.3",
        "gates": [
            {"metric": "f1", "min": 0.5, "confidence": 0.9, "on-inconclusive": "pass"},
            {"metric": "roc_auc", "max-regression": "1%"},
            {"metric": "f1", "max-regression": 0.01},
        ],
    },
    "register": {"artifact": "m", "bump": "minor", "trusted": ["a.B"]},
    "data": {"train": {"path": "d.csv", "schema": "d.schema.yaml"}, "asked": {"path": "q.csv", "use": "serving"}},
    "environments": {
        "staging": {"branch": "live/staging", "deploy": {"target": "local", "port": 80, "host": "::1"}},
        "archive": None,
    },
}
BUILTIN: dict[str, Any] = {
    "model": "m",
    "train": {"cmd": "c", "outs": ["m"]},
    "evaluate": {"data": "d", "target": "t"},
}
STAGES: dict[str, Any] = {
    "model": "m",
    "train": {"stages": ["a"]},
    "evaluate": {"stages": ["b"]},
    "register": {"artifact": "m"},
}
ASKED: dict[str, Any] = {
    "model": "m",
    "train": {"cmd": "c", "outs": ["m"], "repeats": 3},
    "evaluate": {
        "data": "d",
        "target": "t",
        "by": ["sex", "sex*age", {"age": [30, 50.5]}],
        "discover": True,
        "behaviour": [
            {
                "name": "i",
                "invariance": {"column": "a", "values": ["x", 1, True]},
                "tolerance": 0.1,
                "may-fail": "1%",
            },
            {"name": "d", "direction": {"column": "a", "add": 1, "score": "falls", "of": "yes"}, "sample": 5},
            {"name": "e", "examples": [{"input": {"a": 1, "b": None}, "answer": "yes"}], "may-fail": 1},
            {"name": "p", "pytest": "tests/behaviour"},
        ],
    },
}
ODD: list[Any] = [
    None, True, 0, 1, 2, -1, 0.5, 1.5, 70000, "", " ", "x", "a b", "/abs", "../up", "a/../b", "./a", ".", "..a",
    "~x", "C:/x", "a\\b", "s3://b/c", "${x}", "1%", "1", "5 %", "-1%", "latest", "v1", "v1.2.3", "1.02.3", "local",
    "docker", "fail", "major", "multiclass", "a//b", "-a", "a.lock", "a..b", "x@{1}", "é", [], ["x"], [1], {},
    {"x": 1},
    {"x": ["y"]}, {"x": None}, {"metric": "f1"}, {"metric": "f1", "min": 1}, {"stages": ["a"]}, {"cmd": "c"},
]  # fmt: skip
KEYS = ["x", "cmd", "stages", "outs", "deps", "data", "target", "min", "max", "metric", "max-regression", "port"]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for key, item in items for below in places(item, (*path, key)))]


@st.composite
def mutants(draw: st.DrawFn) -> Any:
    """A good document with one or two things in it replaced, removed or added."""
    document: Any = copy.deepcopy(draw(st.sampled_from([INLINE, BUILTIN, STAGES, ASKED])))
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from([path for path in places(document) if path]))
        holder = document
        for part in way:
            holder = holder[part]
        act = draw(st.sampled_from(["replace", "remove", "add"]))
        if act == "replace":
            holder[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif act == "remove":
            del holder[last]
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(KEYS))] = copy.deepcopy(draw(st.sampled_from(ODD)))
    return document


def loads(document: Any) -> bool:
    try:
        parse(json.dumps(document))
    except ConfigError:
        return False
    return True


def reads(document: Any) -> bool:
    """Whether every single key and value is one that the loader takes, rules between keys aside."""
    source = read(json.dumps(document), "mlops.yaml")
    if source.readable:
        draft(source)
    return not source.problems


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("document", [INLINE, BUILTIN, STAGES, ASKED])
def test_good_files(document: Any) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert loads(document)


@given(mutants())
def test_what_the_loader_takes_the_schema_takes(document: Any) -> None:
    if loads(document):
        assert VALIDATOR.is_valid(document)


@given(mutants())
def test_what_the_reader_refuses_the_schema_refuses(document: Any) -> None:
    assert reads(document) or not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("base", "path", "value"),
    [
        (INLINE, ("train", "stages"), ["a"]),
        (INLINE, ("evaluate", "stages"), ["a"]),
        (BUILTIN, ("evaluate", "deps"), ["a"]),
        (STAGES, ("train", "outs"), ["a"]),
        (INLINE, ("evaluate", "gates", 0, "max"), 1),
        (INLINE, ("evaluate", "gates", 0), {"metric": "f1"}),
        (INLINE, ("evaluate", "gates", 0), {"min": 1}),
        (INLINE, ("evaluate", "gates", 1, "max-regression"), "-1%"),
        (INLINE, ("evaluate", "gates", 1, "max-regression"), -0.1),
        (INLINE, ("evaluate", "gates", 0, "confidence"), 0.9999),
        (INLINE, ("evaluate", "baseline"), "staging"),
        (INLINE, ("evaluate", "task"), "rankings"),
        (INLINE, ("environments", "staging", "deploy", "port"), 0),
        (INLINE, ("environments", "staging", "deploy", "port"), True),
        (INLINE, ("environments", "staging", "deploy", "port"), "80"),
        (INLINE, ("environments", "staging", "deploy", "target"), "dokcer"),
        (INLINE, ("environments", "staging", "soak"), "1h"),
        (INLINE, ("environments", "a b"), None),
        (INLINE, ("monitor",), {}),
        (INLINE, ("version",), 2),
        (INLINE, ("version",), True),
        (BUILTIN, ("train",), {"cmd": "c"}),
        (BUILTIN, ("evaluate",), {"data": "d"}),
        (BUILTIN, ("model",), "-m"),
        (BUILTIN, ("model",), "m" * 101),
    ],
)
def test_bad_files(base: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(base)
    holder: Any = document
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    assert not VALIDATOR.is_valid(document)
    assert not loads(document)


@pytest.mark.parametrize("key", ["model", "train", "evaluate"])
def test_required_keys(key: str) -> None:
    document = {name: value for name, value in BUILTIN.items() if name != key}
    assert not VALIDATOR.is_valid(document)
    assert not loads(document)


def test_every_key_is_explained() -> None:
    schema = json_schema()
    models = [schema, *schema["$defs"].values(), *schema["$defs"]["DeployModel"]["oneOf"]]
    silent = [
        f"{model.get('title', '')}.{key}"
        for model in models
        for key, value in model.get("properties", {}).items()
        if not value.get("description")
    ]
    assert silent == []
