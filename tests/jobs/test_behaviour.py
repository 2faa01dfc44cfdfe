"""Behavioural tests of a real model in a real worker, and of pytest in a real process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cdml.config.behaviour import BEHAVIOUR_FILE
from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.core.findings import BehaviourResult
from cdml.core.process import Finished
from cdml.core.settings import BehaviourTest
from cdml.jobs.behaviour import SPEC, read_results, try_behaviour
from cdml.jobs.behaviour_pytest import _broken, read_junit, run_pytest

# Risk rises by a tenth per call, and by 0.05 for men; above 0.5 it says yes.
MODEL = """
import numpy

class Risk:
    classes_ = ["no", "yes"]
    def predict_proba(self, rows):
        risk = [min(1.0, 0.1 * float(calls or 0) + 0.05 * (sex == "m")) for sex, calls in rows]
        return numpy.array([[1 - value, value] for value in risk])
    def predict(self, rows):
        return ["yes" if score[1] > 0.5 else "no" for score in self.predict_proba(rows)]

class Price:
    def predict(self, rows):
        return [100.0 - calls + (sex == "m") for sex, calls in rows]
"""
ROWS = [("f", 1), ("m", 2), ("f", 5), ("m", 5), ("m", 8)]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CDML_PYTHON", sys.executable)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # none is needed, and each takes its time
    (tmp_path / "risk.py").write_text(MODEL)
    made = "import pickle, risk; [pickle.dump(getattr(risk, n)(), open(n, 'wb')) for n in ('Risk', 'Price')]"
    subprocess.run([sys.executable, "-c", made], cwd=tmp_path, check=True)
    for name in ("Risk", "Price"):
        (tmp_path / name).rename(tmp_path / f"{name}.pkl")
    lines = [f"{10 + place},{sex},{calls},no" for place, (sex, calls) in enumerate(ROWS)]
    (tmp_path / "test.csv").write_text("\n".join(["id,sex,calls,left", *lines, ""]))
    return tmp_path


def tried(root: Path, *tests: str, model: str = "Risk", more: str = "") -> list[BehaviourResult]:
    (root / "mlops.yaml").write_text(
        f"model: toy\ntrain: {{cmd: python train.py, outs: [{model}.pkl]}}\n"
        f"register: {{artifact: {model}.pkl, trusted: [pickle]}}\n"
        f"evaluate:\n  data: test.csv\n  target: left\n{more}  behaviour:\n"
        + "".join(f"    - {test}\n" for test in tests)
    )
    found = try_behaviour(root, SPEC)
    assert read_results((root / BEHAVIOUR_FILE).read_bytes()) == found
    return list(found)


def test_every_kind_counts_its_cases_and_shows_the_failing_ones(root: Path) -> None:
    same, close, far, up, down, known = tried(
        root,
        "{name: same, invariance: {column: sex, values: [f, m]}}",
        "{name: close, invariance: {column: sex, values: [f, m]}, tolerance: 0.06}",
        "{name: far, invariance: {column: sex, values: [f]}, tolerance: 0.04}",
        "{name: up, direction: {column: calls, add: 1, score: rises}}",
        "{name: down, direction: {column: calls, multiply: 2, score: rises, of: 'no'}}",
        "{name: known, examples: [{input: {sex: f, calls: 9}, answer: 'yes'},"
        " {input: {sex: f, calls: 9}, answer: 'no'}, {input: {sex: f, calls: null}, answer: 'no'}]}",
    )
    # Each of the five rows gets the one other sex; only those with five calls cross the border.
    assert (same.cases, same.failed) == (5, 2)
    assert same.examples == ("id 13, sex m → f: yes → no", "id 12, sex f → m: no → yes")
    assert (close.cases, close.failed) == (5, 0)
    assert (far.cases, far.failed) == (3, 3)
    assert far.examples[0] == "id 11, sex m → f: 0.25 → 0.2"
    assert (up.cases, up.failed) == (5, 0)
    assert (down.cases, down.failed) == (5, 5)
    assert down.examples[0] == "id 10, calls 1 → 2: score 0.9 → 0.8"
    assert (known.cases, known.failed, known.examples) == (3, 1, ("example 2: yes instead of no",))


def test_cases_of_private_rows_are_counted_and_not_written_down(root: Path) -> None:
    (same,) = tried(
        root, "{name: same, invariance: {column: sex, values: [f, m]}}", more="  example-rows: false\n"
    )
    assert (same.cases, same.failed, same.examples) == (5, 2, ())


def test_numbers_are_compared_within_the_tolerance(root: Path) -> None:
    same, close, falls, rises, near, off = tried(
        root,
        "{name: same, invariance: {column: sex, values: [f]}}",
        "{name: close, invariance: {column: sex, values: [f]}, tolerance: 1}",
        "{name: falls, direction: {column: calls, add: 1.5, score: falls}, sample: 2}",
        "{name: rises, direction: {column: calls, add: 1, score: rises}}",
        "{name: near, examples: [{input: {sex: f, calls: 3}, answer: 96.5}], tolerance: 0.5}",
        "{name: off, examples: [{input: {sex: f, calls: 3}, answer: 96.5}], tolerance: 0.4}",
        model="Price",
    )
    assert [one.failed for one in (same, close, falls, rises, near, off)] == [3, 0, 0, 5, 0, 1]
    assert falls.cases == 2


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("invariance: {column: nope, values: [1]}", "'t': test.csv has no column 'nope'"),
        ("direction: {column: sex, add: 1, score: rises}", "'t': column 'sex' holds 'f', which is no number"),
        ("direction: {column: calls, add: 1, score: rises, of: maybe}", "'maybe' is no class of the model"),
    ],
)
def test_what_cannot_be_tried_is_an_error_that_names_the_test(root: Path, test: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        tried(root, f"{{name: t, {test}}}")
    assert not (root / BEHAVIOUR_FILE).exists()


def test_another_spec_asks_to_generate_and_foreign_results_are_refused(root: Path) -> None:
    with pytest.raises(UsageError, match="asks for behaviour 0"):
        try_behaviour(root, 0)
    assert read_results(None) == ()
    with pytest.raises(ConfigError, match="is not what cdml wrote"):
        read_results(b'{"results": [{"name": "x"}]}')


def test_pytest_gets_the_model_and_its_failures_are_cases(root: Path) -> None:
    (root / "tests").mkdir()
    (root / "tests" / "test_model.py").write_text(
        "import os, pickle, pytest\n"
        "model = pickle.load(open(os.environ['CDML_MODEL'], 'rb'))\n"
        "def test_good(): assert model.predict([('f', 9)]) == ['yes']\n"
        "@pytest.mark.parametrize('calls', [1, 9])\n"
        "def test_quiet(calls): assert model.predict([('f', calls)]) == ['no'], 'loud'\n"
        "@pytest.mark.skip\n"
        "def test_later(): pass\n"
    )
    (found,) = tried(root, "{name: own, pytest: tests}")
    assert (found.cases, found.failed, len(found.tests)) == (3, 1, 3)
    assert found.tests[0] == "tests.test_model::test_good"
    assert found.examples[0].startswith("tests.test_model::test_quiet[9]: AssertionError: loud")
    (root / "tests" / "test_model.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(ExternalError, match="pytest tests broke"):
        run_pytest(root, Path(sys.executable), root / "Risk.pkl", BehaviourTest("own", "pytest", path="tests"))
    nothing = _broken(Finished(5, "no tests ran", ""), BehaviourTest("own", "pytest", path="tests"))
    assert isinstance(nothing, ConfigError)
    missing = _broken(Finished(1, "", "No module named pytest"), BehaviourTest("own", "pytest", path="tests"))
    assert "not in the project's environment" in str(missing)


@pytest.mark.parametrize(
    "content", [b"", b"<testsuite>", b'<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', b"{}", b"\x00"]
)
def test_a_report_that_pytest_did_not_write_is_refused(content: bytes) -> None:
    with pytest.raises(ExternalError, match="report"):
        read_junit(content)


def test_names_and_messages_of_any_length_are_cut() -> None:
    case = f'<testcase classname="{"c" * 500}" name="n"><error message="{"m" * 500} &#10; x"/></testcase>'
    names, failures = read_junit(f"<testsuites><testsuite>{case}</testsuite></testsuites>".encode())
    assert [len(text) for text in (*names, *failures)] == [200, 200]
