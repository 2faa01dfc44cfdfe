"""`cdml generate`: dvc.yaml as DVC reads it, a hand edit that is not lost, and a tree that stays clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.core.errors import ConfigError
from cdml.core.settings import Stage
from cdml.jobs.generate import Generated, dvc_yaml, generate, ignore_lines, stale_files
from cdml.state.dvc import Dvc
from cdml.state.git import Git

INLINE = """\
model: churn
train:
  cmd: cp train.txt model.bin
  deps: [train.txt]
  params: [params.yaml, {other.json: [a.b]}]
  outs: [out/model.bin]
evaluate:
  cmd: cp out/model.bin reports/predictions.csv
  deps: [out/model.bin]
"""
STAGES = "model: m\ntrain: {stages: [a]}\nevaluate: {stages: [b]}\nregister: {artifact: m}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mlops.yaml").write_text(INLINE)
    return tmp_path


def states(done: tuple[Generated, ...]) -> dict[str, str]:
    return {item.path: item.state for item in done}


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_first_writes_then_changes_nothing(project: Path) -> None:
    first = generate(project)
    assert states(first) == {"dvc.yaml": "written", ".cdml/mlops.schema.json": "written", ".gitignore": "written"}
    assert all(item.purpose and item.diff for item in first)
    before = files(project)
    again = generate(project)
    assert set(states(again).values()) == {"unchanged"}
    assert files(project) == before
    assert states(generate(project, check=True)) == states(again)


def test_dvc_yaml_reads_as_meant(project: Path) -> None:
    generate(project)
    text = (project / "dvc.yaml").read_text()
    head, digest, *body = text.splitlines()
    assert head == "# Generated from mlops.yaml: edit that, then run `cdml generate`."
    assert digest.startswith("# cdml-digest: sha256:")
    assert "\n".join(body) == (
        "stages:\n  train:\n    cmd: cp train.txt model.bin\n    deps:\n      - train.txt\n"
        "    params:\n      - params.yaml:\n      - other.json:\n          - a.b\n"
        "    outs:\n      - out/model.bin\n"
        "  evaluate:\n    cmd: cp out/model.bin reports/predictions.csv\n    deps:\n      - out/model.bin\n"
        "    outs:\n      - reports/predictions.csv"
    )


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
WORDS = st.sampled_from(
    ["yes", "1", "1.0", "null", "~", "a: b", "# x", "- a", "{a}", "'", '"', "|", "a\n b\n", " a\n"]
)


@given(TEXT | WORDS, st.lists(TEXT | WORDS, max_size=2, unique=True), TEXT | WORDS)
def test_nothing_in_a_stage_is_lost_on_the_way_to_dvc(cmd: str, deps: list[str], key: str) -> None:
    from dvc.schema import COMPILED_MULTI_STAGE_SCHEMA
    from dvc.utils.serialize import parse_yaml

    stage = Stage("train", cmd, tuple(deps), {"params.yaml": (), "p.json": (key,)}, ("o",))
    data = parse_yaml(dvc_yaml([stage]), "dvc.yaml")
    words = {"cmd": cmd, "params": [{"params.yaml": None}, {"p.json": [key]}], "outs": ["o"]}
    assert data == {"stages": {"train": words | ({"deps": deps} if deps else {})}}
    COMPILED_MULTI_STAGE_SCHEMA({"stages": {"train": {**words, "params": [{"p.json": [key]}]}}})


def test_check_writes_nothing_and_shows_the_difference(project: Path) -> None:
    generate(project)
    (project / "mlops.yaml").write_text(INLINE.replace("out/model.bin]\nevaluate", "out/best.bin]\nevaluate", 1))
    before = files(project)
    done = generate(project, check=True)
    assert files(project) == before
    assert states(done) == {"dvc.yaml": "stale", ".cdml/mlops.schema.json": "unchanged", ".gitignore": "stale"}
    assert "-      - out/model.bin\n+      - out/best.bin\n" in done[0].diff
    assert stale_files(project) == ("dvc.yaml", ".gitignore")
    assert states(generate(project))["dvc.yaml"] == "written"
    assert stale_files(project) == ()


def test_one_byte_is_a_difference(project: Path) -> None:
    generate(project)
    for path in ("dvc.yaml", ".cdml/mlops.schema.json"):
        whole = (project / path).read_bytes()
        (project / path).write_bytes(whole + b"\n")
        assert states(generate(project, check=True))[path] == "stale"
        (project / path).write_bytes(whole)


def test_a_dvc_yaml_of_the_projects_own_is_never_overwritten(project: Path) -> None:
    (project / "dvc.yaml").write_text("stages: {}\n")
    before = files(project)
    for force in (False, True):
        with pytest.raises(ConfigError, match=r"dvc\.yaml is your own and is never overwritten") as caught:
            generate(project, force=force)
        assert "stages: [...]" in caught.value.hint
    assert files(project) == before


@pytest.mark.parametrize("edit", ["below", "digest", "no digest"])
def test_a_hand_edit_is_refused_with_the_difference(project: Path, edit: str) -> None:
    generate(project)
    path = project / "dvc.yaml"
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    if edit == "below":
        path.write_text(text.replace("cp train.txt", "cp  train.txt"))
    elif edit == "digest":
        path.write_text(text.replace("sha256:", "sha256:0"))
    else:
        path.write_text("".join([lines[0], *lines[2:]]))
    (project / ".gitignore").unlink()
    before = files(project)
    with pytest.raises(ConfigError, match="edited by hand") as caught:
        generate(project)
    assert "--- a/dvc.yaml\n+++ b/dvc.yaml\n" in caught.value.message
    assert files(project) == before, "a refusal writes nothing at all"
    assert states(generate(project, force=True))["dvc.yaml"] == "written"
    assert path.read_text() == text


def test_own_stages_need_no_dvc_yaml(tmp_path: Path) -> None:
    (tmp_path / "mlops.yaml").write_text(STAGES)
    assert states(generate(tmp_path)) == {".cdml/mlops.schema.json": "written"}


def test_a_folder_in_the_way_is_named(project: Path) -> None:
    (project / "dvc.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"dvc\.yaml cannot be read"):
        generate(project)


def test_ignore_lines_are_added_and_never_taken_away() -> None:
    outs = ["model.bin", "reports/p.csv"]
    assert ignore_lines("", outs) == "# Outputs that DVC keeps (cdml generate)\n/model.bin\n/reports/p.csv\n"
    once = ignore_lines("*.pyc", outs)
    assert once == "*.pyc\n\n# Outputs that DVC keeps (cdml generate)\n/model.bin\n/reports/p.csv\n"
    assert ignore_lines(once, outs) == once
    assert ignore_lines(once + "\nx\n", [*outs, "new"]) == once + "/new\n\nx\n"
    assert ignore_lines("model.bin\r\nreports/p.csv\n", outs) == "model.bin\r\nreports/p.csv\n"


@pytest.mark.parametrize("path", ["a b", "#a", "!a", "[x]", "a*b", "what?", "deep/er/[1]", "é"])
def test_git_ignores_each_output_and_nothing_else(tmp_path: Path, path: str) -> None:
    git = Git(tmp_path)
    git.run("init", "--quiet")
    (tmp_path / ".gitignore").write_text(ignore_lines("", [path]))
    assert git.run("check-ignore", "--quiet", path, check=False).code == 0
    for other in (path + "x", f"x/{path}", "x", "axb", "whatX"):
        assert git.run("check-ignore", "--quiet", other, check=False).code == 1


def test_a_real_run_of_dvc_leaves_the_tree_clean(project: Path) -> None:
    (project / "mlops.yaml").write_text(
        "model: m\ntrain:\n  cmd: |\n    mkdir -p out/deep\n    cat a.txt params.yaml > out/deep/m\n"
        "  deps: [a.txt]\n  params: [params.yaml]\n  outs: [out/deep/m]\n"
        "evaluate:\n  cmd: mkdir -p reports; cp out/deep/m reports/predictions.csv\n  deps: [out/deep/m]\n"
    )
    (project / "a.txt").write_text("a\n")
    (project / "params.yaml").write_text("x: 1\n")
    git = Git(project)
    git.run("init", "--quiet")
    Dvc(project).run("init", "--quiet")
    generate(project)
    git.run("add", "--all")
    git.run("commit", "--quiet", "-m", "first", env=git.identity())
    Dvc(project).run("repro", "--quiet")
    assert (project / "reports" / "predictions.csv").read_text() == "a\nx: 1\n"
    assert git.text("status", "--porcelain", "--untracked-files=all") == "?? dvc.lock"
