"""`cdml generate`, `cdml check` and `cdml schema` as people and CI start them."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typed import typed

from cdml.config.load import parse
from cdml.config.schema import json_schema
from cdml.state.git import Git

FILE = "model: m\ntrain: {cmd: c, deps: [a.py], outs: [m.bin]}\nevaluate: {data: d.csv, target: t}\n"


def cdml(root: Path, *words: str) -> CompletedProcess[str]:
    return typed(Path(), "-C", str(root), *words)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    Git(tmp_path).run("init", "--quiet")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").touch()
    (tmp_path / "mlops.yaml").write_text(FILE)
    (tmp_path / "a.py").touch()
    (tmp_path / "d.csv").write_text("x,t\n")
    return tmp_path


def test_generate_check_and_repair(project: Path) -> None:
    stale = cdml(project, "generate", "--check")
    assert stale.returncode == 3
    assert not (project / "dvc.yaml").exists()
    assert "+++ b/dvc.yaml" in stale.stdout
    assert "cdml: dvc.yaml, .cdml/mlops.schema.json, .gitignore: not what mlops.yaml says" in stale.stderr
    written = cdml(project, "generate")
    assert (written.returncode, written.stderr) == (0, "")
    assert written.stdout.splitlines()[0] == "written    dvc.yaml: the pipeline that DVC runs"
    again = cdml(project, "generate", "--check", "--json")
    assert again.returncode == 0
    assert {item["state"] for item in json.loads(again.stdout)} == {"unchanged"}


def test_check_says_all_and_exits_3(project: Path) -> None:
    cdml(project, "generate")
    good = cdml(project, "check")
    assert (good.returncode, good.stderr) == (0, "")
    (project / "a.py").unlink()
    (project / "mlops.yaml").write_text(FILE.replace("target: t", "target: y"))
    bad = cdml(project, "check")
    assert bad.returncode == 3
    assert bad.stderr.splitlines() == [
        "mlops.yaml:2: train.deps[0]: 'a.py' does not exist, and no stage writes it",
        "mlops.yaml:3: evaluate.target: 'y' is not a column of d.csv. Columns: x, t.",
        "cdml: 2 problems",
    ]
    data = json.loads(cdml(project, "check", "--json").stdout)
    assert [(item["file"], item["line"], item["path"]) for item in data["problems"]] == [
        ("mlops.yaml", 2, "train.deps[0]"),
        ("mlops.yaml", 3, "evaluate.target"),
    ]


def test_check_shows_a_file_that_means_the_same(project: Path) -> None:
    cdml(project, "generate")
    shown = cdml(project, "check", "--show")
    assert shown.returncode == 0
    assert parse(shown.stdout) == parse(FILE)
    assert "baseline: production" in shown.stdout


def test_a_broken_file_is_no_traceback(project: Path) -> None:
    (project / "mlops.yaml").write_text("model: 'm\n")
    for words in (["generate"], ["check"]):
        done = cdml(project, *words)
        assert done.returncode == 3
        assert "mlops.yaml:1: the quote that opens here is never closed" in done.stderr
        assert "Traceback" not in done.stderr


def test_schema_is_printed(tmp_path: Path) -> None:
    done = cdml(tmp_path, "schema")
    assert done.returncode == 0
    assert json.loads(done.stdout) == json_schema()
