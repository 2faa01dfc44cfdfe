"""Which bytes are shown as a picture, and under which names."""

from __future__ import annotations

import re

import pytest
from drawing import JPEG, PNG, png
from hypothesis import given
from hypothesis import strategies as st

from cdml.core.images import LARGEST, WIDEST, fault, is_path
from cdml.reports.escape import address


@pytest.mark.parametrize(("path", "content"), [("a.png", PNG), ("plots/b-1.jpg", JPEG), ("c.jpeg", JPEG)])
def test_a_picture_is_shown(path: str, content: bytes) -> None:
    assert fault(path, content) == ""


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("a.svg", b"<svg/>", "its name"),
        ("../a.png", PNG, "its name"),
        (".git/a.png", PNG, "its name"),
        ("a b.png", PNG, "its name"),
        ("a.png\n", PNG, "its name"),
        ("x" * 150 + ".png", PNG, "its name"),
        ("a.png", b"", "it is no PNG"),
        ("a.png", JPEG, "it is no PNG"),
        ("a.png", PNG + b"<script>", "it is no PNG"),
        ("a.jpg", PNG, "it is no JPEG"),
        ("a.jpg", JPEG + b"<script>", "it is no JPEG"),
        ("a.jpg", b"\xff\xd8\xff\xd9", "it is no JPEG"),
        ("a.png", png(WIDEST + 1, 1), "pixels"),
        ("a.png", png(0, 1), "pixels"),
        ("a.jpg", JPEG.replace(b"\x08\x00\x02\x00\x03", b"\x08\xff\xff\x00\x03"), "3 by 65,535 pixels"),
        ("a.png", PNG + b"x" * LARGEST, "bytes"),
    ],
)
def test_anything_else_is_not_and_the_reason_is_said(path: str, content: bytes, why: str) -> None:
    assert why in fault(path, content)


@given(st.binary(max_size=80))
def test_no_bytes_break_the_look(content: bytes) -> None:
    assert fault("a.jpg", b"\xff\xd8\xff" + content + b"\xff\xd9") is not None
    assert fault("a.png", content)


@given(st.from_regex(re.compile(r"[\w./\\ %&?#()\[\]<>`-]{0,30}\.png"), fullmatch=True))
def test_a_name_that_is_taken_needs_no_escaping(path: str) -> None:
    if is_path(path):
        assert address(f"https://forge.example/{path}").endswith(f"/{path}")
        assert not {"", ".", ".."} & set(path.split("/"))
