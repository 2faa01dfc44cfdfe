"""A picture in the report is drawn by a real browser under the page's own policy, and as wide as there is room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pictures
from browser import browser
from drawing import png

from cdml.core.images import Image
from cdml.reports.html import report


def test_a_wide_picture_fits_a_telephone_and_needs_nothing_from_outside(tmp_path: Path) -> None:
    judgement, around = pictures.judged("better")
    text = report(judgement, replace(around, images=(Image("plots/roc.png", png(3_000, 200)),)))
    (tmp_path / "page.html").write_text(text, "utf-8")
    with browser(tmp_path) as page:
        page.open(tmp_path / "page.html", pictures.TELEPHONE)
        assert page.complaints == []
        assert page.evaluate("document.images[0].naturalWidth") == 3_000
        assert page.evaluate("document.documentElement.scrollWidth") <= pictures.TELEPHONE
