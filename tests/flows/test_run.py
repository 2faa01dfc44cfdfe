"""`cdml run`: what changed, through DVC, shared by its remote."""

from __future__ import annotations

import shutil


def test_outputs_and_run_cache_reach_the_remote_and_spare_others_the_training(toy, tmp_path):
    assert "train: ran" in toy.cdml("run", "train", "evaluate")
    assert "nothing changed" in toy.cdml("run", "train", "evaluate")
    other = tmp_path / "other"
    toy.git("clone", "--quiet", str(toy.origin), str(other))
    said = toy.cdml("-C", str(other), "run", "train", "evaluate")
    assert "train: nothing changed" in said
    assert "python train.py" not in said
    assert (other / "predictions.csv").read_bytes() == (toy.root / "predictions.csv").read_bytes()


def test_a_remote_that_cannot_be_written_is_a_warning(toy):
    store = toy.root.parent / "store"
    shutil.rmtree(store)
    store.write_text("no folder")
    said = toy.cdml("run", "train", "evaluate")
    assert "warning: the outputs stay on this machine" in said
    assert "evaluate: ran" in said


def test_a_file_that_is_read_but_not_declared_is_warned_of(toy):
    toy.commit(
        "Read the notes",
        train__py='open("notes.txt").read()\n' + (toy.root / "train.py").read_text(),
        notes__txt="x",
    )
    assert "notes.txt was read, but no stage declares it" in toy.cdml("run", "train")


def test_the_project_s_tests_come_before_training_on_main_too(toy):
    config = (toy.root / "mlops.yaml").read_text().replace("train:", "ci:\n  test: python -c 'exit(3)'\ntrain:", 1)
    toy.commit("Add failing tests", mlops__yaml=config)
    toy.git("push", "--quiet")
    said = toy.cdml("register", code=4)
    assert "the project's tests failed" in said
    assert "Running stage" not in said
    assert not [ref for ref in toy.refs() if ref.startswith("refs/tags/")]
