"""What a client may send: every wrong record and column is named, nothing is guessed."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.core.release import Field
from cdml.serving.inputs import MAX_PROBLEMS, MAX_ROWS, InvalidInput, columns

SIGNATURE = (Field("n", "number"), Field("i", "integer"), Field("b", "boolean"), Field("t", "text"))
GOOD = {"n": 1.5, "i": 2, "b": True, "t": "x"}


def judged(body: Any, signature: Any = SIGNATURE, features: Any = None) -> dict[str, list[Any]]:
    return columns(json.dumps(body).encode(), signature, features)


def test_records_and_columns_are_the_same_rows() -> None:
    by_record = judged({"records": [GOOD, {"t": None, "b": None, "i": 3.0, "n": 4}]})
    by_column = judged({"columns": {"t": ["x", None], "n": [1.5, 4], "b": [True, None], "i": [2, 3.0]}})
    assert by_record == by_column == {"n": [1.5, 4], "i": [2, 3.0], "b": [True, None], "t": ["x", None]}
    assert list(by_record) == list(by_column) == ["n", "i", "b", "t"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"records": [GOOD, {**GOOD, "n": "1"}]}, 'record 1: column "n" must be number, not "1"'),
        ({"records": [{**GOOD, "n": True}]}, 'record 0: column "n" must be number, not true'),
        ({"records": [{**GOOD, "i": 2.5}]}, 'record 0: column "i" must be integer, not 2.5'),
        ({"records": [{**GOOD, "b": 1}]}, 'record 0: column "b" must be boolean, not 1'),
        ({"records": [{**GOOD, "t": 1}]}, 'record 0: column "t" must be text, not 1'),
        ({"records": [{**GOOD, "n": ["x" * 99]}]}, f'record 0: column "n" must be number, not ["{"x" * 37}…'),
        ({"records": [GOOD, {**GOOD, "zip": 1}]}, 'record 1: column "zip" is not an input of this model'),
        ({"records": [GOOD, {"n": 1, "i": 1, "b": True}]}, 'record 1: column "t" is missing'),
        ({"records": [GOOD, 3]}, "record 1 is not an object of columns"),
        ({"records": []}, "records must be a list with at least one record"),
        ({"columns": {"n": [1], "i": [1], "b": [True]}}, 'column "t" is missing'),
        ({"columns": {**{k: [v] for k, v in GOOD.items()}, "z": [1]}}, 'column "z" is not an input of this model'),
        (
            {"columns": {k: [v] * (1 + (k == "n")) for k, v in GOOD.items()}},
            "all columns must have the same number",
        ),
        ({"columns": {}}, "there are no columns"),
        ({"columns": {"n": []}}, f"between 1 and {MAX_ROWS} rows"),
        (
            {"columns": {"n": [1] * (MAX_ROWS + 1)}},
            f"between 1 and {MAX_ROWS} rows are answered at once, not 10001",
        ),
        ({"columns": {"n": 1}}, "columns must map each name to a list"),
        ({"rows": []}, 'the body must be {"records"'),
        ({"records": [GOOD], "columns": {}}, 'the body must be {"records"'),
        ([], 'the body must be {"records"'),
        ({"records": [{**GOOD, "n": float("nan")}]}, "NaN is no JSON; write null for a missing value"),
    ],
)
def test_a_wrong_request_is_named(body: Any, problem: str) -> None:
    with pytest.raises(InvalidInput) as invalid:
        judged(body)
    assert problem in str(invalid.value)


def test_an_infinite_number_in_good_json_is_refused() -> None:
    with pytest.raises(InvalidInput, match='column "n" must be number, not Infinity'):
        columns(b'{"records": [{"n": 1e999}]}', SIGNATURE[:1], None)


def test_problems_are_few_however_many_records_are_wrong() -> None:
    with pytest.raises(InvalidInput) as invalid:
        judged({"records": [{**GOOD, "n": "x"}] * 500})
    assert len(invalid.value.problems) == MAX_PROBLEMS


def test_without_a_signature_the_names_of_the_model_judge() -> None:
    assert judged({"records": [{"b": 1, "a": "x"}]}, None, ["a", "b"]) == {"a": ["x"], "b": [1]}
    with pytest.raises(InvalidInput, match='column "c" is not an input'):
        judged({"records": [{"a": 1, "b": 2, "c": 3}]}, None, ["a", "b"])
    assert judged({"records": [{"z": 1}]}, None, None) == {"z": [1]}
    with pytest.raises(InvalidInput, match='record 1: column "y" is not an input'):
        judged({"records": [{"z": 1}, {"y": 1, "z": 1}]}, None, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["n", "i", "records", "columns", "x"]), inner)
    ),
    max_leaves=12,
)


@given(JSON | st.fixed_dictionaries({"records": JSON}) | st.fixed_dictionaries({"columns": JSON}))
def test_any_json_is_answered_or_refused(body: Any) -> None:
    with contextlib.suppress(InvalidInput):
        found = judged(body, SIGNATURE[:2])
        assert list(found) == ["n", "i"]
        assert len(found["n"]) == len(found["i"]) > 0


@given(st.binary(max_size=40))
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        columns(body, SIGNATURE, None)
