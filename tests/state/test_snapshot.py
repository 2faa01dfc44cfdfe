"""What a revision holds, read without touching the working tree, the index or any reference."""

from __future__ import annotations

import json

import pytest
from small_project import Small

from cdml.config.load import load, parse
from cdml.core.errors import ConfigError
from cdml.core.settings import Settings
from cdml.state.dvc import Dvc
from cdml.state.git import Git
from cdml.state.snapshot import Snapshot, Store, environment_digest, take, working_commit

METRICS = "metrics: [dvclive/metrics.json, more/a.yaml, more/c.toml, stale.json]\n"


def store(small: Small) -> Store:
    return Store(Git(small.root), Dvc(small.root))


def at(small: Small, commit: str) -> Snapshot:
    written: Settings = parse((Git(small.root).read(commit, "mlops.yaml") or b"").decode(), file="mlops.yaml")
    return take(store(small), written, label="x", commit=commit, code=commit, environment="# python 3\n")


def untouched(small: Small) -> tuple[str, bytes, str]:
    index = (small.top / ".git/index").read_bytes()
    return small.git("--no-optional-locks", "status", "--porcelain"), index, small.git("for-each-ref")


def test_a_snapshot_of_a_commit_holds_that_commits_numbers(small: Small) -> None:
    before = untouched(small)
    first, second = at(small, small.first), at(small, small.second)
    assert (first.reported, second.reported) == ({"seconds": 2.0, "deep.x": 1.0}, {"seconds": 3.0, "deep.x": 1.0})
    assert first.inputs.parameters["skill"] == 1.0
    assert store(small).read(small.first, "predictions.csv") != store(small).read(small.second, "predictions.csv")
    assert first.inputs.environment == environment_digest("# python 3\n")
    assert untouched(small) == before


def test_files_are_read_from_git_else_from_dvc_else_not_at_all(small: Small) -> None:
    doors = store(small)
    assert doors.read(small.first, "params.yaml") == b"skill: 1.0\nfeatures: [age, sex, bp]\n"
    assert (doors.read(small.first, "data/train.csv") or b"").startswith(b"id,y,age\n")
    assert doors.size(small.first, "params.yaml") == len(doors.read(small.first, "params.yaml") or b"")
    assert doors.size(small.first, "data/train.csv") == len(doors.read(small.first, "data/train.csv") or b"")
    assert doors.read(small.first, "nope") is None
    assert doors.size(small.first, "nope") is None
    small.write("params.yaml", "skill: 9\n")
    assert doors.read(None, "params.yaml") == b"skill: 9\n"
    assert doors.read(None, "nope") is None


def test_a_working_commit_holds_uncommitted_changes_and_nothing_else_moves(small: Small) -> None:
    git = Git(small.root)
    assert working_commit(git) == git.commit("HEAD")
    small.replace("params.yaml", "skill: 1.5", "skill: 1.7")
    small.write("part.py", "staged\n")
    small.git("add", "part.py")
    small.write("part.py", "and changed again\n")
    small.write("untracked.txt", "x")
    (small.root / "README.md").unlink()
    (small.top / "shared/lib.py").write_text("x = 7\n")
    before = untouched(small)
    commit = working_commit(git)
    assert git.read(commit, "params.yaml") == (small.root / "params.yaml").read_bytes()
    assert git.read(commit, "part.py") == b"and changed again\n"
    assert git.read(commit, "../../shared/lib.py") == b"x = 7\n"
    assert git.read(commit, "README.md") is None
    assert git.read(commit, "untracked.txt") is None
    assert git.text("rev-parse", f"{commit}^") == git.commit("HEAD")
    assert untouched(small) == before


def test_of_one_name_in_two_metrics_files_the_evaluations_counts(small: Small) -> None:
    small.replace(
        "dvc.yaml", "    outs: [model]", "    outs: [model]\n    metrics: [{train.json: {cache: false}}]"
    )
    small.write("train.json", json.dumps({"seconds": 99, "only": 1, "no": float("nan"), "text": "x"}))
    taken = take(
        store(small),
        load(small.root),
        label="x",
        commit=None,
        code=small.second,
        environment="",
    )
    assert taken.reported == {"seconds": 3.0, "deep.x": 1.0, "train.json:seconds": 99.0, "only": 1.0}


def test_a_metrics_file_may_be_of_any_format_and_stand_beside_the_stages(small: Small) -> None:
    """As DVCLive writes it: nested, in a folder that a stage puts out, named under `metrics:` of a dvc.yaml."""
    small.replace("dvc.yaml", "    outs: [model]", "    outs: [model, dvclive, more]")
    small.write("dvc.yaml", (small.root / "dvc.yaml").read_text() + METRICS)
    small.write("dvclive/metrics.json", '{"step": 3, "train": {"loss": 0.25, "deep": {"er": 1e-3}}, "name": "x"}')
    small.write("more/a.yaml", "b:\n  auc: .75\n  on: true\n")
    small.write("more/c.toml", "[slow]\nseconds = 7\n")
    small.write("stale.json", '{"old": 1}')
    taken = take(store(small), load(small.root), label="x", commit=None, code=small.second, environment="")
    own = {"seconds": 3.0, "deep.x": 1.0}
    live = {"step": 3.0, "train.loss": 0.25, "train.deep.er": 0.001}
    assert taken.reported == {**own, **live, "b.auc": 0.75, "slow.seconds": 7.0}


def test_a_metrics_file_that_is_none_is_named(small: Small) -> None:
    small.write("metrics.json", "{")
    with pytest.raises(ConfigError, match=r"metrics\.json cannot be parsed"):
        take(store(small), load(small.root), label="x", commit=None, code=small.second, environment="")
