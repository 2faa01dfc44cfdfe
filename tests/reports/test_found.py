"""What was found beyond metrics, in the comment, the terminal and the HTML report."""

from __future__ import annotations

from dataclasses import replace

from html_page import Page
from judgements import AROUND, better, first_model

from cdml.core.comparison import Comparison, Judgement
from cdml.core.dialect import Dialect
from cdml.core.findings import BehaviourResult, Fairness, FairnessGroup, FairnessMeasure, FoundSlice, Spread
from cdml.reports.html import report
from cdml.reports.markdown import comment
from cdml.reports.reasons import light
from cdml.reports.terminal import table

MEASURE = FairnessMeasure("equalized_odds_difference", 0.0347, 0.0211, "true_positive_rate", "f|x", "m")
GROUPS = (FairnessGroup("f|x", 1_640, 12, 0.25, None, 0.5), FairnessGroup("m", 60, 5, 0.5, 0.25, 0.125))
FOUND = FoundSlice((("sex", "m"), ("age", "below 30")), 1_086, "error rate", 0.51, 0.29, 0.07, 0.37, 0.48)
TEST = BehaviourResult("no <b>sex</b>", "invariance", "d", 1_200, 9, ("id 7, sex f → m: no → yes", "id 8"))


def judged(**changes: object) -> Judgement:
    judgement = better()
    found: dict[str, object] = {
        "fairness": (Fairness("sex", "yes", GROUPS, (MEASURE,)),),
        "found": (FOUND,),
        "behaviour": (TEST,),
        "repeats": (Spread("roc_auc", 5, 0.9711, 0.9744, 0.973, 0.00123),),
    }
    return replace(judgement, comparison=replace(judgement.comparison, **(found | changes)))  # type: ignore[arg-type]


def useless(comparison: Comparison) -> Comparison:
    first, *others = comparison.metrics
    return replace(comparison, metrics=(replace(first, trivial=0.999), *others))


def test_the_comment_folds_every_table_and_says_the_rest_in_a_line() -> None:
    page = comment(judged(), around=AROUND)
    seeds = "Over 5 seeds roc_auc is 0.971 to 0.974 (standard deviation 0.0012)."
    assert f"The best constant answer: roc_auc 0.500. {seeds}" in page
    assert "<summary>1 weak slice found, not asked for</summary>" in page
    assert "| sex m × age below 30 | 1,086 | 0.480 | 0.510 | 0.290 | +0.220 (+0.070 to +0.370) |" in page
    assert "| sex | equalised odds difference | 0.035 | 0.021 | true positive rate: f&#124;x, m |" in page
    assert "<summary>Behaviour: 1 test, 1 with failing cases</summary>" in page
    assert "| no &#60;b&#62;sex&#60;/b&#62; | invariance | 1,200 | 9 |" in page
    assert "Spread over" not in page


def test_where_nothing_folds_the_report_alone_has_the_tables() -> None:
    page = comment(judged(), dialect=Dialect(folds=False), around=AROUND)
    assert "Over 5 seeds" in page
    assert "weak slice found" not in page


def test_the_terminal_has_the_same_tables() -> None:
    text = table(judged(), colour=False)
    for words in ("1 weak slice found, not asked for", "sex m × age below 30", "Fairness by sex", "no <b>sex</b>"):
        assert words in text
    assert "The best constant answer" in text


def test_the_html_report_has_the_groups_too_and_every_table_has_a_heading() -> None:
    page = Page(report(judged()))
    assert page.complaints == []
    headings = [one.text for one in page.root.all("h2")]
    place = headings.index("1 weak slice found, not asked for")
    assert headings[place : place + 5] == [
        "1 weak slice found, not asked for",
        "Fairness by sex",
        "Groups of sex",
        "Behaviour: 1 test, 1 with failing cases",
        "Spread over 5 seeds",
    ]
    named = {one.attributes["id"] for one in page.root.all("h2") if "id" in one.attributes}
    tables = [one for one in page.root.all("table") if "-found-" in one.attributes["aria-labelledby"]]
    assert len(tables) == 5
    assert {one.attributes["aria-labelledby"] for one in tables} <= named
    rows = [[cell.text for cell in row.all("th", "td")] for row in tables[2].all("tr")]
    assert rows[0] == ["sex", "rows", "truly yes", "selection rate", "true positive rate", "false positive rate"]
    assert rows[1] == ["f|x", "1,640", "12", "0.250", "–", "0.500"]


def test_a_model_no_better_than_a_constant_is_said_and_yellow_at_best() -> None:
    judgement = first_model()
    assert light(judgement) == "🟢"
    assert "not surely better" not in comment(judgement)
    worthless = replace(judgement, comparison=useless(judgement.comparison))
    assert light(worthless) == "🟡"
    assert "roc_auc is not surely better than a constant answer's 0.999." in comment(worthless)


def test_nothing_found_is_nothing_said() -> None:
    page = comment(judged(fairness=(), found=(), behaviour=(), repeats=()))
    for words in ("weak slice found", "Fairness", "Behaviour", "seeds"):
        assert words not in page
