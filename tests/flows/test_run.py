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


def test_metrics_files_alone_make_a_first_version_by_the_default_gate(toy):
    toy.git("rm", "--quiet", "dvc.yaml")
    toy.write(
        "dvc.yaml",
        "stages:\n  fit:\n    cmd: 'python train.py && echo {\\\"auc\\\": 0.8} > metrics.json'\n"
        "    deps: [train.py, data.csv, params.yaml]\n    outs: [model.txt]\n"
        "    metrics: [metrics.json: {cache: false}]\n",
    )
    toy.write(
        "mlops.yaml",
        "model: toy\ntrain: {stages: [fit]}\nevaluate: {stages: [fit]}\nregister: {artifact: model.txt}\n",
    )
    toy.commit("Keep our own pipeline")
    toy.git("push", "--quiet")
    said = toy.cdml("register")
    assert "registered toy@v1.0.0" in said
    assert "auc" in toy.cdml("registry", "show", "toy@v1.0.0")


def test_a_comment_names_a_commit_that_people_have_even_where_the_lock_is_committed(toy):
    toy.cdml("run", "train", "evaluate")
    toy.commit("Keep the lock")
    toy.git("push", "--quiet")
    toy.cdml("register")
    head = toy.branch("better", "Rank better", params__yaml="skill: 1.3\n")
    toy.cdml("pr", "open")
    assert head[:7] in toy.cdml("pr", "show", "1").split("<sub>")[1]
