"""The model card: a golden one, and strings that try to be more than text."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from cdml.config.load import parse
from cdml.core.release import Artifact, Field, Measured, Provenance
from cdml.reports.card import card

GOLDEN = Path(__file__).parent / "golden" / "card.md"
SETTINGS = parse(
    """\
model: churn
description: Who is about to leave.
owners: ["@ml-team", ada@example.com]
train: {cmd: python t.py, outs: [m]}
evaluate: {cmd: python e.py}
""",
    file="mlops.yaml",
)
PROVENANCE = Provenance(
    inputs="1" * 64,
    commit="c" * 40,
    artifact=Artifact("model/model.skops", "a" * 64, 12_345),
    base="v1.3.0",
    axes=("training data", "parameters"),
    code={"train.py": "1"},
    data={"data/train.csv": "d" * 32, "data/test.csv": "e" * 40},
    parameters={"max_depth": 8, "features": ["age", "bmi"], "note": None},
    recipe="5" * 64,
    environment="f" * 64,
    python="3.11.7",
    signature=(Field("age", "integer"), Field("sex", "text")),
    metrics=(Measured("roc_auc", 0.8612345, 0.84, 0.88), Measured("seconds", 12.0)),
    verdicts={"roc_auc at least 0.80": "pass", "f1 at most 0.01 worse": "inconclusive"},
    compared_with="v1.3.0",
    judged_run=True,
    registered_by="Ada <ada@example.com>",
)
EVIL = "</td>\n# Top|`x` <script>alert(1)</script> [l](http://x) @everyone ![i](http://y)\u202e --- "


def test_a_card_reads_as_it_always_did() -> None:
    said = card(SETTINGS, "v1.4.0", PROVENANCE)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(said, "utf-8")
    assert said == GOLDEN.read_text("utf-8")


def test_a_first_card_says_what_is_not_known() -> None:
    bare = replace(PROVENANCE, base=None, axes=(), signature=None, metrics=(), verdicts={}, parameters={})
    said = card(replace(SETTINGS, description="", owners=()), "v0.1.0", bare)
    assert "| before | the first version |" in said
    assert "Its inputs are not recorded." in said
    assert "No description was written." in said
    assert "Owners" not in said
    assert "| parameter | value |" not in said


def test_strings_from_outside_stay_text() -> None:
    evil = replace(
        PROVENANCE,
        artifact=Artifact(EVIL, "a" * 64, 1),
        python=EVIL,
        signature=(Field(EVIL, "text"),),
        metrics=(Measured(EVIL, 1.0),),
        verdicts={EVIL: "pass"},
        data={EVIL: "d"},
        parameters={EVIL: EVIL},
    )
    said = card(replace(SETTINGS, description=EVIL, owners=(EVIL,)), "v1.4.0", evil)
    plain = card(SETTINGS, "v1.4.0", PROVENANCE)
    for mark in ("<script", "</td", "](http", "http://", "@everyone", "\u202e", "![i"):
        assert mark not in said
    headings = [line for line in said.splitlines() if line.startswith("#")]
    assert headings == [line for line in plain.splitlines() if line.startswith("#")]
    for line in said.splitlines():
        if line.startswith("| ") and "&#" in line:
            assert line.replace("`", "").count("|") in (3, 4)


def test_a_description_cannot_begin_a_list_or_a_second_head() -> None:
    for text in ("- one", "1. one", "--- x", "+ one"):
        said = card(replace(SETTINGS, description=text), "v1.4.0", PROVENANCE)
        assert f"\n{text}\n" not in said
        assert "one" in said or "x" in said
