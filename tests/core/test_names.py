"""Names and versions that end up in git references."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdml.core.names import NAME, SEMVER, is_name


@pytest.mark.parametrize("name", ["a", "churn", "a-b_c/d", "A1", "1", "x" * 100])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "/a", "a/", "a//b", "a.b", "a b", "a\n", "ä", "a@b", "a#b", "x" * 101, "_a", "٣"]
)
def test_no_names(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    "version", ["0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha.1", "1.0.0-0.x-y", "1.0.0+b.01", "1.0.0-a+b"]
)
def test_versions(version: str) -> None:
    found = re.fullmatch(SEMVER, version)
    assert found
    assert ".".join(found[part] for part in ("major", "minor", "patch")) == re.split(r"[-+]", version)[0]


@pytest.mark.parametrize(
    "version",
    ["1", "1.2", "01.2.3", "1.2.03", "1.2.3-", "1.2.3-01", "1.2.3+", "v1.2.3", "1.2.3\n", "1.٢.3", "1.2.1٣"],
)
def test_no_versions(version: str) -> None:
    assert not re.fullmatch(SEMVER, version)


@settings(max_examples=25, deadline=None)
@given(st.from_regex(NAME, fullmatch=True).filter(is_name))
def test_every_name_may_stand_in_a_git_reference(name: str) -> None:
    words = ["git", "check-ref-format", f"refs/tags/{name}@v1.0.0"]
    assert subprocess.run(words, check=False).returncode == 0
