"""The header of generated files: it says whose a file is, and whether anybody changed it since."""

from __future__ import annotations

import hashlib

HEADER = "# Generated from mlops.yaml: edit that, then run `cdml generate`."
DIGEST = "# cdml-digest: sha256:"


def stamped(body: str) -> str:
    """A file's text under the header, which holds the digest of the rest."""
    return f"{HEADER}\n{DIGEST}{_digest(body)}\n{body}"


def is_ours(text: str) -> bool:
    """Whether a file was generated."""
    return text.startswith(HEADER)


def is_edited(text: str) -> bool:
    """Whether a generated file was changed after it was written."""
    _, _, rest = text.partition("\n")
    digest, _, body = rest.partition("\n")
    return digest != f"{DIGEST}{_digest(body)}"


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()
