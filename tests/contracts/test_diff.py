"""What differs between two contracts: each rule in words, and whether it lets more pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cdml.contracts.diff import differences
from cdml.contracts.schema import Column, Schema

AGE = Column("age", "integer", nulls=0.05, min=0.0, max=120.0, unique=True)
SEX = Column("sex", values=("f", "m"), pattern="[fm]", unseen_share=0.01)
BASE = Schema((AGE, SEX), rows_min=100, rows_max=900, target="sex", id="age")


def with_(old: Column, **rules) -> Schema:
    return replace(BASE, columns=tuple(replace(c, **rules) if c is old else c for c in BASE.columns))


@pytest.mark.parametrize(
    ("new", "said", "looser"),
    [
        (BASE, None, None),
        (with_(AGE, max=150.0), "age: max 120 → 150", True),
        (with_(AGE, max=100.5), "age: max 120 → 100.5", False),
        (with_(AGE, max=None), "age: max 120 → none", True),
        (with_(AGE, min=-1.0), "age: min 0 → -1", True),
        (with_(AGE, min=1.0), "age: min 0 → 1", False),
        (with_(SEX, min=1.0), "sex: min none → 1", False),
        (with_(AGE, nulls=0.1), "age: nulls 5 % → 10 %", True),
        (with_(AGE, nulls=0.0), "age: nulls 5 % → 0 %", False),
        (with_(AGE, unique=False), "age: no longer unique", True),
        (with_(AGE, type="number"), "age: integer → number", True),
        (with_(AGE, serving=False), "age: not there in serving", True),
        (with_(AGE, training=False), "age: not there in training", True),
        (with_(AGE, allow=("leak",)), "age: allow + 'leak'", True),
        (with_(SEX, values=("f", "m", "x")), "sex: values + 'x'", True),
        (with_(SEX, values=("f",)), "sex: values - 'm'", False),
        (with_(SEX, values=None), "sex: any value", True),
        (with_(AGE, values=("1",)), "age: listed values only", False),
        (with_(SEX, unseen="warn", unseen_share=0.0), "sex: unseen 1 % → warn", True),
        (with_(SEX, unseen_share=0.0), "sex: unseen 1 % → fail", False),
        (with_(SEX, pattern=None), "sex: pattern '[fm]' → none", True),
        (replace(BASE, columns=(AGE,)), "sex: removed", True),
        (replace(BASE, columns=(AGE, SEX, Column("new"))), "new: new", False),
        (replace(BASE, rows_min=10), "rows min 100 → 10", True),
        (replace(BASE, rows_max=90), "rows max 900 → 90", False),
        (replace(BASE, missing=("NA",)), "missing + 'NA'", True),
        (replace(BASE, leaks="warn"), "leaks fail → warn", True),
        (replace(BASE, skew="fail"), "skew warn → fail", False),
        (replace(BASE, other_columns="allow"), "other-columns fail → allow", True),
        (replace(BASE, target=None), "target sex → none", True),
        (replace(BASE, id=None), "id age → none", True),
    ],
)
def test_a_difference_says_what_and_which_way(new, said, looser):
    found = differences(BASE, new)
    assert [str(one) for one in found] == ([said] if said else [])
    assert [one.loosens for one in found] == ([looser] if said else [])


def test_dates_are_ordered_as_dates():
    old = Schema((Column("t", "time", min="2024-01-01"),))
    found = differences(old, Schema((Column("t", "time", min="2023-12-31"),)))
    assert [one.loosens for one in found] == [True]


def test_a_long_list_is_cut():
    old, new = (Schema((Column("c", values=tuple(f"v{n}" for n in range(most))),)) for most in (1, 20))
    assert str(differences(old, new)[0]) == "c: values + 'v1', 'v2', 'v3', 'v4', 'v5' and 14 more"
