"""`cdml compare --format html`: to standard output or to a file, of two prediction files as of two revisions."""

from __future__ import annotations

from pathlib import Path

import pytest
from html_page import Page

from cdml.cli.main import main

ROWS = ["1,0,0.2", "2,1,0.9", "3,0,0.4", "4,1,0.6", "5,0,0.7", "6,1,0.3"]


def typed(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["cdml", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    paths = [tmp_path / "old.csv", tmp_path / "new.csv"]
    for path in paths:
        path.write_text("\n".join(["id,y_true,y_score", *ROWS, ""]))
    return [str(path) for path in paths]


def test_the_report_is_written_to_a_file_and_the_terminal_stays_quiet(
    tmp_path: Path, files: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "made" / "report.html"
    assert typed(monkeypatch, "compare", *files, "--format", "html", "--output", str(place)) == 0
    assert capsys.readouterr().out == ""
    page = Page(place.read_text("utf-8"))
    assert page.complaints == []
    assert "roc_auc" in page.root.text


def test_without_a_file_the_page_goes_to_standard_output(
    files: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "compare", *files, "--format", "html") == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>\n")


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, files: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "compare", *files, "--format", "json", "--output", str(tmp_path)) == 2
    assert f"{tmp_path} cannot be written" in capsys.readouterr().err
