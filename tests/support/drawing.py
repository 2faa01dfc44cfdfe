"""The smallest pictures, and a program that draws one."""

from __future__ import annotations

import struct
import zlib

DRAW = """
import pathlib, struct, zlib
def part(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
grey = bytes([int(min(skill, 2) * 100)])
drawn = b"\\x89PNG\\r\\n\\x1a\\n" + part(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
pathlib.Path("plots").mkdir(exist_ok=True)
drawn += part(b"IDAT", zlib.compress(b"\\0" + grey)) + part(b"IEND", b"")
pathlib.Path("plots/roc.png").write_bytes(drawn)
"""
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9"
)


def png(width: int = 1, height: int = 1) -> bytes:
    """A grey PNG of this size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _part(b"IHDR", head)
        + _part(b"IDAT", zlib.compress((b"\0" + b"\x80" * width) * height))
        + _part(b"IEND", b"")
    )


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNG = png()
