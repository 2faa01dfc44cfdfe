"""Everything from outside is text, never markup: names, labels, slice values and reasons on their way into a
report.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 200
MOST_LINES = 60
_JOINER = "\u2060"  # invisible; keeps a forge from seeing a mention, an issue or an address
_STRUCTURE = re.compile(r"[&<>|`*\[\]\\~$#]|(?<![^\W_])_|_(?![^\W_])")
_MENTION = re.compile(r"(?<![^\W_])@(?=\w)")
_ADDRESS = re.compile(r"(://|\bwww\.)", re.IGNORECASE)


def plain(text: object) -> str:
    """One line without control characters or characters that turn the direction of writing, cut when very long."""
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for c in str(text))
    line = " ".join(kept.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def markdown(text: object) -> str:
    """Text that GitHub's, GitLab's and Azure's Markdown show as it stands, in a table cell too.

    Character references can never be structure (CommonMark 0.31, section 2.5), so they replace what could be.
    """
    line = _STRUCTURE.sub(lambda found: f"&#{ord(found[0])};", plain(text))
    line = _MENTION.sub(f"@{_JOINER}", line)
    line = re.sub(r"(&#35;)(?=\d)", rf"\1{_JOINER}", line)
    return _ADDRESS.sub(lambda found: found[0][:-1] + _JOINER + found[0][-1], line)


def code(text: object) -> str:
    """A revision or a version inside a code span: only what such names are made of."""
    return re.sub(r"[^A-Za-z0-9@._/#!+\-]", "", plain(text))


def paragraph(text: object) -> str:
    """The same at the beginning of a line, where a sign or a number would begin a list."""
    line = markdown(text)
    line = re.sub(r"^[-+=]", lambda found: f"&#{ord(found[0])};", line)
    return re.sub(r"^(\d+)([.)])(?= )", lambda found: f"{found[1]}&#{ord(found[2])};", line)


def block(text: str) -> str:
    """Lines of a program's output as a code block that they cannot end."""
    lines = [
        "".join(c for c in line if c == "\t" or unicodedata.category(c) != "Cc") for line in text.splitlines()
    ]
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *lines[-MOST_LINES:], fence])
