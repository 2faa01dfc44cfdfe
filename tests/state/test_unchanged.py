"""Whether DVC would find nothing to do: the same answer and the same words as `dvc repro` itself gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from small_project import Small, table

from cdml.state.dvc import Dvc
from cdml.state.unchanged import unchanged

TARGETS = ("train", "part@a", "evaluate")


def asked(small: Small) -> tuple[str, ...]:
    return unchanged(Dvc(small.root), TARGETS)


def test_it_says_what_dvc_repro_says_when_nothing_changed(small: Small) -> None:
    ours = asked(small)
    # A lock that was left behind would stop this.
    theirs = [line for line in small.dvc("repro", *TARGETS).splitlines() if line]
    assert ours == tuple(theirs)
    assert {"Stage 'evaluate' didn't change, skipping", "'data/train.csv.dvc' didn't change, skipping"} <= {*ours}


def parameter(small: Small) -> None:
    small.replace("params.yaml", "skill: 1.5", "skill: 1.6")


def code(small: Small) -> None:
    small.write("src/extra.py", "2\n")


def command(small: Small) -> None:
    small.replace("dvc.yaml", "depth: 3", "depth: 4")


def output(small: Small) -> None:
    small.write("metrics.json", "{}")


def data_that_dvc_keeps(small: Small) -> None:
    small.write("data/train.csv", table(5))


def a_missing_output_that_no_remote_has(small: Small) -> None:
    (small.root / "predictions.csv").unlink()


def always(small: Small) -> None:
    small.replace(
        "dvc.yaml", "    cmd: python evaluate.py", "    always_changed: true\n    cmd: python evaluate.py"
    )


def no_lock(small: Small) -> None:
    (small.root / "dvc.lock").unlink()


def no_such_stage(small: Small) -> None:
    small.replace("dvc.yaml", "  evaluate:", "  other:")


def an_output_inside_another(small: Small) -> None:
    text = (small.root / "dvc.yaml").read_text()
    small.write("dvc.yaml", f"{text}  again:\n    cmd: python x.py\n    outs: [model/other.txt]\n")


def a_circle(small: Small) -> None:
    small.replace("dvc.yaml", "deps: [../part.py]", "deps: [../part.py, ../predictions.csv]")
    small.replace("dvc.yaml", "deps: [evaluate.py,", "deps: [parts/a.txt, evaluate.py,")


def no_yaml(small: Small) -> None:
    small.write("dvc.yaml", "stages: {train: [")


@pytest.mark.parametrize(
    "change",
    [
        parameter,
        code,
        command,
        output,
        data_that_dvc_keeps,
        a_missing_output_that_no_remote_has,
        always,
        no_lock,
        no_such_stage,
        an_output_inside_another,
        a_circle,
        no_yaml,
    ],
    ids=lambda change: change.__name__,
)
def test_what_dvc_repro_would_run_or_refuse_is_left_to_it(small: Small, change: Callable[[Small], None]) -> None:
    assert asked(small)
    change(small)
    assert asked(small) == ()


def test_an_output_that_a_remote_may_have_need_not_be_here(small: Small) -> None:
    small.dvc("remote", "add", "--quiet", "--default", "store", str(small.top.parent / "store"))
    (small.root / "predictions.csv").unlink()
    (small.root / "model" / "skill.txt").unlink()
    (small.root / "model" / "notes.txt").unlink()
    (small.root / "model").rmdir()
    assert "Stage 'evaluate' didn't change, skipping" in asked(small)


def test_a_frozen_stage_counts_as_it_stands(small: Small) -> None:
    parameter(small)
    data_that_dvc_keeps(small)
    small.replace("dvc.yaml", "  train:\n", "  train:\n    frozen: true\n")
    assert "Stage 'train' didn't change, skipping" in asked(small)


def test_a_folder_around_the_outputs_of_several_stages_needs_them_all(small: Small) -> None:
    small.replace("dvc.yaml", "deps: [evaluate.py, model/skill.txt, data/test.csv]", "deps: [parts, evaluate.py]")
    small.dvc("repro", "--quiet", "evaluate")
    said = unchanged(Dvc(small.root), ("evaluate",))
    assert {"Stage 'part@a' didn't change, skipping", "Stage 'part@b' didn't change, skipping"} <= set(said)
