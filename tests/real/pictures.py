"""Comments and reports as people see them: Markdown through GitHub's own renderer, drawn by a real browser.

`.venv/bin/python tests/real/pictures.py` writes the pictures of `docs/pictures/` anew; look at each of them then.
The style sheet is our own and only resembles a forge's; Mermaid is the program that forges themselves run.
"""

from __future__ import annotations

import base64
import struct
import sys
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
sys.path.append(str(CHECKOUT / "tests" / "support"))

import judgements  # noqa: E402
import tools  # noqa: E402
from browser import Page, browser  # noqa: E402

from cdml.core.comparison import Judgement  # noqa: E402
from cdml.core.run import Around  # noqa: E402
from cdml.reports.html import report  # noqa: E402

PICTURES = CHECKOUT / "docs" / "pictures"
DESKTOP, TELEPHONE, PAPER = 900, 390, 700
_MERMAID = tools.NODE_FOLDER / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"

# Draws every diagram in its place; `window.ready` is what whoever opened the page waits for.
_DRAW = """
window.ready = (async () => {
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
  for (const [number, block] of [...document.querySelectorAll("pre[lang=mermaid]")].entries()) {
    const { svg } = await mermaid.render(`diagram-${number}`, block.textContent);
    const place = document.createElement("div");
    place.innerHTML = svg;
    block.replaceWith(place);
  }
})();
"""

# The picture with its most frequent colours and those that are least like them: one byte for each point.
_REDUCE = """
(async (source) => {
  const bytes = Uint8Array.from(atob(source), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  const colours = new Uint32Array(data.length / 4), counted = new Map();
  for (let at = 0; at < colours.length; at += 1) {
    colours[at] = (data[4 * at] << 16) | (data[4 * at + 1] << 8) | data[4 * at + 2];
    counted.set(colours[at], (counted.get(colours[at]) ?? 0) + 1);
  }
  const ranked = [...counted].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => colour);
  const palette = ranked.slice(0, 72), rest = ranked.slice(72);
  const parts = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const apart = (a, b) => parts(a).reduce((sum, one, place) => sum + (one - parts(b)[place]) ** 2, 0);
  const lacks = rest.map((colour) => Math.min(...palette.map((one) => apart(one, colour))));
  while (palette.length < 128 && Math.max(...lacks) > 0) {
    const added = rest[lacks.indexOf(Math.max(...lacks))];
    palette.push(added);
    rest.forEach((colour, place) => { lacks[place] = Math.min(lacks[place], apart(added, colour)); });
  }
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const nearest = (colour) => {
    let best = 0;
    palette.forEach((one, place) => { if (apart(one, colour) < apart(palette[best], colour)) best = place; });
    places.set(colour, best);
    return best;
  };
  const points = Uint8Array.from(colours, (colour) => places.get(colour) ?? nearest(colour));
  let text = "";
  for (let at = 0; at < points.length; at += 32768)
    text += String.fromCharCode(...points.subarray(at, at + 32768));
  return [image.width, image.height, palette, btoa(text)];
})
"""


@dataclass(frozen=True)
class Picture:
    """A picture as PNG, and its height in points."""

    png: bytes
    height: int


def judged(name: str) -> tuple[Judgement, Around]:
    """One of the judgements that comments are made of, with earlier runs, and a trend where it has a champion."""
    judgement: Judgement = getattr(judgements, name)()
    around = replace(judgements.AROUND, earlier=judgements.EARLIER)
    first = judgement.comparison.baseline is None
    return judgement, around if first else replace(around, trend=judgements.trend(judgement))


def page_of(*comments: str) -> str:
    """Comments on one page, as a forge would show them below each other."""
    from cmarkgfm import cmark, github_flavored_markdown_to_html

    chosen = cmark.Options
    options = chosen.CMARK_OPT_UNSAFE | chosen.CMARK_OPT_GITHUB_PRE_LANG | chosen.CMARK_OPT_HARDBREAKS
    bodies = [github_flavored_markdown_to_html(text, options=options) for text in comments]
    boxes = "".join(
        f'<div class="comment"><div class="who">cdml commented</div><div class="body">{body}</div></div>'
        for body in bodies
    )
    style = (HERE / "page.css").read_text("utf-8")
    drawn = any("mermaid" in body for body in bodies)
    scripts = f'<script src="{escape(_MERMAID.as_uri())}"></script><script>{_DRAW}</script>' if drawn else ""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{style}</style>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{boxes}{scripts}</body></html>'


def take(page: Page) -> Picture:
    """The page as it stands, with a palette: a third of the size."""
    source = base64.b64encode(page.picture()).decode()
    width, height, palette, points = page.evaluate(f'{_REDUCE}("{source}")')
    return Picture(_png(width, height, palette, base64.b64decode(points)), height)


def _png(width: int, height: int, palette: list[int], points: bytes) -> bytes:
    rows = b"".join(b"\0" + points[at : at + width] for at in range(0, width * height, width))
    colours = b"".join(colour.to_bytes(3, "big") for colour in palette)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, content) for kind, content in parts)


def _part(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _comment(*names: str, unfolded: bool = False) -> Callable[[], str]:
    def made() -> str:
        text = page_of(*(judgements.COMMENTS[name]() for name in names))
        return text.replace("<details>", "<details open>") if unfolded else text

    return made


def _report(name: str) -> Callable[[], str]:
    return lambda: report(*judged(name))


@dataclass(frozen=True)
class Shown:
    """What a picture of the documentation shows: what makes the page, its width, where it is seen, how much of it.

    `only` selects the parts of a report that are photographed; the others are taken out.
    """

    made: Callable[[], str]
    width: int = DESKTOP
    dark: bool = False
    paper: bool = False
    only: str = ""


DRAWN = "header, :has(.plots, .matrix, [id$=flipped])"
DOCUMENTED: dict[str, Shown] = {
    "comment-better": Shown(_comment("better")),
    "comment-worse": Shown(_comment("worse")),
    "comment-inconclusive": Shown(_comment("inconclusive")),
    "comment-first-model": Shown(_comment("first_model")),
    "comment-data-changed": Shown(_comment("data_changed")),
    "comment-environment-changed": Shown(_comment("environment_changed")),
    "comment-many": Shown(_comment("many")),
    "comment-fork": Shown(_comment("fork_waits")),
    "comment-failed-training": Shown(_comment("failed_training")),
    "comment-regression": Shown(_comment("regression")),
    "comment-multiclass": Shown(_comment("multiclass")),
    "comment-monorepo": Shown(_comment("monorepo_churn", "monorepo_price", "monorepo_species")),
    "comment-unfolded": Shown(_comment("better", unfolded=True)),
    "comment-telephone": Shown(_comment("waived"), TELEPHONE),
    "report": Shown(_report("inconclusive")),
    "report-multiclass": Shown(_report("multiclass"), only=DRAWN),
    "report-regression": Shown(_report("regression"), only=DRAWN),
    "report-dark": Shown(_report("loosened"), dark=True, only=DRAWN),
    "report-telephone": Shown(_report("worse"), TELEPHONE, dark=True, only=DRAWN),
    "report-paper": Shown(_report("data_changed"), PAPER, paper=True, only=DRAWN),
}


def main() -> None:
    """Write every picture of the documentation anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browser(Path(folder)) as page:
        for name, shown in DOCUMENTED.items():
            place = Path(folder) / "page.html"
            place.write_text(shown.made(), "utf-8")
            page.open(place, shown.width, dark=shown.dark, paper=shown.paper)
            if shown.only:
                page.evaluate(
                    f"document.querySelectorAll('article > :not({shown.only})').forEach((one) => one.remove())"
                )
            picture = take(page)
            (PICTURES / f"{name}.png").write_bytes(picture.png)
            print(f"{name}: {shown.width} x {picture.height}, {len(picture.png):,} bytes", *page.complaints)


if __name__ == "__main__":
    main()
