"""Pictures that a run draws: kept on a branch of the repository, shown by its own forge, and by nobody else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from drawing import DRAW, PNG
from toy_project import MLOPS, Toy, somebody_else

from cdml.core.images import fault
from cdml.forges.local import LocalForge
from cdml.jobs.images import kept_images, show_images
from cdml.state.git import Git

BRANCH = "refs/heads/cdml/images"
ASKING = MLOPS.replace("  metrics:", "  images: [plots/roc.png]\n  metrics:")


@pytest.fixture
def drawing(registered: Toy) -> Toy:
    """The project, whose evaluation draws a picture of the model from now on."""
    registered.write("mlops.yaml", ASKING)
    registered.write("evaluate.py", (registered.root / "evaluate.py").read_text() + DRAW)
    registered.cdml("generate")
    registered.commit("Draw")
    registered.git("push", "--quiet")
    return registered


def offer(toy: Toy, branch: str, skill: str, code: int = 0, **files: str) -> str:
    toy.branch(branch, f"Skill {skill}", params__yaml=f"skill: {skill}\n", **files)
    toy.cdml("pr", "open", code=code)
    return toy.git("rev-parse", "HEAD")


def listed(toy: Toy) -> list[str]:
    return toy.git("ls-tree", "-r", "--name-only", BRANCH, at=toy.origin).splitlines()


def said(toy: Toy, number: int) -> str:
    return next(c.body for c in LocalForge(Git(toy.root)).comments(number) if "<!-- cdml:toy -->" in c.body)


def test_pictures_are_kept_on_a_branch_of_their_own_and_named_in_the_comment(drawing: Toy) -> None:
    head = offer(drawing, "better", "1.3")
    (kept,) = listed(drawing)
    assert kept.startswith(f"{head}/")
    assert kept.endswith("/plots/roc.png")
    tip = drawing.refs()[BRANCH]
    assert drawing.git("rev-list", "--count", tip, at=drawing.origin) == "1"  # nothing of main below it
    comment = said(drawing, 1)
    assert "<details><summary>1 image</summary>\n\nplots/roc.png: `git show" in comment
    shown = f"git show {tip}:{kept}"
    assert shown in comment
    read = subprocess.run(shown.split(), cwd=drawing.origin, capture_output=True, check=True).stdout
    assert fault("roc.png", read) == ""


def test_two_pull_requests_share_the_branch_and_the_same_run_again_pushes_nothing(drawing: Toy) -> None:
    offer(drawing, "better", "1.3")
    first = drawing.refs()[BRANCH]
    drawing.cdml("pr", "open")
    assert drawing.refs()[BRANCH] == first
    offer(drawing, "best", "1.4")
    second = drawing.refs()[BRANCH]
    assert drawing.git("rev-parse", f"{second}^", at=drawing.origin) == first
    assert len(listed(drawing)) == 2


def test_another_writer_in_between_loses_nothing(drawing: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    from cdml.jobs import images

    git, forge = Git(drawing.root), LocalForge(Git(drawing.root))
    push, quicker = images.push, []

    def slow(git: Git, *updates: images.Update) -> bool:
        if not quicker:
            quicker.append(1)
            show_images(git, forge, ("b" * 40, "toy"), {"b.png": PNG}, quicker.append)
        return push(git, *updates)

    monkeypatch.setattr(images, "push", slow)
    (image,) = show_images(git, forge, ("a" * 40, "toy"), {"a.png": PNG}, print)
    assert [path[:3] for path in listed(drawing)] == ["aaa", "bbb"]
    assert image.commit == drawing.refs()[BRANCH]


def test_a_waiver_leaves_the_pictures_in_the_comment(drawing: Toy) -> None:
    offer(drawing, "worse", "0.7", code=10)
    somebody_else(drawing).cdml("pr", "comment", "1", "/cdml waive roc_auc:max-regression not what counts")
    assert "waived by Bob" in said(drawing, 1)
    assert "1 image" in said(drawing, 1)


def test_a_branch_that_cannot_be_pushed_leaves_them_to_the_report(drawing: Toy) -> None:
    hook = drawing.origin / "hooks" / "update"
    hook.write_text("#!/bin/sh\ncase $1 in refs/heads/cdml/images) exit 1;; esac\n")
    hook.chmod(0o755)
    drawing.branch("better", "Better", params__yaml="skill: 1.3\n")
    assert "the images are in the report alone" in drawing.cdml("pr", "open")
    assert "plots/roc.png is in the report" in said(drawing, 1)


def test_who_asks_for_none_gets_no_branch(registered: Toy) -> None:
    offer(registered, "better", "1.3")
    assert BRANCH not in registered.refs()


@pytest.mark.parametrize("fork", [False, True])
def test_the_trusted_half_keeps_what_was_handed_over_but_nothing_of_a_fork(
    drawing: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fork: bool
) -> None:
    handed, head = hand_over(drawing, tmp_path)
    if fork:
        pull = LocalForge.pull
        monkeypatch.setattr(
            LocalForge, "pull", lambda self, n: __import__("dataclasses").replace(pull(self, n), fork=True)
        )
    drawing.cdml("comment", "--from", handed, "--pull", "1", "--head", head, "--report", str(tmp_path / "report"))
    assert (BRANCH in drawing.refs()) is not fork
    page = (tmp_path / "report" / "report.html").read_text()
    assert "img-src data:" in page
    assert 'src="data:image/png;base64,' in page
    assert ("plots/roc.png is in the report" in said(drawing, 1)) is fork


def hand_over(toy: Toy, tmp_path: Path) -> tuple[str, str]:
    head = toy.branch("better", "Better", params__yaml="skill: 1.3\n")
    toy.git("push", "--quiet", "origin", "HEAD:refs/heads/better")
    LocalForge(Git(toy.root)).open_pull("better", "main", "Better", "")
    handed = str(tmp_path / "handed")
    about = ["--pull", "1", "--head", head, "--base", "main"]
    toy.cdml("run", "--event", "pull_request", *about, "--handover", handed)
    return handed, head


def test_what_is_no_picture_is_left_out_and_said(drawing: Toy, tmp_path: Path) -> None:
    handed, head = hand_over(drawing, tmp_path)
    folder = Path(handed) / "images"
    (folder / "page.png").write_bytes(b"<html><script>alert(1)</script>")
    (folder / "x.svg").write_bytes(b"<svg/>")
    (folder / "![x](y).png").write_bytes(PNG)
    told = drawing.cdml("comment", "--from", handed, "--pull", "1", "--head", head)
    assert "'page.png' is not shown: it is no PNG" in told
    assert "'x.svg' is not shown" in told
    assert "'![x](y).png' is not shown" in told
    assert [path.rpartition("/")[2] for path in listed(drawing)] == ["roc.png"]


def test_more_than_any_run_hands_over_is_refused(drawing: Toy, tmp_path: Path) -> None:
    handed, head = hand_over(drawing, tmp_path)
    for number in range(7):
        (Path(handed) / "images" / f"{number}.png").write_bytes(PNG)
    told = drawing.cdml("comment", "--from", handed, "--pull", "1", "--head", head, code=3)
    assert "more than 6 images" in told
    assert BRANCH not in drawing.refs()


def test_what_somebody_pushed_to_the_branch_is_looked_at_too(drawing: Toy) -> None:
    git, forge = Git(drawing.root), LocalForge(Git(drawing.root))
    of = ("a" * 40, "toy")
    show_images(git, forge, of, {"a.png": PNG}, print)
    show_images(git, forge, ("a" * 40, "other"), {"b.png": PNG}, print)
    assert [image.path for image in kept_images(git, forge, of)] == ["a.png"]
    show_images(git, forge, of, {"a.png": b"no picture"}, print)
    assert kept_images(git, forge, of) == ()
    assert [image.path for image in kept_images(git, forge, ("a" * 40, "other"))] == ["b.png"]
