"""What a run adds on top of a commit: nothing of the index or working tree moves."""

from __future__ import annotations

import pytest
from small_project import Small

from cdml.core.comparison import Comparison, Judgement, Side
from cdml.core.errors import ConfigError
from cdml.jobs.overlay import SMALL_BYTES, added_files, commit_on_top, outputs, run_files, small_outputs
from cdml.jobs.project import open_project

JUDGEMENT = Judgement(Comparison("toy", None, Side("x"), 0, None, ()), ())


def untouched(small: Small) -> tuple[str, bytes, str]:
    index = (small.top / ".git/index").read_bytes()
    return small.git("--no-optional-locks", "status", "--porcelain"), index, small.git("for-each-ref")


def test_a_run_is_a_commit_on_top_that_nothing_names(small: Small) -> None:
    project = open_project(small.root)
    project.__dict__["environment"] = "# python 3.11\n"
    small.write("metrics.json", '{"seconds": 7}')
    before = untouched(small)
    files = run_files(project, JUDGEMENT)
    assert set(files) == {"dvc.lock", ".cdml/environment.txt", ".cdml/judgement.json", "metrics.json"}
    commit = commit_on_top(project, small.second, files, "Run\n")
    assert project.git.text("rev-parse", f"{commit}^") == small.second
    assert project.git.read(commit, "metrics.json") == b'{"seconds": 7}'
    assert project.git.read(commit, ".cdml/environment.txt") == b"# python 3.11\n"
    assert project.git.read(commit, "README.md") == b"Read me.\n"
    changed = small.git("diff", "--name-only", small.second, commit).splitlines()
    assert set(changed) == {f"models/toy/{path}" for path in set(files) - {"dvc.lock"}}
    assert untouched(small) == before
    assert added_files(project.git, commit) == {k: v for k, v in files.items() if k != "dvc.lock"}


def test_without_a_lock_nothing_was_run(small: Small) -> None:
    (small.root / "dvc.lock").unlink()
    with pytest.raises(ConfigError, match="nothing was run") as caught:
        run_files(open_project(small.root), JUDGEMENT)
    assert caught.value.hint == "cdml run train evaluate"


def test_outputs_are_kept_up_to_the_limit_together(small: Small) -> None:
    project = open_project(small.root)
    found = outputs(project, "model", None, "predictions.csv")
    assert set(found) == {"model/skill.txt", "model/notes.txt", "predictions.csv"}
    assert found["model/skill.txt"] == b" 1.5\n"
    size = sum(map(len, found.values()))
    assert outputs(project, "model", "predictions.csv", limit=size) == found
    with pytest.raises(ConfigError, match=r"with predictions\.csv the outputs are too large") as caught:
        outputs(project, "model", "predictions.csv", limit=size - 1)
    assert "dvc remote add" in caught.value.hint
    with pytest.raises(ConfigError, match="gone is an output, but it is not there"):
        outputs(project, "gone")


def test_only_small_files_are_kept_beside_a_judged_run(small: Small) -> None:
    project = open_project(small.root)
    small.write("large.csv", "x" * (SMALL_BYTES + 1))
    small.write("small.csv", "x" * SMALL_BYTES)
    assert set(small_outputs(project, "small.csv")) == {"small.csv"}
    assert [small_outputs(project, path) for path in ("large.csv", "model", "gone", None)] == [{}, {}, {}, {}]
