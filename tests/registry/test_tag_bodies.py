"""Provenance in the body of a tag: the same in and out, through git itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdml.core.comparison import Waiver
from cdml.core.errors import ConfigError
from cdml.core.release import Artifact, Field, Measured, Provenance
from cdml.registry.provenance import deployment_body, provenance_body, read_deployment, read_provenance
from cdml.registry.read import read
from cdml.registry.write import register
from cdml.state.git import Git

text = st.text(max_size=20) | st.sampled_from(
    ["---", "...", "# comment", "#", "yes", "1e5", "0x1", "~", "null", "2001-01-01", "a: b", "- a", "&a", "*a",
     "!t", "-----BEGIN PGP SIGNATURE-----", "a\n---\nb", "a\n# b\n", " a ", "\t", "'", '"', "%YAML 1.2",
     "1_000", "1:30", "a  b " * 40, "x" * 300]
)  # fmt: skip
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63)
values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
words = st.dictionaries(text, text, max_size=3)
maybe = st.none() | st.floats(allow_nan=False, allow_infinity=False)
provenances = st.builds(
    Provenance,
    inputs=text,
    commit=text,
    artifact=st.builds(Artifact, text, text, st.integers(0, 2**40)),
    base=st.none() | text,
    axes=st.lists(text, max_size=3).map(tuple),
    code=words,
    data=words,
    parameters=st.dictionaries(text, values, max_size=3),
    environment=text,
    python=text,
    signature=st.none()
    | st.lists(st.builds(Field, text, st.sampled_from(["number", "integer", "boolean", "text"])), max_size=2).map(
        tuple
    ),
    metrics=st.lists(
        st.builds(Measured, text, st.floats(allow_nan=False, allow_infinity=False), maybe, maybe), max_size=2
    ).map(tuple),
    verdicts=words,
    compared_with=st.none() | text,
    judged_run=st.booleans(),
    registered_by=text,
    waivers=st.lists(st.builds(Waiver, text, text, text, text, at=st.integers(0, 2**40)), max_size=2).map(tuple),
)


@settings(max_examples=25, deadline=None)
@given(provenances)
def test_what_is_written_is_read_back(provenance: Provenance) -> None:
    assert read_provenance(provenance_body(provenance), "m@v1.0.0") == provenance


@pytest.mark.parametrize(
    "odd",
    ["---", "# a comment\n#b", "a\n\n\n#x\n---\n...\n", "ünï 🦆\u2028\u0085", "-----BEGIN PGP SIGNATURE-----"],
)
def test_git_keeps_every_line(
    make: Callable[..., tuple[Git, list[str]]], provenance: Provenance, odd: str
) -> None:
    git, oids = make(1)
    git.run("config", "core.commentChar", "-")  # what a careless git would drop
    odd_one = dataclasses.replace(provenance, parameters={odd: [odd], "plain": odd}, verdicts={odd: "pass"})
    register(git, "churn", "v1.0.0", oids[0], odd_one)
    assert read(git).version("churn", "v1.0.0").provenance == odd_one


def test_the_text_is_block_style_and_sorted_where_order_means_nothing(provenance: Provenance) -> None:
    mixed = dataclasses.replace(provenance, data={"b": "2", "a": "1"})
    assert provenance_body(mixed) == provenance_body(dataclasses.replace(mixed, data={"a": "1", "b": "2"}))
    body = provenance_body(mixed)
    assert body.startswith("cdml: 1\ninputs: ")
    assert "\ndata:\n  a: '1'\n  b: '2'\n" in body
    long = dataclasses.replace(mixed, compared_with="a word " * 40)
    assert len(provenance_body(long).splitlines()) == len(body.splitlines())
    assert "\nmetrics:\n- name: roc_auc\n  value: 0.861\n" in body


def test_the_same_object_twice_makes_no_alias(provenance: Provenance) -> None:
    shared = [1, 2]
    twice = dataclasses.replace(provenance, parameters={"a": shared, "b": shared})
    assert "&" not in provenance_body(twice)
    assert read_provenance(provenance_body(twice), "t") == twice


@pytest.mark.parametrize("body", ["", "Released by hand.", "inputs: 1", "a\n\ncdml: 1", "-----\ncdml: 1\n"])
def test_the_words_of_another_tool_are_no_provenance(body: str) -> None:
    assert read_provenance(body, "m@v1.0.0") is None
    assert read_deployment(body, "m#prod#1") is None


def broken(good: str) -> list[str]:
    return [
        "cdml: 1",
        "cdml: 2\n",
        "cdml: 1\ninputs: [\n",
        "cdml: 1\n- a\n",
        "cdml: 1\n---\ncdml: 1\n",
        good + "extra: 1\n",
        good + "inputs: twice\n",
        good.replace("judged_run: true", "judged_run: 'yes'"),
        good.replace("size: 12345", "size: many"),
        good.replace("size: 12345", "size: '12345'"),
        good.replace("base: null", "base: [a]"),
        good.replace("max_depth: 6", "max_depth: .nan"),
        good.replace("max_depth: 6", "max_depth: 2001-01-01"),
        good.replace("max_depth: 6", "max_depth: !!python/object/apply:os.system [ls]"),
        good.replace("max_depth: 6", "a: &a [x]\n  b: [*a, *a]"),
        good.replace("max_depth: 6", "max_depth: &a [*a]"),
        good.replace("max_depth: 6", "max_depth: " + "[" * 900),
        good.replace("max_depth: 6", "max_depth: \x07"),
    ]


@pytest.mark.parametrize("case", range(18))
def test_malformed_provenance_names_its_tag(provenance: Provenance, case: int) -> None:
    body = broken(provenance_body(provenance))[case]
    assert body != provenance_body(provenance)
    with pytest.raises(ConfigError, match=r"tag churn@v1\.0\.0"):
        read_provenance(body, "churn@v1.0.0")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), date(2001, 1, 1), {1: 2, "a": 3}])
def test_what_json_cannot_say_is_refused_before_it_is_written(provenance: Provenance, value: object) -> None:
    with pytest.raises(ConfigError):
        provenance_body(dataclasses.replace(provenance, parameters={"a": value}))


def test_a_deployment_names_its_release_commit() -> None:
    assert read_deployment(deployment_body("a" * 40), "m#prod#1") == "a" * 40
    for body in ("cdml: 1\nrelease: 1\n", "cdml: 1\n", "cdml: 1\nrelease: [\n"):
        with pytest.raises(ConfigError, match="m#prod#1"):
            read_deployment(body, "m#prod#1")
