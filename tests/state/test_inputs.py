"""The identity of a run's inputs: the same wherever they are checked out, another whenever any of them differs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_project import Small

from cdml.config.load import parse
from cdml.core.errors import ConfigError
from cdml.core.serialize import digest
from cdml.state.dvc import Dvc
from cdml.state.git import Git
from cdml.state.inputs import Inputs, Revision, flat_document, flatten, read_inputs, read_parameters
from cdml.state.pipeline import read_pipeline


def inputs(small: Small, commit: str = "HEAD", environment: str = "e") -> Inputs:
    git = Git(small.root)
    commit = git.commit(commit)
    blobs = {entry.path: entry.oid for entry in git.tree(commit)}
    written = parse((git.read(commit, "mlops.yaml") or b"").decode(), file="mlops.yaml")
    return read_inputs(Revision(git, commit, read_pipeline(Dvc(small.root), commit), blobs), written, environment)


def test_every_kind_of_input_is_found(small: Small) -> None:
    found = inputs(small)
    assert set(found.code) == {"src/train.py", "src/extra.py", "evaluate.py", "part.py", "../../shared/lib.py"}
    assert set(found.data) == {"data/train.csv", "src/notes.md"}
    assert set(found.test_data) == {"data/test.csv"}
    assert found.parameters == {
        "skill": 1.5,
        "features": ["age", "bp", "bmi", "s4"],
        "limit": 0.5,
        "spans": [["a", 1], ["b", 2]],
        "layers.1": 16,
        "when": "night",
    }
    assert found.data["data/train.csv"] == read_pipeline(Dvc(small.root), "HEAD").tracked["data/train.csv"]


@pytest.mark.parametrize("depth", [(), ("--depth", "1")])
def test_another_checkout_has_the_same_digest(small: Small, tmp_path: Path, depth: tuple[str, ...]) -> None:
    """A shallow clone in another folder, which writes other line endings than the first."""
    there = tmp_path / "somewhere else"
    config = ("--config", "core.autocrlf=true", "--config", "core.eol=crlf")
    small.git("clone", "--quiet", *depth, *config, f"file://{small.top}", str(there))
    assert inputs(Small(there)).digest == inputs(small).digest


def test_the_same_project_at_the_top_of_a_repository_has_the_same_digest(small: Small, tmp_path: Path) -> None:
    """Only the file outside of the folder cannot come along."""
    small.replace("dvc.yaml", ", ../../shared/lib.py", "")
    small.commit("Alone")
    alone = tmp_path / "alone"
    shutil.copytree(small.root, alone)
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "Alone")):
        small.git("-C", str(alone), *words)

    class Top(Small):
        @property
        def root(self) -> Path:
            return self.top

    assert inputs(Top(alone)).digest == inputs(small).digest


DIFFERENT = [
    ("src/train.py", "import os", "import os, sys"),
    ("src/notes.md", "why", "because"),
    ("../../shared/lib.py", "1", "2"),
    ("data/test.csv", "0,0,20", "0,0,21"),
    ("params.yaml", "skill: 1.5", "skill: 1.6"),
    ("params.yaml", "skill: 1.5", "skill: '1.5'"),
    ("params.yaml", "skill: 1.5", "skill: 1.5\nextra: null"),
    ("params.yaml", "skill: 1.5", "skill: 1.5\nextra: {}"),
    ("conf/more.toml", "16", "17"),
    ("conf/times.json", "2]]", "3]]"),
    ("dvc.yaml", "depth: 3", "depth: 4"),
    ("dvc.yaml", "cmd: python evaluate.py", "cmd: python -O evaluate.py"),
    ("mlops.yaml", "target: y", "target: z"),
    ("mlops.yaml", "model: toy", "model: other"),
    ("mlops.yaml", "artifact: model", "artifact: other"),
]
THE_SAME = [
    ("README.md", "Read", "Do not read"),
    ("conf/more.toml", "unread = 1", "unread = 2"),
    ("mlops.yaml", "max-regression: 0.02", "max-regression: 0.5"),
    ("mlops.yaml", "[roc_auc]", "[roc_auc, accuracy]"),
    ("mlops.yaml", "artifact: model", "artifact: model\nenvironments: {staging: {}}\nowners: ['@a']"),
    ("params.yaml", "skill: 1.5", "# a comment\nskill:   1.5"),
]


@pytest.mark.parametrize(("path", "old", "new"), DIFFERENT)
def test_a_difference_of_any_input_is_another_digest(small: Small, path: str, old: str, new: str) -> None:
    before = inputs(small).digest
    small.replace(path, old, new)
    small.commit("Change")
    assert inputs(small).digest != before


@pytest.mark.parametrize(("path", "old", "new"), THE_SAME)
def test_what_goes_into_no_model_is_no_difference(small: Small, path: str, old: str, new: str) -> None:
    before = inputs(small).digest
    small.replace(path, old, new)
    small.commit("Change")
    assert inputs(small).digest == before


def test_environment_and_tracked_data_are_inputs(small: Small) -> None:
    assert inputs(small, environment="f").digest != inputs(small).digest
    first, second = inputs(small, small.first), inputs(small, small.second)
    assert first.data["data/train.csv"] != second.data["data/train.csv"]
    assert first.recipe == second.recipe


def test_a_file_inside_an_added_folder_counts_by_its_folder(small: Small) -> None:
    small.write("raw/a.csv", "1\n")
    small.write("raw/b.csv", "1\n")
    small.dvc("add", "--quiet", "raw")
    small.replace("dvc.yaml", "data/train.csv, ..", "data/train.csv, raw/a.csv, ..")
    small.commit("Raw")
    before = inputs(small)
    small.write("raw/a.csv", "2\n")
    small.dvc("add", "--quiet", "raw")
    small.commit("Other")
    assert before.data["raw/a.csv"] != inputs(small).data["raw/a.csv"]
    assert "raw/b.csv" not in before.data


def test_a_dependency_that_nothing_keeps_is_refused(small: Small) -> None:
    small.replace("dvc.yaml", "evaluate.py, model", "evaluate.py, unkept.csv, model")
    small.commit("Forgotten")
    with pytest.raises(ConfigError, match=r"unkept\.csv is a dependency, but neither git nor DVC") as caught:
        inputs(small)
    assert "git add unkept.csv" in caught.value.hint


def test_file_names_that_are_no_utf8_are_inputs_too(small: Small) -> None:
    Path(str(small.root / "src").encode().decode() + "/\udcff.py").write_bytes(b"1\n")
    small.commit("Odd name")
    found = inputs(small)
    assert "src/\\udcff.py" in found.code
    assert json.dumps(dict(found.code), ensure_ascii=False).encode()


DOCUMENTS = [
    ("p.yaml", "a: {b: 1, c: [1, {d: 2}]}\n", {"a.b": 1, "a.c": [1, {"d": 2}]}),
    ("p.json", '{"a": {"b": null}}', {"a.b": None}),
    ("p.toml", "[a]\nb = 2024-01-02\n", {"a.b": "2024-01-02"}),
    ("p.yaml", "a: 2024-01-02\nb: [2024-01-02, .inf]\n", {"a": "2024-01-02", "b": ["2024-01-02", "inf"]}),
    ("p.yaml", "a: !!set {x, y}\n", {"a": ["x", "y"]}),
    ("p.py", "a = 1\nclass B:\n    c = [1, 2]\n", {"a": 1, "B.c": [1, 2]}),
    ("p.yaml", "", {}),
    ("p.yaml", "- 1\n", {"": [1]}),
    ("p.yaml", "1: {true: x}\n", {"1.True": "x"}),
]


@pytest.mark.parametrize(("file", "text", "values"), DOCUMENTS)
def test_parameters_of_every_format_are_flat_json(file: str, text: str, values: dict[str, object]) -> None:
    assert read_parameters(text.encode(), file, {""}) == values
    assert digest(flat_document(text.encode(), file)) == digest(values)


def test_only_the_keys_that_are_read_count() -> None:
    text = b"a: {b: 1, c: [5, 6]}\nab: 3\nd: null\n"
    assert read_parameters(text, "p.yaml", {"a"}) == {"a.b": 1, "a.c": [5, 6]}
    assert read_parameters(text, "p.yaml", {"a.c.1", "d", "nope", "a.c.9", "ab.x"}) == {"a.c.1": 6, "d": None}
    assert read_parameters(None, "p.yaml", {"a"}) == {}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("p.yaml", b"a: ["),
        ("p.yaml", b"a: &x {b: *x}"),
        ("p.yaml", b"a: &x [*x]"),
        ("p.yaml", b"\xff"),
        ("p.yaml", b"a: 2024-13-45"),
        ("p.json", b"{"),
        ("p.json", b"[" * 100_000),
        ("p.toml", b"a"),
        ("p.py", b"a ="),
    ],
)
def test_a_document_that_is_none_is_named(file: str, content: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^p\."):
        read_parameters(content, file, {""})


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
KEYS = st.text(st.characters(exclude_characters=".", exclude_categories=("Cs",)), min_size=1, max_size=4)
TREES = st.dictionaries(
    KEYS, st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8)
)


def unflatten(flat: dict[str, object]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for name, value in flat.items():
        *folders, last = name.split(".")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})  # type: ignore[assignment]
        place[last] = value
    return tree


@settings(max_examples=30, deadline=None)
@given(TREES)
def test_flattening_loses_nothing(tree: dict[str, object]) -> None:
    assert unflatten(flatten(tree)) == tree


@settings(max_examples=25, deadline=None)
@given(TREES, TREES)
def test_digests_of_parameters_are_equal_exactly_when_their_json_is(
    one: dict[str, object], other: dict[str, object]
) -> None:
    def read(tree: dict[str, object]) -> str:
        return digest(read_parameters(json.dumps(tree).encode(), "p.json", {""}))

    shuffled = dict(reversed(list(one.items())))
    assert read(one) == read(shuffled)
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (read(one) == read(other)) == same
