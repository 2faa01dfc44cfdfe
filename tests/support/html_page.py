"""An HTML page taken apart: its elements with their attributes, its text, and what a parser had to complain of."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "input", "link"}


@dataclass(frozen=True)
class Element:
    """An element where it began, with the text inside it."""

    name: str
    attributes: dict[str, str]
    words: list[str] = field(default_factory=list)
    inside: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, *names: str) -> list[Element]:
        """The elements of these names below this one, in order."""
        found = []
        for one in self.inside:
            found += [one] if one.name in names else []
            found += one.all(*names)
        return found


class Page(HTMLParser):
    """A whole page; `complaints` are ends that fit no beginning, and elements that were never ended."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.complaints: list[str] = []
        self.shape: list[tuple[str, ...]] = []
        self._open = [self.root]
        self.feed(text)
        self.close()
        self.complaints += [f"<{one.name}> has no end" for one in self._open[1:]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.shape.append((tag, *(name for name, _ in attrs)))
        self._open[-1].inside.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:  # a drawing's own elements may end themselves
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1].name != tag:
            self.complaints.append(f"</{tag}> ends <{self._open[-1].name}>")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for one in self._open:
            one.words.append(data)
