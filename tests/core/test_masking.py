"""Secrets do not reach what people read, whole or in part."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.core.masking import SHORTEST, masked, secret_values, without_credentials
from cdml.reports.escape import block

SECRET = st.text(st.characters(exclude_characters="*"), min_size=SHORTEST, max_size=30).filter(
    lambda text: len(text.strip()) >= SHORTEST
)


@given(st.lists(SECRET, max_size=4), st.text(max_size=20))
def test_no_value_is_left_in_any_text(secrets: list[str], around: str) -> None:
    environ = {str(n): secret for n, secret in enumerate(secrets)}
    values = secret_values(environ, environ)
    said = masked(around.join(["", *secrets, ""]), values)
    assert not [value for value in values if value in said and value not in "***"]


def test_lines_and_other_spellings_of_a_secret_are_masked() -> None:
    key = "-----BEGIN-----\nabc/def+ghi=\n--"
    values = secret_values(["KEY", "FLAG", "UNSET"], {"KEY": key, "FLAG": "on"})
    for spelling in ("abc/def+ghi=", quote("abc/def+ghi=", safe=""), base64.b64encode(b"abc/def+ghi=").decode()):
        assert masked(f"<{spelling}>", values) == "<***>"
    assert masked("on --", values) == "on --"


@pytest.mark.parametrize("user", ["", "u", "me", "abc", "user:", "someone:"])
@pytest.mark.parametrize("secret", ["AKIA+SECRET/xyz=", "sesame", "sesame!", "sesame!!"])
def test_base64_of_a_secret_behind_a_name_is_masked(user: str, secret: str) -> None:
    said = base64.b64encode(f"{user}{secret}".encode()).decode()
    left = masked(f"Authorization: Basic {said}", secret_values(["A"], {"A": secret}))
    assert "***" in left
    assert len(left.removeprefix("Authorization: Basic ").replace("***", "")) <= len(user) * 4 / 3 + 5


@pytest.mark.parametrize("spell", [quote, repr, json.dumps, lambda text: text.encode().hex()])
def test_what_programs_print_of_a_secret_is_masked(spell: Callable[[str], str]) -> None:
    key = 'pa"ss/w\\ord+ü'
    assert masked(spell(key), secret_values(["A"], {"A": key})).strip("'\"") == "***"


@pytest.mark.parametrize("inside", ["\x1b[0m", "\x1b[1;32m", "\u200b", "\u202e", "\0", "\x08"])
def test_what_cannot_be_seen_divides_no_secret(inside: str) -> None:
    """A report leaves such characters out of a log."""
    values = secret_values(["A"], {"A": "open sesame"})
    said = masked(f"first\n{inside}token: open{inside} sesame{inside}\nlast", values)
    assert block(said) == "```text\nfirst\ntoken: ***\nlast\n```"
    assert masked(f"a {inside}b", values) == f"a {inside}b"


def test_a_longer_secret_leaves_nothing_beside_a_shorter_one() -> None:
    values = secret_values(["A", "B"], {"A": "sesame", "B": "open sesame now"})
    assert masked("open sesame now; sesame", values) == "***; ***"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("url='https://me:pass@host/a?sig=1&x=2' no", "url='https://host/a' no"),
        ("ssh://me@host/a", "ssh://host/a"),
        ("is it there? mail a@b", "is it there? mail a@b"),
    ],
)
def test_addresses_lose_names_passwords_and_signatures(said: str, left: str) -> None:
    assert without_credentials(said) == left
