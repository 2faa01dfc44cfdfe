"""Markdown as GitHub's own parser reads it: which elements a page has, and what a reader sees of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

VOID = ("br", "hr", "img", "input")


@dataclass
class Page(HTMLParser):
    """`elements` are tags with their attributes, in order; `text` stands outside of code, `code` inside."""

    elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = field(default_factory=list)
    text: str = ""
    code: str = ""
    open: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.stray.append(tag)

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.code += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", ((data, None),)))

    def tags(self) -> list[str]:
        """The tags alone."""
        return [tag for tag, _ in self.elements]


def rendered(markdown: str) -> Page:
    """A page as GitHub shows it, raw HTML included."""
    page = Page()
    page.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))
    page.close()
    return page
