"""The worker and its client: real processes, real models, and models that misbehave."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from cdml.core.errors import ConfigError, ExternalError
from cdml.serving.client import SCRIPT, PythonEnvironment, Worker, environment
from cdml.serving.model import positive_scores

PYTHON = Path(sys.executable)


@pytest.fixture(scope="module")
def loaded(model: Path) -> Iterator[Worker]:
    with Worker(PYTHON) as worker:
        said = worker.load(model)
        assert (said.kind, said.classes, said.features) == ("classifier", ("no", "yes"), ("age", "bp"))
        yield worker


@pytest.fixture(scope="module")
def spare() -> Iterator[Worker]:
    """One for all that is tried and refused: importing skops takes two seconds."""
    with Worker(PYTHON) as worker:
        yield worker


@pytest.fixture
def misbehaving(odd: Path) -> Iterator[Worker]:
    with Worker(PYTHON, cwd=odd.parent) as worker:
        said = worker.load(odd, ["pickle"])
        assert (said.kind, said.classes, said.features) == ("other", None, None)
        yield worker


def test_the_environment_is_locked_in_normalised_sorted_lines() -> None:
    found = environment(PYTHON)
    lines = found.lock_text.splitlines()
    assert lines[0] == "# python " + ".".join(str(part) for part in sys.version_info[:3])
    assert f"scikit-learn=={found.packages['scikit-learn']}" in lines
    assert lines[1:] == sorted(lines[1:])
    assert (
        PythonEnvironment("3.9.1", {"Zope.Thing_x": "1", "a": "2"}).lock_text
        == "# python 3.9.1\na==2\nzope-thing-x==1\n"
    )


def test_predictions_and_scores_in_the_order_of_classes(loaded: Worker) -> None:
    said = loaded.predict({"bp": [2.0, 8.0], "age": [1.0, 6.0], "unused": ["x", "y"]})
    assert said.predictions == ["no", "yes"]
    assert said.classes == ("no", "yes")
    assert said.scores is not None
    assert [sum(row) for row in said.scores] == pytest.approx([1.0, 1.0])
    assert said.scores[0][0] > 0.5 > said.scores[0][1]
    assert positive_scores(said, "no") == [row[0] for row in said.scores]
    assert positive_scores(said, None) == [row[1] for row in said.scores]


def test_columns_that_do_not_fit_are_named(loaded: Worker) -> None:
    with pytest.raises(ConfigError, match="missing here: bp"):
        loaded.predict({"age": [1.0]})
    with pytest.raises(ConfigError, match=r"refused this input.*NaN"):
        loaded.predict({"age": [1.0], "bp": [None]})
    assert loaded.predict({"age": [1.0], "bp": [2.0]}).predictions == ["no"]


def test_types_that_are_not_trusted_are_listed_and_not_built(tmp_path: Path, spare: Worker) -> None:
    import skops.io
    from sklearn.tree import DecisionTreeRegressor

    # skops cannot know what a tree's buffers do, and asks for it by name.
    path = tmp_path / "tree.skops"
    skops.io.dump({"model": DecisionTreeRegressor().fit([[1.0], [2.0]], [1.0, 2.0])}["model"], path)
    needed = skops.io.get_untrusted_types(file=path)
    assert needed
    with pytest.raises(ConfigError) as refused:
        spare.load(path)
    assert all(name in refused.value.message for name in needed)
    assert f"add to mlops.yaml: register: {{trusted: [{', '.join(sorted(needed))}]}}" in refused.value.hint
    with pytest.raises(ConfigError, match="no model is loaded"):
        spare.predict({"x": [1.0]})
    assert spare.load(path, needed).kind == "regressor"
    said = spare.predict({"x": [1.0, 2.0]})
    assert (said.predictions, said.scores, said.classes) == ([1.0, 2.0], None, None)


@pytest.mark.parametrize("suffix", [".pkl", ".pickle", ".joblib"])
def test_a_pickle_is_refused_and_its_code_does_not_run(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"cos\nmkdir\n(V" + str(tmp_path / "ran").encode() + b"\ntR.")
    with Worker(PYTHON) as worker:
        for trusted in ([], ["os.mkdir"], ["pickle" if suffix == ".joblib" else "joblib"]):
            with pytest.raises(ConfigError, match="runs whatever code") as refused:
                worker.load(path, trusted)
            assert "add to mlops.yaml: register: {trusted: [" in refused.value.hint
            assert not (tmp_path / "ran").exists()
        with pytest.raises(ConfigError, match="cannot predict"):
            worker.load(path, ["joblib" if suffix == ".joblib" else "pickle"])
        assert (tmp_path / "ran").exists()


def test_what_is_no_model_file_is_refused(tmp_path: Path, spare: Worker) -> None:
    (tmp_path / "model.skops").write_text("not a zip")
    (tmp_path / "model.onnx").write_text("")
    with pytest.raises(ConfigError, match=r"model\.skops cannot be loaded"):
        spare.load(tmp_path / "model.skops")
    with pytest.raises(ConfigError, match=r"gone\.skops cannot be loaded"):
        spare.load(tmp_path / "gone.skops")
    with pytest.raises(ConfigError, match="no format that cdml can load"):
        spare.load(tmp_path / "model.onnx")


def test_a_model_can_print_and_read_without_disturbing_the_protocol(misbehaving: Worker) -> None:
    assert misbehaving.predict({"x": ["print"]}).predictions == ["print"]
    assert misbehaving.predict({"x": ["read"]}).predictions == [""]
    assert misbehaving.predict({"x": ["talk"]}).predictions == ["talk"]
    assert misbehaving.predict({"x": ["nan"]}).predictions == [None, None, 1.5]


def test_a_model_that_leaves_is_an_error_and_not_the_end(misbehaving: Worker) -> None:
    with pytest.raises(ExternalError, match="the model failed: SystemExit: good bye"):
        misbehaving.predict({"x": ["leave"]})
    assert misbehaving.predict({"x": ["still"]}).predictions == ["still"]


def test_a_worker_that_dies_says_its_last_words(misbehaving: Worker) -> None:
    with pytest.raises(ExternalError, match=r"(?s)ended at predict, exit 7.*last words"):
        misbehaving.predict({"x": ["die"]})
    assert not misbehaving.alive
    with pytest.raises(ExternalError, match="ended at predict"):
        misbehaving.predict({"x": ["print"]})


def test_a_worker_that_hangs_is_ended(misbehaving: Worker) -> None:
    with pytest.raises(ExternalError, match="no answer to predict within"):
        misbehaving.predict({"x": ["hang"]}, timeout=0.3)
    with pytest.raises(ExternalError):
        misbehaving.predict({"x": ["print"]})
    assert not misbehaving.alive


def test_threads_get_their_own_answers(misbehaving: Worker) -> None:
    asked = [f"row {number}" for number in range(64)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda row: misbehaving.predict({"x": [row]}).predictions, asked))
    assert answers == [[row] for row in asked]


def test_values_that_json_cannot_hold_are_refused(misbehaving: Worker) -> None:
    with pytest.raises(ConfigError, match="JSON"):
        misbehaving.predict({"x": [float("nan")]})
    assert misbehaving.alive


def test_the_process_ends_with_its_block() -> None:
    before = set(psutil.Process().children())
    with contextlib.suppress(KeyError), Worker(PYTHON):
        (started,) = set(psutil.Process().children()) - before
        assert started.is_running()
        raise KeyError
    assert not started.is_running()


def test_the_worker_is_python_3_8_and_needs_nothing_of_ours() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 8))
    imported = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    imported += [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    top = {name.split(".")[0] for name in imported} - set(sys.stdlib_module_names)
    assert top == {"skops", "joblib", "pandas", "numpy"}


def test_an_interpreter_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be started") as missing:
        environment(tmp_path / "python")
    assert "$CDML_PYTHON" in missing.value.hint
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho hello\nexec cat\n")
    other.chmod(0o755)
    with pytest.raises(ConfigError, match="no Python interpreter: it said 'hello"):
        environment(other)
