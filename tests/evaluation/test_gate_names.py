"""What gates are called in commands, statuses and waivers, and what a waiver of one holds for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.core.command import parse
from cdml.core.comparison import Comparison, Side
from cdml.core.settings import Gate
from cdml.evaluation.gates import GATES, gate_id, gate_ids, gate_rule

GATE = Gate("max-regression", "f1", 0.01, line=7)
COMPARISON = Comparison("churn", Side("churn@v1.3.0", "a" * 40, "v1.3.0"), Side("this PR"), 100, None, ())
KINDS = st.sampled_from(list(GATES))
GATE_LISTS = st.lists(
    st.builds(Gate, KINDS, st.text() | st.sampled_from(["f1", "a" * 99, "a" * 200]), st.just(0.1))
)


def test_a_gate_is_called_after_its_metric_and_kind() -> None:
    assert gate_id(GATE) == "f1:max-regression"
    assert gate_id(Gate("min", "Größe (%)|@a", 1)) == "Gr%C3%B6%C3%9Fe%20%28%25%29%7C%40a:min"


def test_what_it_is_judged_on_is_a_part_of_its_name() -> None:
    gap = Gate("max-gap", "f1", 0.05, by="sex")
    assert gate_id(gap) == "f1:max-gap:by-sex"
    assert gate_id(replace(gap, by="sex*age band")) == "f1:max-gap:by-sex%2Aage%20band"
    assert gate_id(replace(GATE, dataset="last-month")) == "f1:max-regression:on-last-month"
    other = replace(GATE, by="sex", dataset="d", against="churn@v1.0.0")
    assert gate_id(other) == "f1:max-regression:by-sex:on-d:against-churn%40v1.0.0"
    long = [gate_id(replace(GATE, by="s" * 200, against=against)) for against in ("latest", "main")]
    assert len(set(long)) == 2
    assert max(len(name) for name in long) <= 100
    assert gate_id(Gate("min", "a" * 96, 0)) == f"{'a' * 96}:min"
    assert len(gate_id(Gate("min", "a" * 97, 0))) == len(gate_id(Gate("min", "a" * 300, 0))) == 100
    # A metric that looks like a name with a place has another one, short or long.
    for tail in ("sex", "s" * 200):
        named, placed = Gate("min", f"f1:min:by-{tail}", 1), Gate("min", "f1", 1, by=tail)
        assert gate_id(named) != gate_id(placed)
    assert parse(f"/cdml waive {gate_id(other)} because it is accepted").gate == gate_id(other)  # type: ignore[union-attr]


def test_the_second_of_the_same_is_numbered() -> None:
    gates = [GATE, replace(GATE, limit=0.2), Gate("min", "f1", 0.5), replace(GATE, limit=0.3)]
    assert gate_ids(gates) == ("f1:max-regression", "f1:max-regression-2", "f1:min", "f1:max-regression-3")


@given(GATE_LISTS)
def test_names_are_harmless_short_and_unlike_and_a_command_can_hold_them(gates: list[Gate]) -> None:
    names = gate_ids(gates)
    demands = [(gate.metric, gate.kind) for gate in gates]
    assert len(set(names)) == len(names) == len(demands)
    for name, gate in zip(names, gates, strict=True):
        assert re.fullmatch(r"[A-Za-z0-9_.%:-]+", name)
        assert len(name) <= 110
        if gate.metric:
            command = parse(f"/cdml waive {name} because it is accepted")
            assert command is not None
            assert command.gate == name


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_metrics_never_have_one_name(one: str, other: str) -> None:
    assert (gate_id(Gate("min", one, 0)) == gate_id(Gate("min", other, 0))) == (one == other)


def test_a_rule_is_the_same_wherever_it_stands_in_the_file() -> None:
    assert gate_rule(GATE, COMPARISON) == gate_rule(replace(GATE, line=99), COMPARISON)


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 0.02},
        {"metric": "auc"},
        {"relative": True},
        {"confidence": 0.9},
        {"on_inconclusive": "fail"},
        {"by": "sex"},
        {"min_rows": 100},
        {"dataset": "last-month"},
        {"against": "latest"},
    ],
)
def test_another_demand_is_another_rule(change: dict[str, object]) -> None:
    other = replace(GATE, **change)  # type: ignore[arg-type]
    assert gate_rule(other, COMPARISON) != gate_rule(GATE, COMPARISON)


def test_what_is_accepted_against_one_champion_is_not_accepted_against_the_next() -> None:
    newer = replace(COMPARISON, baseline=Side("churn@v1.4.0", "b" * 40, "v1.4.0"))
    assert gate_rule(GATE, newer) != gate_rule(GATE, COMPARISON)
    assert gate_rule(GATE, replace(COMPARISON, baseline=None)) != gate_rule(GATE, COMPARISON)
    for kind, compares in (
        ("min", False),
        ("max-gap", False),
        ("min-improvement", True),
        ("max-improvement", True),
    ):
        other = Gate(kind, "f1", 0.5)  # type: ignore[arg-type]
        assert (gate_rule(other, newer) != gate_rule(other, COMPARISON)) is compares


def test_a_gate_with_an_opponent_of_its_own_hangs_on_that_one_alone() -> None:
    gate = replace(GATE, against="latest")
    known = replace(COMPARISON, opponents=(("latest", "a" * 40), ("old.csv", "c" * 64)))
    assert gate_rule(gate, known) != gate_rule(gate, COMPARISON)
    assert gate_rule(gate, known) != gate_rule(gate, replace(known, opponents=(("latest", "b" * 40),)))
    newer = replace(known, baseline=Side("churn@v1.4.0", "b" * 40, "v1.4.0"))
    assert gate_rule(gate, newer) == gate_rule(gate, known)
    floor = Gate("min", "f1", 0.5, against="latest")
    assert gate_rule(floor, known) == gate_rule(floor, COMPARISON)
