"""The model of a version: its bytes wherever they are kept, and the inputs that it names."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pandas
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from small_project import Small

from cdml.core.errors import ExternalError, RefusedError
from cdml.core.files import digest
from cdml.core.release import Artifact, Field, Version
from cdml.jobs.artifact import describe, fetch_artifact, fetch_version, signature
from cdml.jobs.project import Project, open_project
from cdml.serving.client import Worker
from cdml.state.inputs import Inputs
from cdml.state.pipeline import Pipeline
from cdml.state.snapshot import Snapshot


def test_a_folder_comes_from_dvc_whole_each_time(small: Small, tmp_path: Path) -> None:
    project = open_project(small.root)
    first = describe("model", fetch_artifact(project, small.second, "model", tmp_path))
    assert first == describe("model", small.root / "model")
    assert describe("model", fetch_artifact(project, small.second, "model", tmp_path)) == first
    older = describe("model", fetch_artifact(project, small.first, "model", tmp_path))
    assert older.sha256 != first.sha256


def test_files_and_folders_come_from_git(small: Small, tmp_path: Path) -> None:
    project = open_project(small.root)
    assert (
        fetch_artifact(project, small.second, "part.py", tmp_path).read_bytes()
        == (small.root / "part.py").read_bytes()
    )
    assert digest(fetch_artifact(project, small.second, "src", tmp_path)) == digest(small.root / "src")


def test_what_is_nowhere_or_is_not_what_was_reviewed_is_refused(small: Small, tmp_path: Path) -> None:
    project = open_project(small.root)
    with pytest.raises(ExternalError, match="is in neither git, DVC's cache nor its remote"):
        fetch_artifact(project, small.second, "gone.txt", tmp_path)
    version = Version("toy", "v1.0.0", small.second, 0, True, None)
    good = describe("model", small.root / "model")
    assert fetch_version(project, version, good, tmp_path) == tmp_path / "model"
    with pytest.raises(RefusedError, match=r"toy@v1\.0\.0: model has sha256"):
        fetch_version(project, version, replace(good, sha256="0" * 64), tmp_path)
    with pytest.raises(RefusedError):
        fetch_version(project, version, Artifact("model", good.sha256, good.size + 1), tmp_path)


CSV = "id,y,n,x,flag,text,hole\n1,0,1,1.5,True,a,1\n2,1,2,2.5,False,b,\n"
KINDS = (
    Field("n", "integer"),
    Field("x", "number"),
    Field("flag", "boolean"),
    Field("text", "text"),
    Field("hole", "number"),
)


def signed(project: Project, place: Path, data: str | None) -> tuple[Field, ...] | None:
    evaluate = replace(project.settings.evaluate, data=data)
    inputs = Inputs({}, {}, {}, {}, "", "")
    written = replace(project.settings, evaluate=evaluate)
    return signature(project, Snapshot("x", None, "c", None, written, Pipeline({}, {}), inputs, "", {}), place)


def test_a_signature_is_what_the_model_names_else_the_test_datas_columns(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    project = open_project(small.root)
    small.write("data/kinds.csv", CSV)
    pandas.read_csv(small.root / "data/kinds.csv").to_parquet(small.root / "data/kinds.parquet")
    small.write("data/odd.csv", "")
    rows = pandas.DataFrame({"x": [1.0, 2.0], "n": [1, 2]})
    named, nameless = tmp_path / "named.skops", tmp_path / "nameless.skops"
    skops.io.dump(LogisticRegression().fit(rows, [0, 1]), named)
    skops.io.dump(LogisticRegression().fit(rows.to_numpy(), [0, 1]), nameless)
    worker = Worker(Path(sys.executable))  # one for all: scikit-learn takes a second to import
    monkeypatch.setattr("cdml.jobs.artifact.Worker", lambda python, cwd: nullcontext(worker))
    request.addfinalizer(worker.close)
    assert signed(project, named, "data/kinds.csv") == (Field("x", "number"), Field("n", "integer"))
    assert signed(project, nameless, "data/kinds.csv") == KINDS
    # a column of integers with holes is one of numbers in Parquet too
    assert signed(project, nameless, "data/kinds.parquet") == KINDS
    assert signed(project, named, "data/test.csv") is None  # it has neither x nor n
    for data in (None, "data/odd.csv", "data/gone.csv", "mlops.yaml"):
        assert signed(project, nameless, data) is None
    broken = tmp_path / "broken.skops"
    broken.write_text("no model")
    assert signed(project, broken, "data/kinds.csv") is None
    assert signed(project, small.root / "model", "data/kinds.csv") == KINDS
