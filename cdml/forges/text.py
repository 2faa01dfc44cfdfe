"""Text that comes from anybody, made fit for what a forge keeps."""

from __future__ import annotations

import re

from cdml.core.errors import UsageError

OID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def clean(text: str) -> str:
    """Text that JSON and a commit message can hold: no NUL, no half of a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def one_line(text: str, what: str) -> str:
    """A title: one line of text, UsageError where there is nothing in it."""
    line = " ".join(clean(text).split())
    if not line:
        raise UsageError(f"{what} needs a title")
    return line


def full_id(text: str) -> str:
    """A full commit id, before it is used in a reference's name or an address."""
    if not OID.fullmatch(text):
        raise UsageError(f"{text!r} is not a full commit id", "git rev-parse REVISION prints it")
    return text
