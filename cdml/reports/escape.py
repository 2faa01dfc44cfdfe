"""Everything from outside is text, never markup: names, labels, slice values and reasons on their way into a
report.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

LONGEST = 200
LONGEST_PROSE = 600
LONGEST_ADDRESS = 500
LONGEST_LINE = 400
MOST_LINES = 60
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINER = "\u2060"  # invisible; keeps a forge from seeing a mention, an issue or an address
_STRUCTURE = re.compile(r"[&<>|`*\[\]\\~$#]|(?<![^\W_])_|_(?![^\W_])")
# What forges make references of in plain text: people and addresses by @, issues, merge requests, milestones,
# labels and the like by the other signs, and signs named in colons (the second colon may be the one that a report
# writes behind the text).
_REFERENCE = re.compile(r"@(?=\S)|[#!%~$^&*](?=[\w\"])|GH-(?=\d)|:(?=[\w+-]+(?::|$))", re.IGNORECASE)
_ADDRESS = re.compile(r"(://|www\.)", re.IGNORECASE)
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_QUOTED = re.compile(r"&#96;([A-Za-z0-9/][A-Za-z0-9 ./=_-]{0,60}[A-Za-z0-9])&#96;")
# A forge, or cdml itself, may take a line that begins so for a command; a path has a second slash.
_COMMAND = re.compile(r"^(\s*)(?=/\w[\w-]*(\s|$))")


def legible(text: object) -> str:
    """One line without control characters or characters that turn the direction of writing."""
    kept = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in str(text))
    return " ".join(kept.split())


def plain(text: object, longest: int = LONGEST) -> str:
    """The same, cut when very long."""
    line = legible(text)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def markdown(text: object, longest: int = LONGEST) -> str:
    """Text that GitHub's, GitLab's, Gitea's and Azure's Markdown show as it stands, in a table cell too.

    Character references can never be structure (CommonMark 0.31, section 2.5), so they replace what could be.
    """
    line = _REFERENCE.sub(lambda found: found[0] + _JOINER, plain(text, longest))
    line = _ADDRESS.sub(lambda found: found[0][:-1] + _JOINER + found[0][-1], line)
    return _STRUCTURE.sub(lambda found: f"&#{ord(found[0])};", line)


def code(text: object) -> str:
    """A revision or a version inside a code span: only what such names are made of.

    Never nothing: two backticks beside each other would begin another span.
    """
    return re.sub(r"[^A-Za-z0-9@._/#!+\-]", "", plain(text)) or "unknown"


def identifier(text: object) -> str:
    """A gate's id inside a code span: only what such ids are made of."""
    return re.sub(r"[^A-Za-z0-9._%:\-]", "", plain(text)) or "unknown"


def paragraph(text: object, longest: int = LONGEST) -> str:
    """The same at the beginning of a line, where a sign or a number would begin a list, and a slash a command."""
    line = markdown(text, longest)
    line = re.sub(r"^[-+=/]", lambda found: f"&#{ord(found[0])};", line)
    return re.sub(r"^(\d+)([.)])(?= |$)", lambda found: f"{found[1]}&#{ord(found[2])};", line)


def prose(text: object) -> str:
    """A longer paragraph in which a plain command between backticks is shown as code, and nothing else is."""
    return _QUOTED.sub(r"`\1`", paragraph(text, LONGEST_PROSE))


def block(text: str, most: int = MOST_LINES, longest: int = LONGEST_LINE) -> str:
    """The last lines of a program's output as a code block that they cannot end.

    Colours are left out, and what a program wrote over on the same line (a progress bar).
    """
    lines = [_line(line, longest) for line in text.rstrip("\r\n").split("\n")[-most:]]
    ticks = max((len(run) for run in re.findall(r"`+", "\n".join(lines))), default=0)
    fence = "`" * max(3, ticks + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def _line(text: str, longest: int) -> str:
    shown = _COLOURS.sub("", text.rstrip("\r").rpartition("\r")[2])
    kept = "".join(c for c in shown if c == "\t" or unicodedata.category(c) not in _UNSEEN)
    cut = kept if len(kept) <= longest else f"{kept[: longest - 1]}…"
    return _COMMAND.sub(rf"\1{_JOINER}", cut)


def address(url: str) -> str:
    """An address that people may follow, fit for a Markdown link's brackets; empty unless it is http or https.

    One that names a user is left out too: it could hold a token.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except ValueError:
        return ""
    safe = quote(url, safe="%/:?=&#+,;.-_@") if known and url == legible(url) else ""
    return safe if len(safe) <= LONGEST_ADDRESS else ""


def link(words: str, url: str) -> str:
    """A Markdown link, or nothing where the address is none; `words` are Markdown already."""
    safe = address(url).replace("&", "&amp;")
    return f"[{words}]({safe})" if safe else ""
