"""Leaks and shifts: each planted one is found, and data without one give no finding."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tables
from scipy.stats import chi2_contingency
from sklearn.metrics import roc_auc_score

from cdml.contracts.infer import infer
from cdml.contracts.leaks import _auc
from cdml.contracts.profile import counts, dump, parse, profile
from cdml.contracts.schema import Column, Schema
from cdml.contracts.skew import _counts, _p, shifts
from cdml.contracts.together import Reference, check_all
from cdml.core.errors import ConfigError


def labelled(rows: int, seed: int) -> pd.DataFrame:
    """Features that say something of the targets, and none that says all."""
    rng = np.random.default_rng(seed)
    frame = tables.people(rows, seed).drop(columns=["id", "since"])
    frame["amount"] = (frame["height"] + frame["income"] / 500 + rng.normal(0, 9, rows)).round(3)
    frame["churned"] = (frame["amount"] > 180).map({True: "yes", False: "no"})
    frame["level"] = pd.cut(frame["amount"], [-1e9, 170, 180, 1e9], labels=["low", "mid", "high"]).astype(str)
    return frame


def schema_of(frame: pd.DataFrame, target: str, **rules) -> Schema:
    """Types alone, and a target."""
    kinds = {"i": "integer", "f": "number", "b": "boolean"}
    columns = tuple(
        Column(name, kinds.get(frame[name].dtype.kind, "text"), nulls=1.0, serving=name != target)
        for name in frame
    )
    return Schema(columns, target=target, **rules)


def found(tmp_path, frame: pd.DataFrame, target: str, **rules) -> list[tuple[str, str, str]]:
    place = tables.write(tmp_path / "train.csv", frame)
    return [
        (f.column, f.rule, f.severity)
        for f in check_all([tables.subject(place, schema_of(frame, target, **rules))])
    ]


@pytest.mark.parametrize("target", ["churned", "level", "amount"])
def test_columns_that_say_something_are_no_leak(tmp_path, target):
    frame = labelled(1_000, 1).drop(columns=[name for name in ("churned", "level", "amount") if name != target])
    frame["words"] = [f"what person {n} said" for n in range(1_000)]  # each half says nothing of the other
    assert found(tmp_path, frame, target) == []


@pytest.mark.parametrize(
    ("target", "leak"),
    [
        ("churned", lambda frame: frame["churned"].map({"yes": "left", "no": "stayed"})),
        ("churned", lambda frame: np.where(frame["churned"] == "yes", 5.5, np.nan)),  # filled in afterwards
        ("churned", lambda frame: -frame["amount"]),
        ("level", lambda frame: frame["level"].map({"low": 1, "mid": 2, "high": 3})),
        ("amount", lambda frame: np.exp(frame["amount"] / 50)),
        ("amount", lambda frame: frame["amount"] + 500 * (frame["amount"] < 175)),
    ],
    ids=["renamed", "filled", "number", "classes", "monotone", "function"],
)
def test_a_column_that_gives_the_target_away_is_found(tmp_path, target, leak):
    frame = labelled(1_500, 2)
    frame["outcome"] = leak(frame)
    frame = frame.drop(columns=[name for name in ("churned", "level", "amount") if name != target])
    (one,) = found(tmp_path, frame, target)
    assert one[:2] == ("outcome", "leak")
    assert found(tmp_path, frame, target, leaks="allow") == []


def test_a_column_that_all_but_tells_is_worth_a_look_alone(tmp_path):
    frame = labelled(1_500, 3).drop(columns=["churned", "level"])
    noise = np.random.default_rng(99).normal(0, frame["amount"].std() * 0.25, 1_500)
    frame["nearly"] = (frame["amount"] + noise).round(3)
    assert found(tmp_path, frame, "amount") == [("nearly", "leak", "warn")]


def test_a_leak_that_the_contract_allows_is_none(tmp_path):
    frame = labelled(600, 2)[["amount", "churned", "age"]]
    place = tables.write(tmp_path / "train.csv", frame)
    schema = Schema(
        (Column("amount", "number", allow=("leak",)), Column("churned"), Column("age", "integer")),
        target="churned",
    )
    assert check_all([tables.subject(place, schema)]) == ()


def test_areas_under_the_curve_are_those_of_scikit_learn():
    rng = np.random.default_rng(4)
    truth, scores = rng.integers(0, 2, 300), rng.integers(0, 9, 300).astype(float)
    assert _auc(scores, truth) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)


def pair(tmp_path, train: pd.DataFrame, test: pd.DataFrame) -> list[tuple[str, str, str, int]]:
    place = tables.write(tmp_path / "train.csv", train)
    schema, _ = infer(place, "train.csv")
    other = tables.write(tmp_path / "test.csv", test)
    subjects = [tables.subject(place, schema), tables.subject(other, schema, "test")]
    return [(f.data, f.column, f.rule, f.rows) for f in check_all(subjects) if f.rule in ("leak", "skew")]


def test_test_rows_among_the_training_rows_are_counted_whatever_their_ids(tmp_path):
    train, test = tables.people(800, 5), tables.people(500, 6)
    assert pair(tmp_path, train, test) == []
    copied = pd.concat([test[:490], train[:10].assign(id=range(2_001, 2_011))], ignore_index=True)
    assert pair(tmp_path, train, copied) == [("test", "", "leak", 10)]


def test_rows_of_few_values_are_alike_by_accident(tmp_path):
    rng = np.random.default_rng(7)
    coarse = [pd.DataFrame({"a": rng.integers(0, 3, 600), "b": rng.integers(0, 4, 600)}) for _ in range(2)]
    assert pair(tmp_path, *coarse) == []


def test_an_id_that_is_not_called_so_is_no_feature(tmp_path):
    frame = tables.people(400, 8).rename(columns={"id": "number"})
    frame["code"] = [f"c{n * 7919 % 400:05}" for n in range(400)]
    frame["words"] = [f"a text of person {n}" for n in range(400)]
    place = tables.write(tmp_path / "train.csv", frame)
    columns = tuple(
        Column(name, "integer" if name == "number" else "text") for name in ("number", "code", "words")
    )
    subject = tables.subject(place, Schema(columns, other_columns="allow"))
    assert [(f.column, f.rule, f.severity) for f in check_all([subject])] == [
        ("number", "id", "warn"),
        ("code", "id", "warn"),
    ]


def test_a_shift_is_found_with_what_moved_and_chance_is_none(tmp_path):
    train, test = tables.people(1_500, 9), tables.people(400, 10)
    assert pair(tmp_path, train, test) == []
    test.loc[:160, "region"] = "West"
    test["income"] *= 2
    assert [one[:3] for one in pair(tmp_path, train, test)] == [
        ("test", "income", "skew"),
        ("test", "region", "skew"),
    ]


def test_training_data_are_compared_with_those_of_the_champion(tmp_path):
    old = tables.write(tmp_path / "old.csv", tables.people(900, 11))
    schema, table = infer(old, "old.csv")
    before = Reference("the training data of churn@v1.0.0", parse(dump(profile(table, schema, "d")), "p"))
    new = tables.people(900, 12)
    new["score"] += 2
    subject = tables.subject(tables.write(tmp_path / "new.csv", new), schema)
    (one,) = [f for f in check_all([subject], before) if f.rule == "skew"]
    assert str(one).startswith("score: skew: distributed otherwise than the training data of churn@v1.0.0: above ")


def test_a_shift_that_only_many_rows_show_does_not_matter(tmp_path):
    rng = np.random.default_rng(15)
    schema = Schema((Column("a", "number"),))
    sides = [pd.DataFrame({"a": rng.normal(mean, 1, 15_000)}) for mean in (0, 0.12)]
    one, other = (tables.seen(tables.write(tmp_path / f"{n}.csv", side), schema) for n, side in enumerate(sides))
    known = profile(one, schema, "")
    assert _p(_counts(known.columns[0], 15_000), counts(known.columns[0], other.sample["a"])) < 1e-9
    assert shifts(other, known, schema) == ()


def test_few_rows_are_shifted_by_nothing(tmp_path):
    place = tables.write(tmp_path / "a.csv", tables.people(900, 13))
    schema, table = infer(place, "a.csv")
    few = tables.seen(tables.write(tmp_path / "b.csv", tables.people(40, 13).assign(height=250.0)), schema)
    assert shifts(few, profile(table, schema, ""), schema) == ()


def test_the_p_of_a_shift_is_that_of_scipy():
    rows = np.array([[40, 60, 0, 10], [30, 20, 0, 25]])
    wanted = chi2_contingency(rows[:, [0, 1, 3]], correction=False).pvalue
    assert _p(*rows) == pytest.approx(wanted, rel=1e-12)


def test_no_shift_is_seen_in_sixty_columns_of_one_origin(tmp_path):
    rng = np.random.default_rng(14)
    frame = pd.DataFrame({f"c{n}": rng.normal(0, 1, 1_100) for n in range(60)})
    schema = schema_of(frame, "none")
    train = tables.seen(tables.write(tmp_path / "a.csv", frame[:1_000]), schema)
    other = tables.seen(tables.write(tmp_path / "b.csv", frame[1_000:1_100]), schema)
    assert shifts(other, profile(train, schema, ""), schema) == ()


@pytest.mark.parametrize(
    "change",
    [
        ('"format": 1', '"format": 2'),
        ('"nulls": 0.0', '"nulls": 7'),
        ('"shares": [', '"shares": [0.1, '),
        ('"edges": [', '"edges": [1e99, '),
        ('"rows": 900', '"rows": NaN'),
    ],
)
def test_a_profile_that_was_tampered_with_is_refused(tmp_path, change):
    place = tables.write(tmp_path / "a.csv", tables.people(900, 13))
    schema, table = infer(place, "a.csv")
    text = dump(profile(table, schema, "d"))
    assert parse(text, "p").rows == 900
    assert change[0] in text
    with pytest.raises(ConfigError, match="is not what cdml wrote"):
        parse(text.replace(*change, 1), "p")
