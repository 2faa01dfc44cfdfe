"""The example project tells the story that its README and the demo tell, with its own scripts."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typed import typed

from cdml.config.load import load
from cdml.jobs.generate import generate

EXAMPLE = Path(__file__).resolve().parents[2] / "example-project"
ALL = "features: [age, sex, bmi, bp, s1, s2, s3, s4, s5, s6]"
LOCAL = shutil.ignore_patterns("__pycache__", ".pytest_cache", "model", "reports", "tmp", "cache")


def run(place: Path, *words: str) -> str:
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=place, capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to run in."""
    copy = tmp_path_factory.mktemp("example") / "project"
    shutil.copytree(EXAMPLE, copy, ignore=LOCAL)
    return copy


# One process for all of it: importing scikit-learn takes longer than the models do.
STORY = """
import json, pathlib, sys
sys.path.insert(0, "src")
import evaluate, skops.io, train
params = pathlib.Path("params.yaml")
train.main()
for name, text in json.loads(sys.argv[1]).items():
    params.write_text(text)
    evaluate.main()
    pathlib.Path("reports/predictions.csv").rename(f"{name}.csv")
model = skops.io.load("model/model.skops")
untrusted = skops.io.get_untrusted_types(file="model/model.skops")
pathlib.Path("model.json").write_text(json.dumps([untrusted, list(model.feature_names_in_)]))
"""


@pytest.fixture(scope="module")
def story(place: Path) -> dict[str, Path]:
    """Predictions of the three models of the README's table; the first one is also trained."""
    params = place / "params.yaml"
    start = params.read_text()
    more = re.sub(r"^features:.*", ALL, start, flags=re.MULTILINE)
    forest = re.sub(r"^kind: \w+", "kind: forest", more, flags=re.MULTILINE)
    assert len({start, more, forest}) == 3
    texts = {"start": start, "more": more, "forest": forest}
    run(place, "-c", STORY, json.dumps(texts))
    params.write_text(start)
    return {name: place / f"{name}.csv" for name in texts}


def roc_auc(place: Path, base: Path, head: Path) -> dict[str, float]:
    """Both values of ROC AUC and the paired interval of the difference."""
    done = typed(place, "compare", str(base), str(head), "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    found = next(m for m in answer["comparison"]["metrics"] if m["name"] == "roc_auc")
    assert found["rows"] == 442
    return {"before": found["baseline"], "after": found["candidate"], **found["interval"]}


def shown(before: float, after: float, low: float, high: float) -> str:
    """A change as the README's table writes it."""
    return f"{after - before:+.3f} ({low:+.3f} to {high:+.3f})".replace("-", "−")


def test_more_features_are_better(place: Path, story: dict[str, Path]) -> None:
    found = roc_auc(place, story["start"], story["more"])
    assert found["before"] > 0.80
    assert found["low"] > 0
    assert shown(found["before"], found["after"], found["low"], found["high"]) in (place / "README.md").read_text()


def test_the_forest_fails_its_gate_beyond_doubt(place: Path, story: dict[str, Path]) -> None:
    found = roc_auc(place, story["more"], story["forest"])
    margin = next(g.limit for g in load(place).evaluate.gates if g.kind == "max-regression")
    assert margin == 0.01
    assert found["high"] < -2 * margin
    assert shown(found["before"], found["after"], found["low"], found["high"]) in (place / "README.md").read_text()


def test_predictions_hold_what_the_settings_ask_for(place: Path, story: dict[str, Path]) -> None:
    lines = story["start"].read_text().splitlines()
    assert len(lines) == 443
    assert {"id", "y_true", "y_pred", "y_score", *load(place).evaluate.by} == set(lines[0].split(","))
    rows = {name: [line.split(",")[:2] for line in path.read_text().splitlines()] for name, path in story.items()}
    assert rows["start"] == rows["more"] == rows["forest"]


def test_the_model_is_saved_without_pickle_and_knows_its_columns(place: Path, story: dict[str, Path]) -> None:
    assert (place / load(place).register.artifact).is_file()
    untrusted, columns = json.loads((place / "model.json").read_text())
    assert untrusted == []
    assert columns == ["age", "sex", "bp", "s1", "s2", "s3"]


def test_it_stands_as_generate_leaves_it() -> None:
    assert {file.path: file.state for file in generate(EXAMPLE, check=True)} == {
        "dvc.yaml": "unchanged",
        ".cdml/mlops.schema.json": "unchanged",
        ".gitignore": "unchanged",
    }


def test_the_data_are_those_of_the_study(place: Path, tmp_path: Path) -> None:
    run(tmp_path, str(place / "src/make_data.py"))
    made = (tmp_path / "data/patients.csv").read_bytes()
    assert made == (EXAMPLE / "data/patients.csv").read_bytes()
    assert b"\r" not in made


def test_its_own_tests_pass(place: Path) -> None:
    assert load(place).ci.test == "python -m pytest -q"
    assert "passed" in run(place, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_a_fresh_repository_takes_all_of_it_and_no_output(place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "fresh"
    shutil.copytree(EXAMPLE, copy, ignore=LOCAL)
    for made in (
        "model/model.skops",
        "reports/predictions.csv",
        ".dvc/tmp/x",
        ".dvc/cache/x",
        "src/__pycache__/x.pyc",
    ):
        (copy / made).parent.mkdir(parents=True, exist_ok=True)
        (copy / made).write_text("")
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=copy, check=True)
    listed = subprocess.run(["git", "ls-files"], cwd=copy, check=True, capture_output=True, text=True).stdout
    expected = {
        "mlops.yaml",
        "dvc.yaml",
        "params.yaml",
        "data/patients.csv",
        ".dvc/config",
        ".cdml/mlops.schema.json",
    }
    assert expected <= set(listed.split())
    assert not [name for name in listed.split() if name.endswith((".skops", "predictions.csv", ".pyc", "/x"))]
