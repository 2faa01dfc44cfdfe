"""A contract's file: what is written is read as the same, and what is wrong is said with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdml.config.contract import parse, write
from cdml.contracts.schema import Column, Schema
from cdml.core.errors import ConfigError

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff"),
    min_size=1,
    max_size=8,
).filter(str.strip)
NUMBER = st.floats(-1e9, 1e9).map(lambda x: float(f"{x:.9g}"))
SHARE = st.sampled_from([0.0, 0.01, 0.333, 1.0])
SEVERITY = st.sampled_from(["fail", "warn", "allow"])


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    kind = draw(st.sampled_from(["text", "integer", "number", "boolean", "time"]))
    rules: dict[str, object] = {}
    if kind in ("integer", "number") and draw(st.booleans()):
        low, high = sorted([draw(NUMBER), draw(NUMBER)])
        rules |= {"min": low, "max": high}
    if kind == "time":
        rules["min"] = draw(st.sampled_from([None, "2024-01-31", "2024-01-31T12:00:00+01:00"]))
    if kind == "text" and draw(st.booleans()):
        rules["values"] = tuple(draw(st.lists(TEXT, min_size=1, max_size=3, unique=True)))
        rules["unseen_share"] = draw(st.sampled_from([0.0, 0.01]))
        if not rules["unseen_share"]:
            rules["unseen"] = draw(SEVERITY)
    if kind == "integer" and draw(st.booleans()):
        rules["values"] = ("1", "2")
    if kind == "text":
        rules["pattern"] = draw(st.sampled_from([None, r"\d+\.\d", "'\""]))
    allow = draw(st.sampled_from([(), ("leak",), ("id", "skew")]))
    return Column(
        name,
        kind,
        nulls=draw(SHARE),
        unique=draw(st.booleans()),
        serving=draw(st.booleans()),
        allow=allow,
        description=draw(st.one_of(st.just(""), TEXT)),
        **rules,
    )


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    names = draw(
        st.lists(
            st.one_of(TEXT, st.sampled_from(["y", "no", "1", "null", "a: b", "#", "<<"])),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    return Schema(
        tuple(draw(columns(name)) for name in names),
        rows_min=draw(st.sampled_from([None, 0, 10])),
        rows_max=draw(st.sampled_from([None, 10_000])),
        target=draw(st.sampled_from([None, *names])),
        missing=draw(st.sampled_from([(), ("NA", "?")])),
        leaks=draw(SEVERITY),
        skew=draw(SEVERITY),
        other_columns=draw(SEVERITY),
        examples=draw(st.booleans()),
    )


@given(schemas())
@settings(max_examples=25)
def test_what_is_written_is_read_as_the_same(schema):
    assert parse(write(schema, "data/train.csv"), "s.yaml") == schema


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parse(text, "s.yaml")
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "{type: integr}",
            "columns.a.type: 'integr' is not text, integer, number, boolean or time. Did you mean 'integer'?",
        ),
        ("{type: text, min: 3}", "columns.a.min: has no meaning for text. Use `values` or `pattern`."),
        ("{type: number, max: '3'}", "columns.a.max: must be a number, without quotes"),
        (
            "{type: time, max: '31.1.'}",
            'columns.a.max: must be an ISO date or time in quotes, such as "2024-01-31"',
        ),
        ("{type: number, min: 3, max: 1}", "columns.a.min: 3 is more than max, 1"),
        (
            "{type: text, pattern: '('}",
            "columns.a.pattern: is no regular expression: missing ), unterminated subpattern at position 0",
        ),
        ("{type: number, pattern: x}", "columns.a.pattern: has no meaning for number"),
        ("{type: number, values: [x]}", "columns.a.values: holds what is no number"),
        ("{type: time, values: [x]}", "columns.a.values: has no meaning for time. Use `min` and `max`."),
        ("{type: text, unseen: 1%}", "columns.a.unseen: needs `values`: what was seen"),
        (
            "{type: text, values: [a], unseen: few}",
            "columns.a.unseen: 'few' is not fail, warn, allow or a share of the rows such as 1%",
        ),
        ("{type: text, nulls: 101%}", "columns.a.nulls: '101%' is no share of the rows such as 5%"),
        (
            "{type: text, serving: false, training: false}",
            "columns.a.serving: neither training nor serving data have it: remove the column",
        ),
        ("{typ: text}", "columns.a.typ: 'typ' is not a key of columns.a. Did you mean 'type'?"),
        ("text", "columns.a: must be a mapping of keys, not text"),
    ],
)
def test_what_is_wrong_with_a_column_is_said_on_its_line(line, said):
    assert problems(f"columns:\n  a: {line}\n") == [f"s.yaml:2: {said}"]


def test_every_problem_is_said_at_once():
    found = problems("target: y\nleaks: never\nrows: {min: -1}\ncolumns:\n  a: {type: x}\n  b: {type: y}\n")
    assert [problem.split(": ")[0] for problem in found] == [f"s.yaml:{line}" for line in (1, 2, 3, 5, 6)] or len(
        found
    ) >= 4


@pytest.mark.parametrize(
    "text", ["", "columns: {}\n", "x: 1\n", "columns: [a]\n", "- a\n", "columns:\n  a: &x {type: text}\n"]
)
def test_what_is_no_contract_is_refused(text):
    with pytest.raises(ConfigError, match=r"s\.yaml"):
        parse(text, "s.yaml")


def test_a_file_that_nobody_reviews_is_refused():
    with pytest.raises(ConfigError, match="more than"):
        parse("#" * 200_000, "s.yaml")
