"""The pipeline as DVC reads it, in the working tree and at a revision, in a folder below the repository's top."""

from __future__ import annotations

import pytest
from small_project import Small

from cdml.core.errors import ConfigError
from cdml.state.dvc import Dvc
from cdml.state.freshness import stale
from cdml.state.pipeline import read_pipeline

NAMES = ("train", "part@a", "evaluate")


@pytest.mark.parametrize("revision", [None, "HEAD"])
def test_stages_stand_with_paths_from_the_projects_folder(small: Small, revision: str | None) -> None:
    found = read_pipeline(Dvc(small.root), revision)
    assert set(found.stages) == {"train", "part@a", "part@b", "evaluate"}
    train, part, evaluate = (found.stages[name] for name in NAMES)
    assert set(train.deps) == {"src", "data/train.csv", "../../shared/lib.py"}
    assert train.cmd == "python src/train.py 3"
    assert train.params == {"params.yaml": (), "conf/times.json": (), "conf/more.toml": ("layers.1", "when")}
    assert (train.deps["src"] or "").endswith(".dir")
    assert (train.outs["model"] or "").endswith(".dir")
    assert (set(part.deps), set(part.outs)) == ({"part.py"}, {"parts/a.txt"})
    assert found.stages["part@b"].outs == {"parts/b.txt": None}
    assert (evaluate.metrics, evaluate.uncached) == (("metrics.json",), ("metrics.json",))
    assert set(found.tracked) == {"data/train.csv"}


def test_a_closure_takes_what_is_needed_and_no_more(small: Small) -> None:
    found = read_pipeline(Dvc(small.root), None)
    assert {s.name for s in found.closure(("evaluate",))} == {"evaluate", "train"}
    assert {s.name for s in found.closure(("part@a",))} == {"part@a"}
    assert found.sources(found.closure(("evaluate",))) == (
        "../../shared/lib.py",
        "data/test.csv",
        "data/train.csv",
        "evaluate.py",
        "src",
    )
    with pytest.raises(ConfigError, match="no stage 'nope'") as caught:
        found.closure(("nope",))
    assert "train" in caught.value.message


def test_outputs_are_read_at_their_revision_also_below_the_top(small: Small) -> None:
    dvc = Dvc(small.root)
    assert dvc.read(small.first, "model/skill.txt") == b" 1.0\n"
    assert dvc.read(small.second, "model/skill.txt") == b" 1.5\n"
    assert dvc.read(small.second, "model/nope") is None
    assert dvc.size(small.first, "data/train.csv") != dvc.size(small.second, "data/train.csv")
    assert dvc.download(small.first, "model", small.top / "got")
    assert sorted(p.name for p in (small.top / "got").iterdir()) == ["notes.txt", "skill.txt"]
    assert not dvc.download(small.first, "nothing", small.top / "none")


def test_a_broken_pipeline_is_named(small: Small) -> None:
    small.write("dvc.yaml", "stages: [")
    with pytest.raises(ConfigError, match="DVC cannot read"):
        read_pipeline(Dvc(small.root), None)


def test_what_was_run_is_fresh_in_the_working_tree_and_at_each_commit(small: Small) -> None:
    dvc = Dvc(small.root)
    assert stale(dvc, None, NAMES) == ()
    assert stale(dvc, small.first, NAMES) == ()
    assert stale(dvc, small.second, NAMES) == ()
    assert stale(dvc, small.second, ("part@b",)) == ("part.py", "parts/b.txt")


CHANGES = [
    ("src/train.py", "import os", "import sys, os", "src"),
    ("src/notes.md", "why", "because", "src"),
    ("evaluate.py", "import csv", "import  csv", "evaluate.py"),
    ("params.yaml", "skill: 1.5", "skill: 2", "skill"),
    ("params.yaml", "skill: 1.5", "skill: 1.5\nnew: 1", "new"),
    ("conf/more.toml", "16", "17", "layers.1"),
    ("dvc.yaml", "depth: 3", "depth: 4", "the command of train"),
    ("../../shared/lib.py", "1", "2", "../../shared/lib.py"),
    ("metrics.json", "seconds", "minutes", "metrics.json"),
]


@pytest.mark.parametrize(("path", "old", "new", "said"), CHANGES)
def test_a_change_since_the_run_is_stale_before_and_after_its_commit(
    small: Small, path: str, old: str, new: str, said: str
) -> None:
    small.replace(path, old, new)
    assert stale(Dvc(small.root), None, NAMES) == (said,)
    commit = small.commit("Changed, not run")
    assert stale(Dvc(small.root), commit, NAMES) == (said,)


@pytest.mark.parametrize(
    ("path", "old", "new"), [("conf/more.toml", "unread = 1", "unread = 2"), ("README.md", "R", "r")]
)
def test_what_no_stage_reads_makes_nothing_stale(small: Small, path: str, old: str, new: str) -> None:
    small.replace(path, old, new)
    assert stale(Dvc(small.root), None, NAMES) == ()
    assert stale(Dvc(small.root), small.commit("Other"), NAMES) == ()


def test_data_is_stale_when_changed_and_when_added_again(small: Small) -> None:
    small.write("data/train.csv", "id,y\n1,1\n")
    assert stale(Dvc(small.root), None, NAMES) == ("data/train.csv",)
    small.dvc("add", "--quiet", "data/train.csv")
    assert stale(Dvc(small.root), small.commit("New data"), NAMES) == ("data/train.csv",)


def test_predictions_of_an_earlier_model_are_stale(small: Small) -> None:
    small.replace("params.yaml", "skill: 1.5", "skill: 3.0")
    small.dvc("repro", "--quiet", "train")
    assert stale(Dvc(small.root), None, NAMES) == ("model/skill.txt",)
    assert stale(Dvc(small.root), small.commit("Half"), NAMES) == ("model/skill.txt",)


def test_outputs_that_are_not_checked_out_count_as_they_were_kept(small: Small) -> None:
    (small.root / "data/train.csv").unlink()
    (small.root / "model/skill.txt").unlink()
    (small.root / "model/notes.txt").unlink()
    (small.root / "model").rmdir()
    assert stale(Dvc(small.root), None, NAMES) == ()
    small.write("predictions.csv", "edited")
    assert stale(Dvc(small.root), None, NAMES) == ("predictions.csv",)


def test_within_one_opening_a_revision_is_opened_once_and_anew_after_it(small: Small) -> None:
    dvc = Dvc(small.root)
    with dvc.files(None) as outer:
        with dvc.files(None) as inner, dvc.files(small.first) as other:
            assert inner is outer
            assert other is not outer
        before = read_pipeline(dvc, None)
        small.replace("dvc.yaml", "depth: 3", "depth: 4")
        assert read_pipeline(dvc, None) == before
    assert read_pipeline(dvc, None).stage("train").cmd == "python src/train.py 4"
