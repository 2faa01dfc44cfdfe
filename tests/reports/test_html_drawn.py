"""Pictures of the report: what is drawn where, that each can be read aloud, and that no number breaks one."""

from __future__ import annotations

import re
from dataclasses import replace

import drawn_words
import judgements
import pytest
from html_page import Element, Page
from hypothesis import given
from hypothesis import strategies as st

from cdml.core.comparison import Judgement
from cdml.core.diagnostics import Bounded, Confusion, Curve, Curves, Diagnostics, Flips, Importance
from cdml.reports.flips import flips_words
from cdml.reports.html import report
from cdml.reports.html_axes import NO_BREAK, Frame, Plot, framed, number, percent
from cdml.reports.html_curves import Names, calibration, precision_recall, roc
from cdml.reports.html_importance import rows
from cdml.reports.html_matrix import matrix, moved
from cdml.reports.html_residuals import plots
from cdml.reports.markdown import comment

NAMES = Names("this PR", "production")
ALL = drawn_words.diagnostics("word")
BETTER = Curve((0.0, 0.2, 1.0), (0.0, 0.9, 1.0), (0.9, 0.5, 0.1), 0.85)
WORSE = Curve((0.0, 0.5, 1.0), (0.0, 0.6, 1.0), (0.8, 0.4, 0.2), 0.55)


def judged(**changed: object) -> Judgement:
    judgement = judgements.better()
    return replace(judgement, comparison=replace(judgement.comparison, **changed))


def page(diagnostics: Diagnostics | None) -> Page:
    return Page(report(judged(diagnostics=diagnostics)))


def pictures(found: Page) -> list[Element]:
    return [one for one in found.root.all("svg") if one.attributes.get("class") == "plot"]


def all_plots() -> list[Plot]:
    assert ALL.roc
    assert ALL.precision_recall
    assert ALL.calibration
    assert ALL.residuals
    drawn = calibration(ALL.calibration, NAMES, "")
    assert drawn
    curves = [roc(ALL.roc, NAMES, ALL.confusion), precision_recall(ALL.precision_recall, NAMES, ALL.confusion)]
    return [*curves, drawn, *plots(ALL.residuals, NAMES)]


def test_every_picture_has_a_name_a_description_and_its_numbers_as_a_table() -> None:
    found = page(ALL)
    words = {one.attributes["id"]: one.text for one in found.root.all("h2", "h3", "p") if "id" in one.attributes}
    tables = {one.attributes["aria-labelledby"]: one for one in found.root.all("table")}
    assert len(pictures(found)) == 6
    for one in pictures(found):
        assert one.attributes["role"] == "img"
        assert words[one.attributes["aria-labelledby"]]
        assert words[one.attributes["aria-describedby"]]
        assert len(tables[one.attributes["aria-labelledby"]].all("tr")) > 3
    assert all(one.text for one in found.root.all("title"))


def test_nothing_is_drawn_where_there_is_nothing() -> None:
    for nothing in (None, Diagnostics(), Diagnostics(flips=Flips(0, 0))):
        found = page(nothing)
        assert pictures(found) == []
        headings = {one.text for one in found.root.all("h2")}
        assert not headings & {"Curves", "Residuals", "Flipped answers", "What the model relies on"}
        assert found.root.all("figure") == []


def test_the_better_curve_is_drawn_above_and_each_model_has_its_own_look() -> None:
    drawn = roc(Curves(BETTER, WORSE), NAMES, None)
    heights = {
        look: min(spot.y for spot in drawn.spots if spot.look == f"{look} spot" and spot.x < 200)
        for look in ("candidate", "baseline")
    }
    assert heights["candidate"] < heights["baseline"]
    assert [shape.look for shape in drawn.shapes] == ["reference", "baseline curve", "candidate curve"]
    assert drawn.key == (("candidate", "this PR: 0.85"), ("baseline", "production: 0.55"))
    assert drawn.rows[1] == ("this PR", "0.5", "0.2", "0.9")
    alone = roc(Curves(BETTER), NAMES, None)
    assert [shape.look for shape in alone.shapes] == ["reference", "candidate curve"]
    assert {spot.look for spot in alone.spots} == {"candidate spot"}


def test_the_models_own_answers_are_marked_on_the_roc_curve() -> None:
    confusion = Confusion(("0", "1"), ((90, 10), (5, 45)), ((80, 20), (10, 40)))
    drawn = roc(Curves(BETTER, WORSE), NAMES, confusion)
    marks = {spot.look: (spot.x, spot.y) for spot in drawn.spots if spot.look.endswith("mark")}
    assert marks == {"candidate mark": drawn.frame.at(0.1, 0.9), "baseline mark": drawn.frame.at(0.2, 0.8)}
    level = precision_recall(Curves(BETTER), NAMES, confusion).shapes[0]
    assert level.path == drawn.frame.line([(0, 1 / 3), (1, 1 / 3)])


def test_places_are_within_the_drawing_whatever_the_numbers() -> None:
    for one in all_plots():
        places = [float(place) for shape in one.shapes for place in re.findall(r"-?\d+\.?\d*", shape.path)]
        places += [place for spot in one.spots for place in (spot.x, spot.y)]
        assert min(places) >= 0
        assert max(places) <= 340
        assert {len(row) for row in one.rows} == {len(one.heading)}


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=5))
def test_a_frame_is_a_range_of_numbers_or_none(values: list[float]) -> None:
    frame = framed(values, values)
    if frame is None:
        return
    assert frame.left < frame.right
    assert all(0 <= place <= 340 for value in values for place in frame.at(value, value))
    assert "nan" not in frame.line((value, value) for value in values)
    assert len(frame.ticks_across) <= 8


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-120, 130, ["−100", "−50", "0", "50", "100"]),
        (0.0012, 0.0031, ["0.0015", "0.002", "0.0025", "0.003"]),
        (1_000_000, 9_000_000, ["2,000,000", "4,000,000", "6,000,000", "8,000,000"]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, labels: list[str]) -> None:
    assert [tick.label for tick in Frame(low, high, 0, 1).ticks_across] == labels


def test_more_is_higher_and_farther_right() -> None:
    frame = Frame(0, 10, 0, 10)
    (x1, y1), (x2, y2) = frame.at(1, 1), frame.at(9, 9)
    assert x1 < x2
    assert y1 > y2
    assert frame.steps([(0, 0), (10, 5)]).count("L") == 2
    assert frame.steps([(0, 0), (10, 5)]) == frame.line([(0, 0), (0, 5), (10, 5)])


def test_numbers_are_written_for_people() -> None:
    assert [number(one) for one in (-0.5, 12_345.6, 0.123456, -0.0)] == ["−0.5", "12,346", "0.1235", "0"]
    assert [percent(one).replace(NO_BREAK, " ") for one in (0.0834, 0.5, 1, 0, 0.00034)] == [
        "8.3 %",
        "50 %",
        "100 %",
        "0 %",
        "0.034 %",
    ]


def test_the_matrix_shows_counts_shares_and_what_changed() -> None:
    found = matrix(Confusion(("no", "yes"), ((90, 10), (0, 0)), ((80, 20), (0, 0))), "production")
    assert found is not None
    first, second = found.rows[0]
    assert (first.count, first.share.replace(NO_BREAK, " "), first.change, first.look) == (
        "90",
        "90 %",
        "+10",
        "shade-7 right",
    )
    assert (second.count, second.share.replace(NO_BREAK, " "), second.change, second.look) == (
        "10",
        "10 %",
        "−10",
        "shade-1",
    )
    assert [(cell.share, cell.change) for cell in found.rows[1]] == [("", ""), ("", "")]
    assert "change from production" in found.note
    alone = matrix(Confusion(("no", "yes"), ((90, 10), (0, 0))), "production")
    assert alone is not None
    assert {cell.change for row in alone.rows for cell in row} == {""}
    assert "change" not in alone.note


def test_rows_whose_error_changed_are_told_apart() -> None:
    assert ALL.flips
    rows_of = moved(ALL.flips.examples)
    assert rows_of is not None
    assert [row[-2:] for row in rows_of.rows] == [("farther", "bad"), ("nearer", "good")]
    assert moved(()) is None
    table = page(Diagnostics(moved=ALL.flips.examples)).root.all("h2")
    assert "Rows whose error changed most" in [one.text for one in table]


def test_the_most_important_column_stands_first_on_one_scale() -> None:
    few = Importance("few", Bounded(0.1, 0.0, 0.2), Bounded(0.3, 0.2, 0.4))
    found = rows((Importance("none", None), few, Importance("much", Bounded(0.4, 0.3, 0.5))))
    assert [row.name for row in found] == ["much", "few", "none"]
    (much,), (own, before) = found[0].drawn, found[1].drawn
    assert (much.look, own.look, before.look) == ("candidate", "candidate", "baseline")
    assert much.high - much.low == pytest.approx(own.high - own.low, abs=0.2)
    assert much.low > own.high
    assert found[1].zero == own.low
    assert rows((Importance("wide", Bounded(0.0, -1.7e308, 1.7e308)),)) == []


@pytest.mark.parametrize(
    ("flips", "words"),
    [
        (None, ""),
        (Flips(0, 0), ""),
        (Flips(26, 15), "41 answers flipped: 26 fixed, 15 broken."),
        (Flips(1, 0), "1 answer flipped: 1 fixed, 0 broken."),
        (Flips(1_000, 2, 3), "1,005 answers flipped: 1,000 fixed, 2 broken, 3 from wrong to otherwise wrong."),
    ],
)
def test_flips_are_told_in_a_line(flips: Flips | None, words: str) -> None:
    assert flips_words(flips) == words
    text = comment(judged(diagnostics=Diagnostics(flips=flips)))
    assert ("flipped" in text) == bool(words)
    assert words in text


def test_slices_have_a_table_for_each_metric_and_the_first_is_open() -> None:
    one = judgements.better().comparison.slices[0]
    other = replace(one.metric, name="recall", baseline=0.123, candidate=0.456, difference=0.333)
    found = Page(report(judged(slices=(replace(one, others=(other,)), replace(one, value="x", others=())))))
    (section,) = (part for part in found.root.all("section") if part.attributes.get("class") == "choice")
    first, second = section.all("details")
    assert ("open" in first.attributes, "open" in second.attributes) == (True, False)
    assert [part.all("summary")[0].text for part in (first, second)] == [one.metric.name, "recall"]
    assert [len(part.all("tr")) for part in (first, second)] == [3, 2]
    assert "0.456" in second.text
    assert "0.456" not in first.text
