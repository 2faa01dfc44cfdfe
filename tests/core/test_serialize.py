"""Frozen data to JSON and back: what comes back is checked, and the same value gives the same bytes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.core.comparison import Outcome
from cdml.core.errors import ConfigError
from cdml.core.serialize import digest, dump, load, plain


@dataclass(frozen=True)
class Inner:
    name: str
    value: float | None = None


@dataclass(frozen=True)
class Outer:
    items: tuple[Inner, ...]
    free: Mapping[str, object]
    outcome: Outcome = Outcome.PASS


VALUE = Outer((Inner("ü", 1.5), Inner("b")), {"k": [1, {"x": None}]}, Outcome.FAIL)


def test_what_was_written_is_read_back() -> None:
    text = dump(VALUE)
    assert text.endswith("}\n")
    assert '"ü"' in text
    assert load(Outer, text, "a.json") == VALUE
    assert load(Outer, text.encode(), "a.json") == VALUE
    assert dump(load(Outer, text, "a.json")) == text
    assert plain({"a": (VALUE.items[0], 2)}) == {"a": [{"name": "ü", "value": 1.5}, 2]}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        dump(Inner("a", value))
    with pytest.raises(ValueError, match="JSON"):
        digest({"a": value})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": "a", "value": NaN}', "NaN"),
        ('{"name": "a", "value": -Infinity}', "Infinity"),
        ('{"name": "a", "value": 1e999}', "value is not a finite number"),
        (f'{{"name": "a", "value": -{"9" * 400}}}', "value is not a finite number"),
        ('{"name": "a", "other": 1}', "other"),
        ('{"value": 1}', "name"),
        ('{"name": 1}', "name"),
        ("[]", "a.json"),
        ("{", "a.json"),
        ("", "a.json"),
        ("[" * 10_000, "a.json"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"^a\.json is not what cdml wrote") as caught:
        load(Inner, text, "a.json", "a hint")
    assert said in caught.value.message
    assert caught.value.hint == "a hint"


def test_unknown_keys_are_found_at_any_depth_but_free_mappings_are_free() -> None:
    good = '{"items": [{"name": "a"}, {"name": "b"}], "free": {"any": {"thing": 1}}}'
    assert load(Outer, good, "a.json").free == {"any": {"thing": 1}}
    with pytest.raises(ConfigError, match=r"no key items\.1\.odd"):
        load(Outer, good.replace('"name": "b"', '"name": "b", "odd": 1'), "a.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON))
def test_a_digest_does_not_know_the_order_of_keys(value: dict[str, Any]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), ("1", 1), (None, "null"), ([1, 2], [2, 1]), ({}, []), ("a", "b")]
)
def test_a_digest_tells_values_apart(one: object, other: object) -> None:
    assert digest({"a": one}) != digest({"a": other})


def test_the_digest_is_the_same_in_every_version() -> None:
    """It names refs of judged runs: another canonical form would lose them all."""
    canonical = rb'{"a":null,"b":[1,"\u00fc"]}'
    assert digest({"b": [1, "ü"], "a": None}) == hashlib.sha256(canonical).hexdigest()
