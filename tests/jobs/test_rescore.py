"""A released model asked again: its own code and files, on other test data."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from small_project import EVALUATE, Small, table

from cdml.core.errors import ExternalError, RefusedError
from cdml.core.release import Artifact, Provenance
from cdml.core.settings import Dataset
from cdml.evaluation.predictions import Predictions
from cdml.jobs import rescore_command
from cdml.jobs.overlay import commit_on_top
from cdml.jobs.project import Project, open_project
from cdml.jobs.rescore import DataFiles, Scorer, files_of
from cdml.jobs.rescore_artifact import artifact_of
from cdml.jobs.snapshots import of_revision, working
from cdml.registry.write import register as write_tag
from cdml.state.snapshot import Snapshot

TEST = "data/test.csv"


@dataclass(frozen=True)
class Released:
    """The project at its second commit, and its first version."""

    project: Project
    first: Snapshot
    now: Snapshot

    def changed(self, files: dict[str, str]) -> Snapshot:
        """The first version, with other files in its commit."""
        content = {path: text.encode() for path, text in files.items()}
        commit = commit_on_top(self.project, str(self.first.commit), content, "Changed\n")
        return replace(self.first, commit=commit, code=commit)


@pytest.fixture(scope="module")
def released(small_template: Small, tmp_path_factory: pytest.TempPathFactory) -> Released:
    top = tmp_path_factory.mktemp("released") / "repository"
    shutil.copytree(small_template.top, top, symlinks=True)
    project = open_project(top / "models" / "toy")
    return Released(project, of_revision(project, small_template.first), working(project))


def data_of(rows: int, start: int = 0) -> DataFiles:
    text = table(rows + start).splitlines(keepends=True)
    return DataFiles("", "the test data", {TEST: "".join([text[0], *text[1 + start :]]).encode()})


def skill(found: Predictions) -> float:
    """How far apart the two classes' scores are, which is the model's one number."""
    scores = found.scored
    return float(4 * (scores[found.y_true == 1].mean() - scores[found.y_true == 0].mean()))


def test_the_old_code_and_model_answer_for_new_rows(released: Released) -> None:
    judged = released.now.settings.evaluate
    before = released.project.git.text("status", "--porcelain")
    old = Scorer(released.project).score(released.first, data_of(300, 50), judged).predictions
    assert (old.rows, list(old.ids[:2]) if old.ids is not None else None) == (300, ["50", "51"])
    assert skill(old) == pytest.approx(1.0, abs=0.1)
    new = Scorer(released.project).score(released.now, data_of(300, 50), judged).predictions
    assert skill(new) == pytest.approx(1.5, abs=0.1)  # the working tree's model: not the released one
    assert released.project.git.text("status", "--porcelain") == before


def test_the_same_question_is_asked_once_and_another_one_anew(
    released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    by_command = rescore_command.by_command

    def counted(*words: object) -> bytes:
        asked.append(1)
        return by_command(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(rescore_command, "by_command", counted)
    judged = released.now.settings.evaluate
    for _ in range(2):
        first = Scorer(released.project).score(released.first, data_of(40), judged)
    assert (len(asked), first.predictions.rows) == (1, 40)
    assert Scorer(released.project).score(released.first, data_of(41), judged).predictions.rows == 41
    elsewhere = replace(released.project, python=released.project.python)
    object.__setattr__(elsewhere, "environment", "# python 3.0\n")
    same = replace(released.first, environment="# python 3.0\n")
    Scorer(elsewhere).score(same, data_of(40), judged)
    assert len(asked) == 3


def test_another_environment_must_give_the_same_predictions_of_the_old_data(released: Released) -> None:
    judged = released.now.settings.evaluate
    moved = replace(released.first, environment="numpy==0.1\n")
    scored = Scorer(released.project).score(moved, data_of(30), judged)
    assert "another environment" in scored.note
    assert scored.predictions.rows == 30
    kept = released.project.store.read(released.first.commit, "predictions.csv") or b""
    lines = kept.decode().splitlines()
    lines[5] = ",".join([*lines[5].split(",")[:2], "0.123"])
    other = replace(released.changed({"predictions.csv": "\n".join(lines)}), environment="numpy==0.1\n")
    with pytest.raises(RefusedError, match=r"it predicts otherwise for 1 of 200 rows"):
        Scorer(released.project).score(other, data_of(30), judged)
    assert Scorer(released.project).score(
        replace(other, environment=released.project.environment), data_of(30), judged
    )


REFUSED: list[tuple[str, Callable[[Released], tuple[Snapshot, DataFiles]], str]] = [
    (
        "a file that its command does not read",
        lambda r: (_evaluating(r.first, data=None), DataFiles("", "x", {"data/new.csv": b"id,y\n"})),
        r"does not read data/new\.csv",
    ),
    (
        "a command that fails",
        lambda r: (r.changed({"evaluate.py": "raise SystemExit('no such column')"}), data_of(3)),
        r"failed at evaluate \(exit 1\)",
    ),
    (
        "a command that writes nothing, though the commit holds an old answer",
        lambda r: (r.changed({"evaluate.py": "", "predictions.csv": "id,y_true,y_score\n1,1,1\n"}), data_of(3)),
        r"wrote no file predictions\.csv",
    ),
    ("no predictions", lambda r: (_evaluating(r.first, predictions=None), data_of(3)), "writes no predictions"),
]


def _evaluating(snapshot: Snapshot, **words: object) -> Snapshot:
    changed = replace(snapshot.settings.evaluate, **words)  # type: ignore[arg-type]
    return replace(snapshot, settings=replace(snapshot.settings, evaluate=changed))


@pytest.mark.parametrize(("make", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_gives_no_answer_says_why(
    released: Released, make: Callable[[Released], tuple[Snapshot, DataFiles]], said: str
) -> None:
    who, data = make(released)
    with pytest.raises((RefusedError, ExternalError), match=said):
        Scorer(released.project).score(who, data, released.now.settings.evaluate)


def test_a_model_that_knows_no_such_dataset_takes_it_for_its_test_data(released: Released) -> None:
    judged = released.now.settings.evaluate
    north = replace(data_of(25), name="north", label="north")
    assert (
        Scorer(released.project).score(released.first, north, released.now.settings.evaluate).predictions.rows
        == 25
    )
    known = EVALUATE.replace("data/test.csv", "data/north.csv").replace('"predictions.csv"', '"north.csv"')
    both = EVALUATE + "\n" + known
    # Its own stage reads it by its own name then, and writes a file of its own.
    stage = released.first.pipeline.stage("evaluate")
    deps = {**stage.deps, "data/north.csv": None}
    stages = {**released.first.pipeline.stages, "evaluate": replace(stage, deps=deps)}
    who = released.changed({"evaluate.py": both, "data/north.csv": table(2)})
    who = replace(who, pipeline=replace(who.pipeline, stages=stages))
    who = _evaluating(who, datasets=(Dataset("north", "data/north.csv", "north.csv"),))
    assert Scorer(released.project).score(who, north, judged).predictions.rows == 25


def test_test_data_are_read_where_they_belong(released: Released) -> None:
    found = files_of(released.project, released.first, "")
    assert found is not None
    assert list(found.files) == [TEST]
    assert files_of(released.project, _evaluating(released.first, data="gone.csv"), "") is None
    assert files_of(released.project, released.first, "north") is None


def test_a_version_is_scored_by_the_bytes_that_were_registered_and_no_others(
    released: Released, tmp_path: Path
) -> None:
    digest = hashlib.sha256(b"the bytes").hexdigest()
    settings = replace(
        released.first.settings, register=replace(released.first.settings.register, artifact="m.pkl")
    )
    good, bad = (
        replace(released.changed({"m.pkl": "the bytes", "n.txt": number}), settings=settings, version=number)
        for number in ("v3.0.0", "v3.0.1")
    )
    for who, sha in ((good, digest), (bad, digest[::-1])):
        provenance = replace(PROVENANCE, artifact=Artifact("m.pkl", sha, 9))
        write_tag(released.project.git, "toy", str(who.version), str(who.commit), provenance)
    asked = replace(good, version=None)
    for name, who in (("commit", asked), ("version", good)):
        assert artifact_of(released.project, who, _folder(tmp_path / name)).read_bytes() == b"the bytes"
    with pytest.raises(RefusedError, match="reviewed was"):
        artifact_of(released.project, bad, _folder(tmp_path / "bad"))
    # A number that was used twice names other bytes by now.
    moved = replace(good, commit=released.first.commit)
    with pytest.raises(RefusedError, match="is another version by now"):
        artifact_of(released.project, moved, _folder(tmp_path / "moved"))


def _folder(place: Path) -> Path:
    place.mkdir()
    return place


PROVENANCE = Provenance(
    inputs="0" * 64,
    commit="0" * 40,
    artifact=Artifact("model.pkl", "", 0),
    base=None,
    axes=(),
    code={},
    data={},
    parameters={},
    recipe="",
    environment="",
    python="3.11",
    signature=None,
    metrics=(),
    verdicts={},
    compared_with=None,
    judged_run=False,
    registered_by="Test <test@localhost>",
)
