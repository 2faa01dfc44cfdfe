"""A pull request that changes nothing that a run reads: no training, and one line of words."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_project import Toy, copy, run

from cdml.ci.base import RunContext
from cdml.jobs.adopted import adopt_baseline
from cdml.jobs.hand_over import hand_over
from cdml.jobs.handover import Handover, read_all
from cdml.jobs.project import Project, open_project
from cdml.reports.reasons import is_unchanged
from cdml.state.dvc import Dvc


def clone(toy: Toy) -> Toy:
    """What a machine of CI begins with: no cache, no lock of a run here, no run-cache on the remote."""
    other = Toy(toy.root.parent / "clone")
    run(["git", "clone", "--quiet", str(toy.origin), str(other.root)], toy.root.parent)
    other.git("config", "user.name", "Test")
    other.git("config", "user.email", "test@localhost")
    return other


def judged(toy: Toy, tmp_path: Path, **files: str) -> tuple[Handover, list[str]]:
    head = toy.branch("offer", "Change it", **files)
    lines: list[str] = []
    context = RunContext("github", "pull_request", pull=1, head=head, base="main")
    hand_over(open_project(toy.root), context, tmp_path / "h", lines.append)
    ((_, handover),) = read_all(tmp_path / "h")
    return handover, lines


@pytest.fixture
def without_remote(_template: Path, tmp_path: Path) -> Toy:
    """A registered project whose outputs its release commit holds."""
    toy = copy(_template, tmp_path / "toy")
    toy.commit("No DVC remote", **{".dvc/config": ""})
    toy.git("push", "--quiet")
    toy.cdml("register")
    return toy


def test_words_about_a_model_train_nothing_and_leave_it_unchanged(registered, tmp_path, monkeypatch):
    monkeypatch.setattr("cdml.jobs.run.trusts_run_cache", lambda: False)
    handover, lines = judged(clone(registered), tmp_path, README__md="More words.\n")
    assert handover.judgement
    assert is_unchanged(handover.judgement)
    assert not [line for line in lines if line.startswith("Running stage")]
    assert handover.seconds is None
    assert (tmp_path / "h" / "files" / "dvc.lock").is_file()


def test_without_a_dvc_remote_the_release_commits_outputs_are_taken(without_remote, tmp_path):
    assert Dvc(without_remote.root).remote() is None
    handover, lines = judged(clone(without_remote), tmp_path, README__md="More words.\n")
    assert handover.judgement
    assert is_unchanged(handover.judgement)
    assert not [line for line in lines if line.startswith("Running stage")]


def test_what_a_run_reads_is_trained_on(registered, tmp_path):
    handover, lines = judged(clone(registered), tmp_path, params__yaml="skill: 1.3217\n")
    assert handover.judgement
    assert not is_unchanged(handover.judgement)
    assert "Running stage 'train':" in lines


def test_who_asks_for_a_new_training_gets_one(registered, tmp_path):
    toy = clone(registered)
    head = toy.branch("offer", "Change it", README__md="More words.\n")
    lines: list[str] = []
    context = RunContext("github", "pull_request", pull=1, head=head, base="main", force=True)
    hand_over(open_project(toy.root), context, tmp_path / "h", lines.append)
    assert "Running stage 'train':" in lines


def test_another_environment_is_another_model(registered, monkeypatch):
    toy = clone(registered)
    monkeypatch.setattr(Project, "environment", "# python 9.9\n")
    assert not adopt_baseline(open_project(toy.root), None)
    monkeypatch.undo()
    assert adopt_baseline(open_project(toy.root), None)
    assert not adopt_baseline(open_project(toy.root), None)  # by its lock DVC knows what to do
