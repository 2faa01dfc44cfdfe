"""Every kind of comment and report in a real browser: drawn without a complaint, wide, narrow, light, dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import judgements
import pictures
import pytest
import tools
from browser import Page, browser

from cdml.reports.html import report

REPORTS = ("better", "many", "first_model", "waived", "loosened", "multiclass", "regression")
FEWEST_BYTES = 7_000  # of a picture: an empty page has fewer
LARGEST = 200_000
PAGES = ("comment.md", "report.md")
TEXTS = "".join((tools.CHECKOUT / "docs" / page).read_text("utf-8") for page in PAGES)
SHOWN = re.findall(r"pictures/([\w-]+\.png)", TEXTS)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def shown(page: Page, text: str, folder: Path, width: int, *, dark: bool = False, paper: bool = False) -> None:
    """Open a page, which must draw something, say nothing to its console, and fit the width."""
    place = folder / "page.html"
    place.write_text(text, "utf-8")
    page.open(place, width, dark=dark, paper=paper)
    assert page.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(page.picture()) > FEWEST_BYTES


@pytest.mark.parametrize("name", judgements.COMMENTS)
def test_every_comment_is_drawn(name: str, page: Page, tmp_path: Path) -> None:
    tools.need("mermaid")
    text = pictures.page_of(judgements.COMMENTS[name]())
    for width in (pictures.DESKTOP, pictures.TELEPHONE):
        shown(page, text, tmp_path, width)


def test_a_diagram_is_drawn_where_there_is_one_and_a_broken_one_is_seen(page: Page, tmp_path: Path) -> None:
    tools.need("mermaid")
    shown(page, pictures.page_of(judgements.COMMENTS["better"]()), tmp_path, pictures.DESKTOP)
    assert page.evaluate("document.querySelectorAll('pre[lang=mermaid]').length") == 0
    assert page.evaluate("document.querySelectorAll('svg[id^=diagram-]').length") == 1
    (tmp_path / "broken.html").write_text(pictures.page_of("```mermaid\nxychart-beta\n  x-axis [\n```"))
    with pytest.raises(tools.ToolFailed, match=r"(?i)parse error"):
        page.open(tmp_path / "broken.html", pictures.DESKTOP)


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_drawn_in_light_and_dark(name: str, page: Page, tmp_path: Path) -> None:
    text = report(*pictures.judged(name))
    for width in (pictures.DESKTOP, pictures.TELEPHONE):
        for dark in (False, True):
            shown(page, text, tmp_path, width, dark=dark)
    shown(page, text, tmp_path, pictures.PAPER, paper=True)


def test_pictures_say_their_numbers_where_they_are_pointed_at_and_unfold_them(page: Page, tmp_path: Path) -> None:
    shown(page, report(*pictures.judged("better")), tmp_path, pictures.DESKTOP)
    assert page.evaluate("document.querySelectorAll('svg.plot').length") == 3
    spot = "document.querySelector('svg.plot circle.candidate.spot')"
    assert "found" in page.evaluate(f"{spot}.querySelector('title').textContent")
    middle = f"(({{x, y, width}}) => [x + width / 2, y + width / 2])({spot}.getBoundingClientRect())"
    page.evaluate(f"{spot}.scrollIntoView()")
    assert page.evaluate(f"document.elementFromPoint(...{middle}).tagName") == "circle"
    seen = "document.querySelector('figure.plot table').checkVisibility()"
    assert page.evaluate(seen) is False
    page.evaluate("document.querySelector('figure.plot summary').click()")
    assert page.evaluate(seen) is True


def test_slices_are_switched_to_another_metric_and_all_are_there_without_scripts(
    page: Page, tmp_path: Path
) -> None:
    names = "[...document.querySelectorAll('.option')].filter((one) => one.checkVisibility() && one.open)"
    visible = f"{names}.map((one) => one.querySelector('summary').textContent)"
    shown(page, report(*pictures.judged("many")), tmp_path, pictures.DESKTOP)
    assert page.evaluate(visible) == ["roc_auc"]
    choose = "const list = document.querySelector('.choose select'); list.value = '6';"
    page.evaluate(f"(() => {{ {choose} list.dispatchEvent(new Event('change')); }})()")
    assert page.evaluate(visible) == ["f1"]
    page.open(tmp_path / "page.html", pictures.DESKTOP, scripts=False)
    assert page.evaluate("document.querySelectorAll('.choose').length") == 0
    assert page.evaluate(
        "[...document.querySelectorAll('.option > summary')].every((one) => one.checkVisibility())"
    )


def test_slices_are_sorted_by_a_click_and_the_whole_is_there_without_scripts(page: Page, tmp_path: Path) -> None:
    rows = "[...document.querySelector('table.sortable').tBodies[0].rows]"
    column = f"{rows}.map((row) => row.cells[1].textContent.trim())"
    click = "document.querySelectorAll('table.sortable thead button')[1].click()"
    shown(page, report(*pictures.judged("many")), tmp_path, pictures.DESKTOP)
    given = page.evaluate(column)
    page.evaluate(click)
    rising = page.evaluate(column)
    assert rising == sorted(given, key=lambda cell: int(cell.replace(",", ""))) != given
    page.evaluate(click)
    assert page.evaluate(column) == sorted(given, key=lambda cell: -int(cell.replace(",", "")))
    page.open(tmp_path / "page.html", pictures.DESKTOP, scripts=False)
    assert page.evaluate("document.querySelectorAll('thead button').length") == 0
    assert page.evaluate(column) == given


def test_the_report_runs_no_other_script(page: Page, tmp_path: Path) -> None:
    evil = report(*pictures.judged("better")).replace("</main>", "<script>document.title = 'run'</script></main>")
    (tmp_path / "evil.html").write_text(evil, "utf-8")
    page.open(tmp_path / "evil.html", pictures.DESKTOP)
    assert page.evaluate("document.title") != "run"
    assert any("Content Security Policy" in said for said in page.complaints)


def test_a_page_that_complains_is_found_out(page: Page, tmp_path: Path) -> None:
    place = tmp_path / "page.html"
    for script in ("console.error('x')", "nothing.here()"):
        place.write_text(f"<p></p><script>{script}</script>")
        page.open(place, pictures.DESKTOP)
        assert page.complaints
    assert len(page.picture()) < FEWEST_BYTES


def test_the_pictures_of_the_documentation_are_those_that_are_made_and_none_is_large() -> None:
    found = {place.name: place.stat().st_size for place in pictures.PICTURES.glob("*.png")}
    assert set(found) == set(SHOWN) == {f"{name}.png" for name in pictures.DOCUMENTED}
    assert {name: size for name, size in found.items() if size > LARGEST} == {}
