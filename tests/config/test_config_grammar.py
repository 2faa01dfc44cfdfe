"""The grammars of single values agree with their patterns, and with git."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.config import grammar
from cdml.core.names import is_name
from cdml.state.git import Git

LETTERS = st.text(st.sampled_from(list("ab/.~:\\ ${}@*[?^-_%é")), min_size=1, max_size=8)


@given(LETTERS)
def test_paths_as_code_and_as_pattern(text: str) -> None:
    try:
        normal = grammar.path(text)
    except ValueError:
        assert not re.search(grammar.PATH_PATTERN, text)
        return
    assert re.search(grammar.PATH_PATTERN, text)
    assert grammar.path(normal) == normal
    assert not normal.endswith("/")


@given(st.text(st.sampled_from(list("aZ0-_/.")), min_size=1, max_size=8))
def test_names_as_code_and_as_pattern(text: str) -> None:
    assert bool(re.search(grammar.NAME_PATTERN, text)) == is_name(text)


BRANCHES = ["main", "release/a", "a..b", "a.lock", "a.lock/b", ".a", "a/.b", "a.", "a//b", "/a", "a/", "a~1"]
BRANCHES += ["a^", "a:b", "a?", "a*", "a[", "a\\b", "a@{b", "a@b", "-a", "é", "a\x7f", "a.b", "a-", "a b"]


@pytest.mark.parametrize("name", BRANCHES)
def test_branches_as_git_has_them(name: str, tmp_path: Path) -> None:
    accepted = Git(tmp_path).run("check-ref-format", "--branch", name, check=False).code == 0
    assert bool(re.fullmatch(grammar.BRANCH_PATTERN, name)) == accepted
