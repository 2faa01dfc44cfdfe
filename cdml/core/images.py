"""Pictures that a run drew and people are shown: which names, how many, how large, and what their bytes must be.

They come from code of a pull request, and end up on a branch of the repository and in a browser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST = 6
LARGEST = 1_000_000  # bytes of one
WIDEST = 5_000  # pixels in either direction: few bytes can claim very many
LONGEST = 150  # characters of a path, which ends up in an address
# Names that need no escaping in any address, none of them hidden or a step upwards.
PATTERN = r"^([A-Za-z0-9_][A-Za-z0-9_.\-]*/)*[A-Za-z0-9_][A-Za-z0-9_.\-]*\.(png|jpe?g)$"
_PNG, _PNG_HEAD, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x0dIHDR", b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
# The marks of a JPEG behind which its height and width stand (start of frame).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Image:
    """A picture by its path in the project; `kept` is its place in `commit` (both empty: nobody keeps it).

    `url` is where a forge's page shows it, empty where there is no such address.
    """

    path: str
    content: bytes
    commit: str = ""
    kept: str = ""
    url: str = ""


def is_path(path: str) -> bool:
    """Whether a picture may be called so."""
    return len(path) <= LONGEST and re.fullmatch(PATTERN, path) is not None


def fault(path: str, content: bytes) -> str:
    """Why these bytes are not shown, in words; empty where they may be."""
    if not is_path(path):
        return "its name is not made of letters, digits, '_', '-' and '.', or does not end in .png or .jpg"
    if len(content) > LARGEST:
        return f"it holds {len(content):,} bytes; {LARGEST:,} are shown"
    size = _png_size(content) if path.endswith(".png") else _jpeg_size(content)
    if size is None:
        return "it is no PNG" if path.endswith(".png") else "it is no JPEG"
    if not all(0 < side <= WIDEST for side in size):
        return f"it has {size[0]:,} by {size[1]:,} pixels; {WIDEST:,} in each direction are shown"
    return ""


def _png_size(content: bytes) -> tuple[int, int] | None:
    whole = content.startswith(_PNG + _PNG_HEAD) and content.endswith(_PNG_END)
    return (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) if whole else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2 if content.startswith(_JPEG) and content.endswith(_JPEG_END) else len(content)
    while at + 9 < len(content) and content[at] == 0xFF:
        if content[at + 1] in _FRAMES:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + max(2, int.from_bytes(content[at + 2 : at + 4]))
    return None
