"""What a provider would drop without a word: too many findings, too long ones, and a page that is too large."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.ci import SYSTEMS
from cdml.ci.base import Limits
from cdml.ci.text import finding
from cdml.cli import ci_output
from cdml.jobs.telling import Annotation
from cdml.jobs.told_limits import LEFT_OUT, page, shown

LIMITS = Limits(findings=10, message=200, page=1000)
FOLD = "<details><summary>All</summary>\n\n| a |\n|:--|\n\n```\ntext\n\nmore\n```\n\n</details>\n\n"


def findings(level: str, count: int) -> list[Annotation]:
    return [Annotation(level, f"{level} {number}", "mlops.yaml", number) for number in range(count)]  # type: ignore[arg-type]


def test_what_fits_is_shown_as_it_is() -> None:
    found = [*findings("error", 10), *findings("warning", 10)]
    assert shown(found, LIMITS) == (tuple(found), ())


def test_the_last_one_shown_of_a_level_says_how_many_more_there_are() -> None:
    found = [*findings("error", 11), *findings("warning", 3)]
    some, rest = shown(found, LIMITS)
    errors = [one for one in some if one.level == "error"]
    assert errors[:9] == found[:9]
    assert [one.message for one in errors[9:]] == ["2 more of these are in the log of this step"]
    assert rest == tuple(found[9:11])
    assert len([one for one in some if one.level == "warning"]) == 3


@given(st.lists(st.tuples(st.sampled_from(["error", "warning", "notice"]), st.text(max_size=500)), max_size=60))
def test_nothing_is_lost_and_no_limit_is_passed(given_ones: list[tuple[str, str]]) -> None:
    found = [Annotation(level, message) for level, message in given_ones]  # type: ignore[arg-type]
    some, rest = shown(found, LIMITS)
    for level in ("error", "warning", "notice"):
        own = [one for one in some if one.level == level]
        said = sum(one.message.endswith("more of these are in the log of this step") for one in own)
        total = len([one for one in found if one.level == level])
        assert len(own) == min(total, LIMITS.findings)
        assert len([one for one in rest if one.level == level]) == max(0, total - 9) * (total > 10)
        assert said >= (total > 10)
    assert all(len(one.message) <= LIMITS.message for one in (*some, *rest))


@given(
    st.lists(st.sampled_from([FOLD, "words\n\n", "| a |\n|:--|\n| b |\n\n", "é" * 40 + "\n\n"])),
    st.integers(0, 900),
)
def test_a_page_ends_between_its_parts_and_says_so(parts: list[str], room: int) -> None:
    whole = "".join(parts)
    got = page(whole, room)
    assert len(got.encode()) <= room or got == whole == ""
    if got == whole:
        return
    kept = got.removesuffix(LEFT_OUT)
    assert got == "" or (got.endswith(LEFT_OUT) and whole.startswith(kept))
    assert kept in {"".join(parts[:number]) for number in range(len(parts) + 1)}


def test_a_fold_does_not_end_within_a_fence() -> None:
    fold = "<details>\n\n```\n</details>\n\nwords\n```\n\n</details>\n\n"
    assert page(f"first\n\n{fold}{'x' * 200}", len(LEFT_OUT) + 52) == f"first\n\n{LEFT_OUT}"


def test_a_fence_that_is_never_closed_is_left_out_as_a_whole() -> None:
    assert page("words\n\n```\n" + "x\n\n" * 300, 200) == "words\n\n" + LEFT_OUT


def test_pages_of_one_step_share_its_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    told = SYSTEMS["github"].told
    assert told.limits
    ci_output._summarise(told, "a paragraph\n\n" * 60_000)
    first = summary.stat().st_size
    ci_output._summarise(told, "a paragraph\n\n" * 60_000)
    assert summary.stat().st_size <= told.limits.page
    assert (first > 700_000, summary.read_text().endswith(LEFT_OUT)) == (True, True)
    ci_output._summarise(told, "one more")
    assert summary.stat().st_size <= told.limits.page


def test_many_failed_gates_leave_ten_findings_and_every_one_in_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ci_output._annotate(SYSTEMS["github"].told, findings("error", 25))
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith("::error ")]) == 9
    assert len([line for line in lines if line.startswith("::error::16 more")]) == 1
    assert len([line for line in lines if line.startswith("error: mlops.yaml:")]) == 16


@pytest.mark.parametrize(
    "mark", ["##vso[task.setvariable variable=x]y", "##[add-path]x", "##VSO[x]", "a ###vso[x]"]
)
def test_no_words_of_others_become_a_command_of_an_agent(mark: str) -> None:
    notice = SYSTEMS["azure"].told.annotation("notice", mark, None, None).removeprefix("##[section]")
    for line in (finding("error", mark, mark, 1), notice, SYSTEMS["azure"].told.group(mark)[len("##[group]") :]):
        assert "##vso[" not in line.lower()
        assert "##[" not in line
