"""Issues that a key makes sticky: the key stands hidden in the first line of the body, on any forge."""

from __future__ import annotations

from urllib.parse import quote, unquote

from cdml.forges.text import clean

OPENING, CLOSING = "<!-- cdml-issue: ", " -->"


def with_key(key: str, body: str) -> str:
    """A body that carries its key."""
    # Quoted, a key can neither end the line nor the hidden part of it.
    return f"{OPENING}{quote(clean(key), safe=':@')}{CLOSING}\n{body}"


def key_of(body: str) -> str | None:
    """The key of a body; None where it carries none."""
    line = lines(body).partition("\n")[0]
    return unquote(line.removeprefix(OPENING).removesuffix(CLOSING)) if line.startswith(OPENING) else None


def without_key(body: str) -> str:
    """A body as it was given."""
    return lines(body).partition("\n")[2]


def lines(body: str) -> str:
    """A body with the line ends that were sent."""
    return body.replace("\r\n", "\n")
