"""Files written whole or not at all, and digests that depend on content and names alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdml.core.files import digest, write


def test_a_file_is_written_with_its_folders_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a/b/c.txt"
    write(path, "grüße\n")
    assert path.read_bytes() == "grüße\n".encode()
    write(path, b"\x00")
    assert path.read_bytes() == b"\x00"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["c.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.txt"
    write(path, "old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["c.txt"]


def test_a_reader_never_sees_a_half(tmp_path: Path) -> None:
    """The file that is open while another is written still is the old one, whole."""
    path = tmp_path / "c.txt"
    write(path, "old" * 1000)
    with path.open() as file:
        write(path, "new" * 1000)
        assert file.read() == "old" * 1000
    assert path.read_text() == "new" * 1000


def test_the_digest_of_a_file_is_sha256_and_size(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    found = digest(tmp_path / "a")
    assert found.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert found.size == 3


def test_a_folders_digest_knows_names_and_content_but_no_order_and_no_place(tmp_path: Path) -> None:
    names = ["b", "a/z", "a/y", "a.txt", "ü"]
    one, other = tmp_path / "one", tmp_path / "elsewhere/other"
    for folder, order in ((one, names), (other, reversed(names))):
        for name in order:
            write(folder / name, name)
    first = digest(one)
    assert first == digest(other)
    assert first.size == sum(len(name.encode()) for name in names)
    (other / "b").write_text("c")
    assert digest(other) != first
    (other / "b").write_text("b")
    assert digest(other) == first
    (other / "b").rename(other / "c")
    assert digest(other) != first


def test_the_order_in_which_the_disk_lists_files_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        write(tmp_path / name, name)
    first = digest(tmp_path)
    for order in ("abc", "cba", "bca"):
        monkeypatch.setattr(Path, "rglob", lambda self, _, order=order: [self / name for name in order])
        assert digest(tmp_path) == first


def test_a_name_cannot_pose_as_two_files(tmp_path: Path) -> None:
    write(tmp_path / "two/a", "x")
    write(tmp_path / "two/b", "")
    empty = digest(tmp_path / "two/b").sha256
    write(tmp_path / f"one/a\n{empty} 0 b", "x")
    assert digest(tmp_path / "one") != digest(tmp_path / "two")


def test_names_that_are_no_utf8_have_a_digest(tmp_path: Path) -> None:
    (tmp_path / "\udcff").write_text("x")
    assert digest(tmp_path).size == 1
