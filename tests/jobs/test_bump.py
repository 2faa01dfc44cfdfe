"""Which number of a version moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cdml.core.release import Artifact, Field, Provenance
from cdml.jobs.bump import automatic_bump, changed_axes

BASE = Provenance(
    inputs="i",
    commit="c",
    artifact=Artifact("m", "s", 1),
    base=None,
    axes=(),
    code={"a.py": "1"},
    data={"d.csv": "1"},
    parameters={"depth": 1},
    recipe="5" * 64,
    environment="e",
    python="3.11",
    signature=(Field("age", "number"), Field("n", "integer")),
    metrics=(),
    verdicts={},
    compared_with=None,
    judged_run=False,
    registered_by="x",
)


@pytest.mark.parametrize(
    ("change", "axes", "bump"),
    [
        ({}, (), "minor"),
        ({"code": {"a.py": "2"}}, ("code",), "minor"),
        ({"data": {}}, ("training data",), "patch"),
        ({"environment": "f"}, ("environment",), "patch"),
        ({"environment": "f", "data": {}}, ("training data", "environment"), "patch"),
        ({"parameters": {"depth": 2}}, ("parameters",), "minor"),
        ({"parameters": {"depth": True}}, ("parameters",), "minor"),
        ({"parameters": {"depth": 1.0}, "data": {}}, ("training data", "parameters"), "minor"),
        ({"signature": (Field("age", "number"),)}, (), "major"),
        ({"signature": (Field("age", "text"), Field("n", "integer")), "data": {}}, ("training data",), "major"),
        ({"signature": (Field("n", "integer"), Field("age", "number")), "data": {}}, ("training data",), "patch"),
        ({"signature": (Field("age", "number"), Field("n", "number")), "data": {}}, ("training data",), "patch"),
        ({"signature": None, "code": {}}, ("code",), "minor"),
    ],
)
def test_a_change_moves_its_number(change: dict[str, object], axes: tuple[str, ...], bump: str) -> None:
    new = replace(BASE, **change)  # type: ignore[arg-type]
    assert changed_axes(BASE, new) == axes
    assert automatic_bump(BASE, new) == bump


def test_the_first_version_and_one_of_unknown_inputs() -> None:
    assert automatic_bump(None, BASE) == "minor"
    assert automatic_bump(replace(BASE, signature=None), replace(BASE, data={})) == "patch"
