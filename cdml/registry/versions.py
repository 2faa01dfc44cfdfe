"""The order of version numbers: Semantic Versioning 2.0.0, section 11 (https://semver.org)."""

from __future__ import annotations

import re
from typing import Literal

from cdml.core.errors import UsageError
from cdml.core.names import SEMVER

Bump = Literal["major", "minor", "patch"]
Precedence = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]

FIRST = "v1.0.0"
_VERSION = re.compile(f"v{SEMVER}")


def precedence(version: str) -> Precedence:
    """A key that sorts versions from the lowest to the highest; build metadata does not count."""
    found = _match(version)
    before = found["prerelease"]
    identifiers = before.split(".") if before else []
    return (
        int(found["major"]),
        int(found["minor"]),
        int(found["patch"]),
        before is None,
        tuple(_identifier(text) for text in identifiers),
    )


def _identifier(text: str) -> tuple[bool, int, str]:
    """Numbers come before words, and compare as numbers."""
    return (False, int(text), "") if text.isdecimal() else (True, 0, text)


def bumped(version: str, bump: Bump) -> str:
    """The next number after a version; a pre-release suffix falls away."""
    found = _match(version)
    major, minor, patch = (int(found[part]) for part in ("major", "minor", "patch"))
    if bump == "major":
        return f"v{major + 1}.0.0"
    if bump == "minor":
        return f"v{major}.{minor + 1}.0"
    return f"v{major}.{minor}.{patch + 1}"


def is_version(text: str) -> bool:
    """Whether a text is a version as tags write it, such as `v1.4.0`."""
    return _VERSION.fullmatch(text) is not None


def _match(version: str) -> re.Match[str]:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise UsageError(f"{version!r} is not a version", "versions are like v1.2.3")
    return found
