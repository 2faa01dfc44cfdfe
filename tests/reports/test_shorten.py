"""A page of any content fits, and what is left of it is whole."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from judgements import AROUND, EARLIER, many, trend
from rendered import rendered
from strange import Shape, shapes, some_words, strange

from cdml.core.dialect import Dialect
from cdml.reports.markdown import comment, failure, issue, unchanged, waiting
from cdml.reports.shorten import SHORTEST, Form, Section, fit, length

FULL = Shape(1, 14, 90, 24, 8, 3, 12, 24, False, False, True)


def _whole(page: str) -> None:
    """Balanced elements, closed fences, complete tables."""
    fence = ""
    rows: list[int] = []
    for line in [*page.split("\n"), ""]:
        ticks = re.match(r"`{3,}", line)
        if fence:
            fence = "" if line == fence else fence
        elif ticks:
            fence = ticks[0]
        elif line.startswith("|"):
            rows.append(line.count("|"))
        else:
            assert len(set(rows)) < 2
            assert len(rows) != 1
            rows = []
    assert not fence
    read = rendered(page)
    assert read.open == read.stray == []


@settings(max_examples=30)
@given(shapes, some_words, st.integers(SHORTEST, 70_000), st.booleans())
@example(FULL, ["|" * 300], SHORTEST, True)
@example(FULL, ["🟢" * 300], SHORTEST, False)
@example(FULL, ["|" * 300], 65_536, True)
def test_every_comment_fits_and_is_whole(shape: Shape, texts: list[str], longest: int, folds: bool) -> None:
    judgement, around = strange(shape, texts)
    dialect = Dialect(longest=longest, folds=folds)
    for page in (
        comment(judgement, dialect=dialect, around=around),
        issue(judgement, "4f2a9c1", dialect=replace(dialect, longest=longest + 200), around=around)[1],
        failure(texts[0], texts[0], texts[0], "\n".join(texts * 30), dialect=dialect, around=around),
        waiting(texts[0], texts[0], texts[0], dialect=dialect, around=around),
        unchanged(judgement, dialect=dialect, around=around),
    ):
        assert length(page) <= longest + 200 * page.startswith("`")
        _whole(page)
        assert "<sub>" in page
        assert "<!-- cdml:" in page


PARTS = ("recall is 0.8", "**roc_auc**", "| gate |", "**Changed:**", "/cdml waive", "**Weakest", "**Trend:**")
PARTS += ("slices (roc_auc)", "earlier runs</summary>", "```mermaid")


@pytest.mark.parametrize("longest", [65_536, 7_500, 5_000, 4_000, 3_000, 2_000, 1_500, 1_000, 600])
def test_the_least_important_goes_first_and_a_line_says_so(longest: int) -> None:
    around = replace(AROUND, earlier=EARLIER, trend=trend(many()))
    page = comment(many(), dialect=Dialect(longest=longest), around=around)
    _whole(page)
    there = [part in page for part in PARTS]
    assert there == sorted(there, reverse=True)
    assert there[0]
    left = re.search(r"Too long for one comment, left out here: (.*)\. The \[report\]", page)
    assert (left is None) == (longest == 65_536)
    assert ("slices" in left[1] if left else False) == (longest < 7_500)
    assert length(page) <= max(longest, 800)


def test_without_a_report_the_line_names_the_command() -> None:
    page = comment(many(), dialect=Dialect(longest=4_000))
    assert "left out here: 40 of 60 slices, " in page
    assert ". `cdml compare churn@v1.3.0 4f2a9c1` shows it." in page


def test_sections_are_shortened_one_after_the_other() -> None:
    def section(name: str, importance: int) -> Section:
        return Section((Form(name * 40), Form(name * 12, f"some {name}"), Form("", f"all {name}")), importance)

    sections = [section("a", 2), section("b", 1), Section((Form("end"),), 0)]

    def page(longest: int) -> str:
        return fit(sections, longest, lambda gone: f"({gone})")

    pages = [
        f"{'a' * 40}\n\n{'b' * 40}\n\nend\n",
        f"{'a' * 40}\n\n{'b' * 12}\n\n(some b)\n\nend\n",
        f"{'a' * 40}\n\n(all b)\n\nend\n",
        f"{'a' * 12}\n\n(some a, all b)\n\nend\n",
        "(all a, all b)\n\nend\n",
    ]
    for fitting, shorter in pairwise(pages):
        assert page(len(fitting)) == fitting
        assert page(len(fitting) - 1) == shorter
    assert page(0) == pages[-1]


def test_characters_are_counted_as_the_strictest_forge_does() -> None:
    assert length("a") == 1
    assert length("é模") == 2
    assert length("🟢") == 2
    assert length("\ud800") == 1
