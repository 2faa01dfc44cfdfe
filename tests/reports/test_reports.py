"""What people read, kept as golden files; UPDATE_GOLDEN=1 writes them anew: then read the difference."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.core.comparison import (
    Axis,
    AxisChange,
    Comparison,
    Direction,
    Interval,
    Judgement,
    MetricResult,
    Outcome,
    Side,
    SliceResult,
    Verdict,
)
from cdml.core.release import Artifact, ReleaseRecord
from cdml.core.run import Around
from cdml.core.serialize import load
from cdml.core.settings import DeploySettings, Gate
from cdml.evaluation import numbers
from cdml.evaluation.compare import Measurement
from cdml.evaluation.gates import judge
from cdml.reports import escape
from cdml.reports.markdown import comment, failure, issue, light, marker, promotion
from cdml.reports.terminal import as_json, table
from cdml.reports.words import headline, sentence

GOLDEN = Path(__file__).parent / "golden"
UP, DOWN = Direction.HIGHER, Direction.LOWER


def _metric(name: str, direction: Direction, base: float, low: float, diff: float, high: float) -> MetricResult:
    value = round(base + diff, 6)
    own = Interval(round(value - 0.01, 6), round(value + 0.01, 6), 0.95)
    return MetricResult(name, direction, base, value, diff, Interval(low, high, 0.95), own, 12_000, "paired")


ROC = _metric("roc_auc", UP, 0.842, 0.011, 0.019, 0.027)
F1 = _metric("f1", UP, 0.702, -0.012, -0.001, 0.010)
LOSS = _metric("log_loss", DOWN, 0.412, -0.023, -0.017, -0.011)
BASE = Side("production v1.3.0", "0a1b2c3d4e5f", "v1.3.0")
HEAD = Side("this PR", "4f2a9c1d4e5f")
GATES = (Gate("min", "roc_auc", 0.8), Gate("max-regression", "roc_auc", 0.01), Gate("max-regression", "f1", 0.01))


def _slices() -> tuple[SliceResult, ...]:
    def one(value: str, base: float, diff: float, rows: int) -> SliceResult:
        metric = replace(_metric("roc_auc", UP, base, diff - 0.04, diff, diff + 0.04), rows=rows)
        return SliceResult("age", value, metric)

    return (one("18–29", 0.61, 0.02, 640), one("30–49", 0.85, 0.05, 7_000), one("50+", 0.84, 0.01, 4_360))


def _judgement(
    metrics: tuple[MetricResult, ...], gates: tuple[Gate, ...] = GATES, base_gates: tuple[Gate, ...] | None = None
) -> Judgement:
    verdicts = judge(gates, Measurement(metrics, (), 12_000), base_gates)
    changes = (
        AxisChange(Axis.DATA, True, ("train.csv +8,214 rows (+9.1 %)", "new region")),
        AxisChange(Axis.PARAMETERS, True, ("max_depth 6→8",)),
        *(AxisChange(axis, False) for axis in (Axis.CODE, Axis.ENVIRONMENT, Axis.TEST_DATA, Axis.GATES)),
    )
    comparison = Comparison("churn", BASE, HEAD, 12_000, None, metrics, _slices(), changes)
    return Judgement(comparison, verdicts)


def better_but_undecided() -> Judgement:
    return _judgement((ROC, F1, LOSS))


def first_model() -> Judgement:
    alone = tuple(replace(m, baseline=None, difference=None, interval=None) for m in (ROC, F1, LOSS))
    verdicts = judge(GATES, Measurement(alone, (), 12_000, first=True))
    return Judgement(Comparison("churn", None, HEAD, 12_000, None, alone), verdicts)


def worse_and_loosened() -> Judgement:
    worse = _metric("roc_auc", UP, 0.842, -0.052, -0.041, -0.030)
    gates = (Gate("min", "roc_auc", 0.7), Gate("max-regression", "roc_auc", 0.10))
    return _judgement((worse, F1), gates, (Gate("min", "roc_auc", 0.82), Gate("max-regression", "roc_auc", 0.01)))


def unpaired() -> Judgement:
    reason = "test data differ: 12 rows only in the baseline"
    values = tuple(replace(m, difference=None, interval=None, method=reason) for m in (ROC, F1))
    values += (
        replace(LOSS, candidate=None, difference=None, interval=None, own_interval=None, method="no y_score"),
    )
    measurement = Measurement(values, (), 11_988, reason, missing_rows=12)
    comparison = Comparison("churn", BASE, HEAD, 11_988, reason, values)
    return Judgement(comparison, judge(GATES, measurement))


EVIL = "a|b`c<img src=x>\n# h @owner *x* [l](http://e.vil) #12 --> \x1b[31m\u202eabc"


def hostile() -> Judgement:
    metric = replace(F1, name=EVIL, method=EVIL)
    comparison = Comparison(
        model="churn",
        baseline=Side(EVIL, None, EVIL),
        candidate=Side(EVIL),
        rows=10,
        unpaired=None,
        metrics=(metric, replace(metric, difference=None, interval=None)),
        slices=(SliceResult(EVIL, EVIL, metric), SliceResult(EVIL, EVIL, metric)),
        changes=(AxisChange(Axis.CODE, True, (EVIL, "@everyone")),),
        notes=(EVIL,),
    )
    gate = Gate("min", EVIL, 0.5)
    return Judgement(comparison, (Verdict(gate, Outcome.FAIL, EVIL, f"- {EVIL}", loosened=EVIL),))


def reported_only() -> Judgement:
    told = replace(ROC, name="ndcg", interval=None, own_interval=None, rows=0, method="reported")
    measurement = Measurement((told,), (), 0)
    gates = (Gate("max-regression", "ndcg", 0.01, on_inconclusive="fail"), Gate("min", "ndcg", 0.5))
    return Judgement(Comparison("churn", BASE, HEAD, 0, None, (told,)), judge(gates, measurement))


CASES = (better_but_undecided, first_model, worse_and_loosened, unpaired, hostile, reported_only)


def _check(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_comment(case) -> None:  # type: ignore[no-untyped-def]
    _check(f"{case.__name__}.md", comment(case(), around=Around(seconds=240)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_terminal(case) -> None:  # type: ignore[no-untyped-def]
    _check(f"{case.__name__}.txt", table(case(), colour=False))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_json_comes_back_whole(case) -> None:  # type: ignore[no-untyped-def]
    judgement = case()
    assert load(Judgement, as_json(judgement), "x") == judgement


def test_colour_is_only_added_to_words() -> None:
    plain, coloured = (table(better_but_undecided(), colour=c) for c in (False, True))
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
    assert "\x1b[32mbetter\x1b[0m" in coloured
    assert "\x1b[33minconclusive" in coloured
    assert "\x1b" not in table(hostile(), colour=False)


def test_headlines_and_lights() -> None:
    assert (
        headline(better_but_undecided()) == "churn: better on roc_auc, f1 undecided (2 gates pass, 1 inconclusive)"
    )
    assert headline(first_model()) == "churn: first model, nothing to compare with (3 gates pass)"
    assert headline(worse_and_loosened()) == "churn: worse on roc_auc (2 gates fail)"
    assert headline(unpaired()).startswith("churn: not comparable with production v1.3.0 (3 gates inconclusive")
    assert headline(reported_only()) == "churn: ndcg not tested (1 gate fails, 1 pass)"
    assert headline(_judgement((F1, replace(LOSS, name="cost")), ())) == "churn: f1 undecided"
    both = _judgement((_metric("a", UP, 0.5, -0.3, -0.2, -0.1), _metric("b", DOWN, 0.5, 0.1, 0.2, 0.3), F1), ())
    assert headline(both) == "churn: worse on a and b"
    mixed = _judgement((ROC, _metric("b", DOWN, 0.5, 0.1, 0.2, 0.3)), GATES[:1])
    assert headline(mixed) == "churn: better on roc_auc, worse on b (1 gate passes)"
    lights = {case.__name__: light(case()) for case in CASES}
    assert lights == {
        "better_but_undecided": "🟡",
        "first_model": "🟢",
        "worse_and_loosened": "🔴",
        "unpaired": "🟡",
        "hostile": "🔴",
        "reported_only": "🔴",
    }
    assert light(_judgement((ROC,), GATES[:1], (Gate("min", "roc_auc", 0.85),))) == "🟡"
    assert light(_judgement((ROC,), ())) == "⚪"


def test_the_sentence_of_two_files() -> None:
    comparison = better_but_undecided().comparison
    assert sentence(comparison) == (
        "better on roc_auc by 0.019 (0.011 to 0.027); f1: can't tell, 1,500,000 more rows would decide; "
        "better on log_loss by 0.017 (0.011 to 0.023)"
    )
    same = replace(F1, difference=0.0, interval=Interval(0, 0, 0.95))
    worse = _metric("mae", DOWN, 5, 0.1, 0.2, 0.3)
    comparison = replace(comparison, metrics=(same, worse, replace(ROC, interval=None, method="too few")))
    assert sentence(comparison) == (
        "f1: same; worse on mae by 0.200 (0.100 to 0.300); roc_auc: not tested (too few)"
    )
    assert sentence(unpaired().comparison) == "can't compare: test data differ: 12 rows only in the baseline"
    assert sentence(first_model().comparison) == "first model: nothing to compare with"


def test_a_gate_that_asks_for_certainty_or_for_none() -> None:
    strict = comment(_judgement((ROC, F1), (replace(GATES[2], on_inconclusive="fail"),)))
    assert "❌ inconclusive, certainty is asked for" in strict
    assert "Merge is blocked." in strict
    lax = comment(_judgement((ROC, F1), (replace(GATES[2], on_inconclusive="pass"),)))
    assert "✅ inconclusive, allowed" in lax
    assert "Merge is not blocked." not in lax


@given(st.text(max_size=60))
def test_escaped_text_has_no_structure(text: str) -> None:
    found = escape.markdown(text)
    assert not re.search(r"[<>|`*\[\]\\~$\n\r]", found)
    assert not re.search(r"@\w", found)
    assert "://" not in found
    assert not re.search(r"[^A-Za-z0-9@._/#!+\-]", escape.code(text))
    assert escape.block(text).count("\n```") >= 1


def test_escaping_shows_what_was_written() -> None:
    import html

    shown = html.unescape(escape.markdown("a|b <c> `d` _e_ f_g 50% x@y.z"))
    assert shown.replace("\u2060", "") == "a|b <c> `d` _e_ f_g 50% x@y.z"
    assert escape.markdown("roc_auc") == "roc_auc"
    assert escape.paragraph("- x").startswith("&#45;")
    assert escape.paragraph("1. x") == "1&#46; x"
    assert len(escape.markdown("x" * 999)) == 200


def test_a_run_that_broke() -> None:
    _check("failure.md", failure("churn", "4f2a9c1d", "train failed:\n```\n<b>@owner</b>\n```` tail\x1b[0m"))


def test_a_promotion_and_an_issue() -> None:
    record = ReleaseRecord(
        model="churn",
        version="v1.4.0",
        commit="4f2a9c1d4e5f",
        artifact=Artifact("model/model.skops", "ab" * 32, 10),
        inputs="cd",
        data={},
        verdicts={},
        deploy=DeploySettings("local", {}),
        champion=None,
        previous="v1.3.0",
        hold=None,
        action="promote",
        who="Ada | <ada@example.com>",
        why="better",
    )
    before = replace(record, version="v1.3.0")
    _check("promotion.md", promotion(record, before, better_but_undecided(), "production"))
    assert "as the first release" in promotion(record, None, first_model(), "production")
    title, body = issue(worse_and_loosened(), "4f2a9c1d4e5f")
    assert title == "churn: main gives no version, a gate fails"
    assert body.startswith("`4f2a9c1` was merged")
    assert marker("churn") in body


def test_digits_follow_the_interval() -> None:
    assert numbers.decimals(ROC) == 3
    assert numbers.decimals(_metric("m", UP, 0.8, -0.0003, 0.0001, 0.0005)) == 4
    assert numbers.decimals(_metric("m", DOWN, 4_312.0, -30.0, 1.0, 32.0)) == 0
    assert numbers.decimals(_metric("m", DOWN, 43.2, -1.0, 0.1, 1.2)) == 1
    assert numbers.value(4312.4, 0) == "4,312"
    assert numbers.change(-0.0004, 3) == "0.000"
    assert numbers.change(-0.012, 3) == "−0.012"
    assert numbers.value(-0.5, 2) == "−0.50"
    assert numbers.value(None, 2) == "–"


def test_numbers_that_no_table_could_hold_are_shortened() -> None:
    huge = _metric("m", UP, -1e300, -1e308, 1e300, 1e308)
    assert numbers.decimals(huge) == 3
    assert numbers.value(-1e300, 3) == "−1e+300"
    assert numbers.change(1.5e300, 0) == "+1.5e+300"
    assert numbers.value(float("inf"), 3) == "inf"
