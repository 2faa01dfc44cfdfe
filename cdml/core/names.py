"""The grammars of names that end up in git references and file paths."""

from __future__ import annotations

import re

# The branch on which a command has a pull request judged, at main's tip: code of a pull request that ran on main
# itself would have main's identity in a cloud, and could fill main's caches.
ASKED_BRANCH = "cdml/asked"
# The branch that keeps the pictures of evaluate.images; no commit of it is on any other branch.
IMAGES_BRANCH = "cdml/images"
# GTO's NAME, so that GTO and every reader of it agree with us.
NAME = r"[a-zA-Z0-9]([a-zA-Z0-9\-/_]*[a-zA-Z0-9])?"
# semver.org's own expression, with named parts.
SEMVER = (
    r"(?P<major>0|[1-9][0-9]*)\.(?P<minor>0|[1-9][0-9]*)\.(?P<patch>0|[1-9][0-9]*)"
    r"(?:-(?P<prerelease>(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
    r"(?:\.(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+(?P<build>[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)


def is_name(text: str) -> bool:
    """Whether a model or an environment may be called so: GTO's NAME, and good as a part of a git reference."""
    return re.fullmatch(NAME, text) is not None and "//" not in text and len(text) <= 100
