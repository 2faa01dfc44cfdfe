"""docs/comment.md says what is true: limits, commands and pictures."""

from __future__ import annotations

import re
from pathlib import Path

from cdml.core.command import FORMS, MEANINGS
from cdml.core.dialect import GITHUB_FLAVOURED
from cdml.forges import azure_comments, gitea_comments, gitlab_text, local

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "comment.md").read_text("utf-8")
DIALECTS = (
    GITHUB_FLAVOURED,
    gitlab_text.GITLAB_FLAVOURED,
    gitea_comments.DIALECT,
    azure_comments.DIALECT,
    local.DIALECT,
)


def test_the_limits_are_the_forges() -> None:
    longest = " | ".join(f"{one.longest:,}" for one in DIALECTS)
    assert f"| characters of a comment | {longest} |" in PAGE
    drawn = " | ".join("yes" if one.mermaid else "no" for one in DIALECTS)
    assert f"| Mermaid diagrams | {drawn} |" in PAGE
    assert all(one.folds for one in DIALECTS)


def test_every_command_is_there_as_the_grammar_has_it() -> None:
    told = re.findall(r"^\| `(/cdml [^`]*)` \|", PAGE, re.MULTILINE)
    assert sorted(told) == sorted(FORMS.values())
    assert all(MEANINGS[verb].split(",")[0] in PAGE for verb in FORMS if verb != "help")


def test_every_picture_is_there() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    assert len(shown) > 10
    assert [path for path in shown if not (DOCS / path).is_file()] == []
