"""What a forge shows of Markdown, and how much of it: comments are written for the forge that they go to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """`longest` is a comment's greatest length in characters; `mermaid` says that diagrams are drawn.

    `folds` says that `<details>` is folded, where it is not such parts are left to the report.
    """

    longest: int = 65_536
    mermaid: bool = True
    folds: bool = True


GITHUB_FLAVOURED = Dialect()
