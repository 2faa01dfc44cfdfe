"""`cdml check`: what the repository lacks, every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdml.jobs.check import check, header
from cdml.jobs.generate import generate
from cdml.state.git import Git

INLINE = """\
model: churn
train:
  cmd: python train.py
  deps:
    - train.py
    - data/train.csv
  params: [params.yaml]
  outs: [model.bin]
evaluate:
  data: data/test.csv
  target: churned
  by: [sex]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without a problem; data are tracked by DVC."""
    Git(tmp_path).run("init", "--quiet")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / ".gitignore").write_text("/train.csv\n")
    (tmp_path / "data" / "train.csv").write_text("sex,churned\n")
    (tmp_path / "data" / "train.csv.dvc").write_text("outs: [{path: train.csv}]\n")
    (tmp_path / "data" / "test.csv").write_text('\ufeffid,"sex",churned\n1,f,1\n', encoding="utf-8")
    (tmp_path / "train.py").touch()
    (tmp_path / "params.yaml").touch()
    (tmp_path / "mlops.yaml").write_text(INLINE)
    generate(tmp_path)
    return tmp_path


def said(root: Path) -> list[str]:
    return [str(problem) for problem in check(root).problems]


def test_nothing_to_say(project: Path) -> None:
    found = check(project)
    assert found.problems == ()
    assert found.settings is not None
    assert found.settings.model == "churn"
    assert found.written["model"] == "churn"


def test_every_problem_at_once(project: Path) -> None:
    (project / ".dvc" / "config").unlink()
    (project / "data" / "train.csv.dvc").unlink()
    (project / "train.py").unlink()
    (project / "params.yaml").unlink()
    (project / "data" / "test.csv").write_text("id,gender,churn\n")
    (project / "mlops.yaml").write_text(INLINE.replace("python train.py", "python train.py --fast"))
    assert said(project) == [
        ".dvc: DVC is not set up here. Type: cdml init",
        "mlops.yaml:5: train.deps[0]: 'train.py' does not exist, and no stage writes it",
        "mlops.yaml:6: train.deps[1]: 'data/train.csv' is ignored by git and unknown to DVC, so no clone will "
        "have it. Type: dvc add data/train.csv, or take it out of .gitignore.",
        "mlops.yaml:7: train.params: 'params.yaml' does not exist, and no stage writes it",
        "mlops.yaml:11: evaluate.target: 'churned' is not a column of data/test.csv. Did you mean 'churn'?",
        "mlops.yaml:12: evaluate.by[0]: 'sex' is not a column of data/test.csv. Columns: id, gender, churn.",
        "dvc.yaml: is not what mlops.yaml says. Type: cdml generate",
    ]


def test_no_repository(tmp_path: Path) -> None:
    (tmp_path / "mlops.yaml").write_text("model: a b\n")
    first, *rest = said(tmp_path)
    assert first == f"{tmp_path}: is not inside a git repository. Type: git init"
    assert [line.split(":")[2].strip() for line in rest] == ["model", "train", "evaluate"]


def test_no_file(tmp_path: Path) -> None:
    Git(tmp_path).run("init", "--quiet")
    assert said(tmp_path)[1].endswith(f"there is no mlops.yaml in {tmp_path}. Type: cdml init")


def test_a_folder_of_a_larger_repository(project: Path) -> None:
    folder = project / "models" / "churn"
    folder.mkdir(parents=True)
    (folder / "mlops.yaml").write_text("model: m\ntrain: {cmd: c, deps: [a], outs: [o]}\nevaluate: {cmd: e}\n")
    generate(folder)
    assert said(folder) == ["mlops.yaml:2: train.deps[0]: 'a' does not exist, and no stage writes it"]
    (folder / "a").mkdir()
    (folder / "a" / "file").touch()
    assert said(folder) == []


def test_a_file_inside_a_folder_that_dvc_tracks(project: Path) -> None:
    (project / "mlops.yaml").write_text(INLINE.replace("    - data/train.csv\n", "    - raw/deep/train.csv\n"))
    generate(project)
    assert [line.split(": ")[1] for line in said(project)] == ["train.deps[1]"]
    (project / "raw.dvc").write_text("outs: [{path: raw}]\n")
    assert said(project) == []


STAGES = """\
model: m
train:
  stages:
    - prepare
    - train@big
    - trian
evaluate:
  stages: [judge, 'sub/dvc.yaml:last', 'none/dvc.yaml:x']
  data: made/test.csv
register: {artifact: m}
"""
OWN = """\
stages:
  prepare: {cmd: x, wdir: made, outs: ["${name}.csv": {cache: true}]}
  train:
    foreach: [big, small]
    do: {cmd: x, outs: ["m/${item}"]}
  judge:
    matrix: {a: [1]}
    cmd: x
    metrics: [m.json]
"""


def test_stages_of_the_projects_own_dvc_yaml(project: Path) -> None:
    (project / "mlops.yaml").write_text(STAGES)
    (project / "dvc.yaml").write_text(OWN)
    (project / "sub").mkdir()
    (project / "sub" / "dvc.yaml").write_text("stages:\n  last: {cmd: x}\n")
    assert said(project) == [
        "mlops.yaml:6: train.stages[2]: 'trian' is not a stage of dvc.yaml. Did you mean 'train'?",
        "mlops.yaml:8: evaluate.stages[2]: there is no none/dvc.yaml",
    ]
    (project / "mlops.yaml").write_text(STAGES.replace("made/test.csv", "other/test.csv"))
    assert "mlops.yaml:9: evaluate.data: 'other/test.csv' does not exist, and no stage writes it" in said(project)
    (project / "dvc.yaml").write_text("stages:\n  prepare: [\n")
    assert any(
        line.startswith("mlops.yaml:4: train.stages[0]: dvc.yaml:3: is not valid YAML") for line in said(project)
    )


def test_a_foreign_dvc_yaml_is_one_of_the_problems(project: Path) -> None:
    (project / "dvc.yaml").write_text("stages: {}\n")
    (line,) = said(project)
    assert line.startswith("dvc.yaml: dvc.yaml is your own and is never overwritten")


def test_a_generated_dvc_yaml_that_became_the_projects_own(project: Path) -> None:
    text = "model: m\ntrain: {stages: [train]}\nevaluate: {stages: [evaluate]}\nregister: {artifact: model.bin}\n"
    (project / "mlops.yaml").write_text(text)
    assert said(project) == [
        "mlops.yaml:2: train.stages: dvc.yaml still says that it is generated. "
        "Remove the two comment lines at its top to make it your own."
    ]


def test_headers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert header(path) is None
    path.write_bytes(b'a,"b, c"\r\n1,2\r\n')
    assert header(path) == ["a", "b, c"]
    path.write_bytes(b"\xff\xfe\x00")
    assert header(path) is None
    path.write_bytes(b"a" * 200_000)
    assert header(path) is None
    path.write_bytes(b"")
    assert header(path) is None
