"""Words as GitLab takes them: lines of its own commands among them must never be carried out."""

from __future__ import annotations

import re

from cdml.core.dialect import Dialect
from cdml.forges import sticky
from cdml.forges.text import clean, one_line

# A note holds 1,000,000 characters (doc/api/notes.md of gitlab-org/gitlab), a description some more. Mermaid and
# <details> are drawn (doc/user/markdown.md there).
GITLAB_FLAVOURED = Dialect(longest=1_000_000)
MOST = 255  # characters of a title, and of a status' name, description and address
# GitLab carries out a line that begins with the name of one of its commands, such as /merge, with the rights of
# whoever writes it, and takes it out of the text. It drops carriage returns first. None of them is called as ours.
_ACTION = re.compile(r"^([ \t]*)/(?!cdml\s)(?=[A-Za-z_]+(?:\s|$))", re.MULTILINE)


def fit(body: str) -> str:
    """A body that GitLab takes as words alone, cut between two lines where it is too long."""
    lines = clean(body).replace("\r\n", "\n").replace("\r", "\n")
    return sticky.fit(_ACTION.sub(r"\1\\/", lines), GITLAB_FLAVOURED.longest, "GitLab")


def short(text: str) -> str:
    """As much of a line as a short field holds."""
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def is_address(url: str) -> bool:
    """Whether GitLab takes an address: with any other one it refuses the whole request."""
    return url.startswith(("https://", "http://")) and len(url) <= MOST


def title(text: str, what: str) -> str:
    """A title: one line; UsageError where there is nothing in it."""
    return short(one_line(text, what))
