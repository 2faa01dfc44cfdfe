"""The report as HTML: whole, self-contained, well formed, and nothing from outside is ever markup."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from functools import cache

import drawn_words
import judgements
import pytest
from html_page import Element, Page
from hypothesis import given, settings
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
    Waiver,
)
from cdml.core.resources import template_text
from cdml.core.run import Around, PastRun, Trend
from cdml.core.settings import Gate
from cdml.evaluation.gates import gate_ids, gate_words
from cdml.reports.escape import legible
from cdml.reports.html import report, reports
from cdml.reports.html_plots import WIDTH, change_bar, own_bar, trend_line

UP, DOWN = Direction.HIGHER, Direction.LOWER
CASES = {
    name: cache(getattr(judgements, name))
    for name in ("better", "worse", "inconclusive", "first_model", "loosened", "waived", "many", "regression")
}
better = CASES["better"]


def page(judgement: Judgement, around: Around = judgements.AROUND) -> Page:
    return Page(report(judgement, around))


def around(judgement: Judgement) -> Around:
    return replace(judgements.AROUND, earlier=judgements.EARLIER, trend=judgements.trend(judgement))


def unpaired() -> Judgement:
    judgement = better()
    why = "test data differ: 12 rows only in the baseline"
    values = tuple(replace(m, difference=None, interval=None, method=why) for m in judgement.comparison.metrics)
    return replace(judgement, comparison=replace(judgement.comparison, unpaired=why, metrics=values, slices=()))


def table_of(found: Page, name: str) -> Element:
    """The one table of the first model that is called so."""
    (table,) = (one for one in found.root.all("table") if one.attributes["aria-labelledby"] == f"model-1-{name}")
    return table


def rows_of(table: Element) -> list[list[str]]:
    return [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]


@pytest.mark.parametrize("name", CASES)
def test_the_report_says_all_that_was_judged(name: str) -> None:
    judgement = CASES[name]()
    text = page(judgement, around(judgement)).root.text
    comparison = judgement.comparison
    said = [m.name for m in comparison.metrics] + [f"{s.column} {s.value}" for s in comparison.slices]
    said += [gate_words(v.gate) for v in judgement.verdicts] + [v.reason for v in judgement.verdicts]
    said += gate_ids([v.gate for v in judgement.verdicts])
    said += [detail for change in comparison.changes if change.changed for detail in change.details]
    said += [str(change.axis) for change in comparison.changes] + list(comparison.notes)
    said += [v.waived.why for v in judgement.verdicts if v.waived] + [
        v.loosened for v in judgement.verdicts if v.loosened
    ]
    said += [run.headline for run in judgements.EARLIER] + ["v0.9.0", "trained 4 min", "4f2a9c1"]
    assert [one for one in said if legible(one) not in text] == []


def test_sixty_slices_and_long_words_are_not_shortened() -> None:
    judgement = CASES["many"]()
    long = AxisChange(Axis.CODE, True, ("x" * 5_000,))
    noted = replace(judgement.comparison, changes=(long,), notes=("region: 7 more values are not shown",))
    found = page(replace(judgement, comparison=noted))
    assert "region: 7 more values are not shown" in found.root.text
    assert len(table_of(found, "slices-1").all("tr")) == 61
    assert "x" * 5_000 in found.root.text


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_well_formed_and_its_tables_can_be_read_aloud(name: str) -> None:
    judgement = CASES[name]()
    found = page(judgement, around(judgement))
    assert found.complaints == []
    elements = found.root.all(*{shape[0] for shape in found.shape})
    ids = [one.attributes["id"] for one in elements if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    named = [one.attributes["aria-labelledby"] for one in elements if "aria-labelledby" in one.attributes]
    assert named
    assert set(named) <= set(ids)
    for table in found.root.all("table"):
        assert "aria-labelledby" in table.attributes
        assert len({len(row.all("th", "td")) for row in table.all("tr")}) == 1
    assert all("scope" in heading.attributes for heading in found.root.all("th"))


def test_the_page_needs_nothing_from_outside_and_runs_nothing_but_its_own_script() -> None:
    text = report(better(), around(better()))
    found = Page(text)
    head = found.root.all("head")[0]
    policy = next(m.attributes for m in head.all("meta") if "http-equiv" in m.attributes)
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none';")
    assert "unsafe" not in policy["content"]
    for name in ("style", "script"):
        (own,) = found.root.all(name)
        digest = base64.b64encode(hashlib.sha256("".join(own.words).encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy["content"]
    assert not [shape for shape in found.shape if {"src", "srcset", "style", "onclick"} & set(shape[1:])]
    assert not re.search(r"url\(|@import|<link|<iframe|<object", text)


def test_links_go_to_pages_and_nowhere_else() -> None:
    for bad in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//git.example.com/1",
        "https://user:token@git.example.com",
    ):
        run = PastRun("4f2a9c1", 1_763_640_000, (1, 1), "🟢", "churn: better", bad)
        text = report(better(), Around(run_url=bad, earlier=(run,)))
        assert Page(text).root.all("a") == []
    good = page(better(), Around(run_url="https://git.example.com/1?a=1&b=2"))
    assert [one.attributes["href"] for one in good.root.all("a")] == ["https://git.example.com/1?a=1&b=2"]


def test_the_same_judgement_gives_the_same_bytes() -> None:
    assert report(CASES["many"](), judgements.AROUND) == report(CASES["many"](), judgements.AROUND)


def test_models_that_cannot_be_compared_claim_nothing_and_draw_nothing() -> None:
    found = page(unpaired())
    table = found.root.all("table")[0]
    assert rows_of(table)[0] == ["metric", "production v1.3.0", "this PR", "verdict"]
    assert {row[-1] for row in rows_of(table)[1:]} == {"no claim"}
    assert table.all("svg") == []
    assert "the same for both" not in found.root.text


def test_a_first_model_stands_alone() -> None:
    table = page(CASES["first_model"]()).root.all("table")[0]
    assert rows_of(table)[0] == ["metric", "this PR", "95 % interval", ""]
    assert len(table.all("svg")) == len(rows_of(table)) - 1
    assert page(CASES["first_model"]()).root.all("code")[-1].text == "cdml run train evaluate"


def test_a_waived_failure_is_still_called_a_failure() -> None:
    gates = page(CASES["waived"]()).root.all("table")[1]
    assert [row[2] for row in rows_of(gates)[1:]].count("fail, waived") == 2
    assert "Waived by release-manager: The old test set" in gates.text


def test_the_weakest_slice_is_marked_whichever_direction_is_better() -> None:
    def one(value: str, candidate: float, direction: Direction) -> SliceResult:
        return SliceResult("age", value, replace(result(candidate, 0, 0, direction), candidate=candidate))

    for direction, weakest in ((UP, "age a weakest"), (DOWN, "age b weakest")):
        slices = (one("a", 0.5, direction), one("b", 0.7, direction))
        comparison = replace(better().comparison, slices=slices)
        table = table_of(page(Judgement(comparison, ())), "slices-1")
        assert [row[0] for row in rows_of(table) if "weakest" in row[0]] == [weakest]


def test_several_models_share_a_page_and_its_first_lines_lead_to_each() -> None:
    both = [(better(), judgements.AROUND), (CASES["regression"](), judgements.AROUND)]
    found = Page(reports(both))
    assert found.complaints == []
    assert found.root.all("title")[0].text == "2 models"
    assert [one.attributes["href"] for one in found.root.all("nav")[0].all("a")] == ["#model-1", "#model-2"]
    assert [one.attributes["id"] for one in found.root.all("article")] == ["model-1", "model-2"]
    assert Page(reports(both[:1])).root.all("nav") == []


EVIL = (
    "a</style><script>alert(1)</script><img src=x onerror=alert(1)>\"' {{7*7}} [= 1 =] [% if %] &lt; & @x \u202eb"
)


def everything(word: str) -> tuple[Judgement, Around]:
    """A judgement where every text that anybody could choose is this word."""
    metric = MetricResult(word, UP, 0.7, 0.8, 0.1, Interval(0.05, 0.15, 0.95), Interval(0.7, 0.9, 0.95), 10, word)
    plain = replace(metric, interval=None)
    waiver = Waiver(word, word, word, word, 1, 2, word, 3)
    gate = Gate("max-regression", word, 0.01)
    comparison = Comparison(
        model=word,
        baseline=Side(word, None, word),
        candidate=Side(word, word),
        rows=10,
        unpaired=None,
        metrics=(metric, plain),
        slices=(
            SliceResult(word, word, metric, (replace(plain, name=f"{word}2"),)),
            SliceResult(word, word, plain),
        ),
        changes=(AxisChange(Axis.CODE, True, (word, word)), AxisChange(Axis.DATA, False, (word,))),
        notes=(word,),
        diagnostics=drawn_words.diagnostics(word),
    )
    verdicts = (
        Verdict(gate, Outcome.FAIL, word, word, 7, word, waiver),
        Verdict(replace(gate, kind="min"), Outcome.INCONCLUSIVE, word, word, None, word),
    )
    runs = (PastRun(word, 1, (1, 1), word, word, word), PastRun(word, 10**18, (1, 1), "🔴", word, word))
    trend = Trend(word, ((word, 0.1), (word, 0.2), (word, 0.3)))
    return Judgement(comparison, verdicts), Around(word, word, 1, runs, trend, True)


HARMLESS = Page(report(*everything("harmless"))).shape


def test_hostile_words_are_words() -> None:
    found = Page(report(*everything(EVIL)))
    assert found.shape == HARMLESS
    assert found.complaints == []
    assert found.root.all("title")[0].text.startswith(f"{legible(EVIL)}: better on")
    assert "\u202e" not in found.root.text


@settings(max_examples=40, deadline=None)
@given((st.text(max_size=40) | st.text("<>&\"'/=[%]{}#- a\n", max_size=40)).filter(legible))
def test_no_word_changes_the_page(word: str) -> None:
    found = Page(report(*everything(word)))
    assert found.shape == HARMLESS
    assert found.complaints == []


def result(difference: float, low: float, high: float, direction: Direction = UP) -> MetricResult:
    return MetricResult(
        "m", direction, 0.5, 0.5 + difference, difference, Interval(low, high, 0.95), None, 100, "paired"
    )


def test_better_is_on_the_right_of_a_bar_for_either_direction() -> None:
    up, down = change_bar(result(0.2, 0.1, 0.3)), change_bar(result(-0.2, -0.3, -0.1, DOWN))
    assert up is not None
    assert up == down
    assert up.tone == "good"
    assert up.zero == WIDTH / 2 < up.low < up.at < up.high <= WIDTH
    worse = change_bar(result(0.2, 0.1, 0.3, DOWN))
    assert worse is not None
    assert (worse.tone, worse.low < worse.at < worse.high < WIDTH / 2) == ("bad", True)


def test_what_a_gate_allows_is_drawn_on_the_side_of_worse() -> None:
    for direction in (UP, DOWN):
        bar = change_bar(result(0, -0.01, 0.01, direction), allowed=(0.02,))
        assert bar is not None
        (limit,) = bar.limits
        assert 0 < limit < bar.low < WIDTH / 2
        assert WIDTH / 2 - limit == pytest.approx(2 * (WIDTH / 2 - bar.low), abs=0.2)


def test_bars_of_one_scale_are_as_long_as_their_intervals() -> None:
    narrow, wide = (change_bar(result(0, -w, w), widest=0.4) for w in (0.1, 0.4))
    assert narrow is not None
    assert wide is not None
    assert wide.high - wide.low == pytest.approx(4 * (narrow.high - narrow.low), abs=0.3)


def test_a_relative_margin_is_drawn_in_the_metrics_own_units() -> None:
    metric = replace(result(0, -0.01, 0.01), name="m", baseline=0.5)
    comparison = replace(better().comparison, metrics=(metric,), slices=())
    shown = [
        page(Judgement(comparison, (Verdict(gate, Outcome.PASS, "", ""),))).root.all("svg")[0].all("line")
        for gate in (Gate("max-regression", "m", 0.04, relative=True), Gate("max-regression", "m", 0.02))
    ]
    first, second = ([line.attributes for line in lines] for lines in shown)
    assert first == second
    assert [line["class"] for line in first].count("limit") == 1


def test_what_no_drawing_can_hold_is_not_drawn() -> None:
    for end in (float("inf"), float("nan"), 1.7e308):
        assert change_bar(result(0, -end, end)) is None
        assert trend_line(Trend("m", (("a", -end), ("b", end), ("c", 0.0)))) is None
    assert change_bar(replace(result(0, 0, 0), interval=None)) is None
    assert own_bar(result(0, 0, 0)) is None
    assert trend_line(Trend("m", (("a", 1.0), ("b", 2.0)))) is None
    same = change_bar(result(0, 0, 0))
    assert same is not None
    assert same.low == same.at == same.high == WIDTH / 2


def test_the_trend_rises_to_the_right() -> None:
    line = trend_line(Trend("m", (("a", 0.1), ("b", 0.2), ("c", 0.4))))
    assert line is not None
    (x1, y1), (x2, y2), (x3, y3) = line.points
    assert x1 < x2 < x3
    assert y1 > y2 > y3
    assert y1 - y3 == pytest.approx(3 * (y1 - y2), abs=0.2)


def test_every_colour_of_words_can_be_read_on_its_ground() -> None:
    css = template_text("reports/report.css")
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.S)
    ]
    light, dark = schemes[0], schemes[1]
    assert light.keys() == dark.keys()
    for scheme in (light, dark):
        pairs = [(word, ground) for word in ("text", "faint", "link", "before") for ground in ("paper", "soft")]
        pairs += [(tone, f"{tone}-soft") for tone in ("good", "bad", "doubt")]
        pairs += [("text", f"{tone}-soft") for tone in ("good", "bad", "doubt")]
        assert [pair for pair in pairs if _contrast(scheme[pair[0]], scheme[pair[1]]) < 4.5] == []


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
