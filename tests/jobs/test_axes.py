"""What changed between two models, in words: rows and columns, values, lists, packages, files and gates."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_project import Small

from cdml.config.load import parse
from cdml.core.comparison import Axis
from cdml.core.settings import Gate, Settings
from cdml.jobs.axes import changes
from cdml.jobs.axis_words import MOST
from cdml.state.dvc import Dvc
from cdml.state.git import Git
from cdml.state.inputs import Inputs
from cdml.state.pipeline import Pipeline
from cdml.state.snapshot import Snapshot, Store

TEXT = """\
model: toy
train: {cmd: python t.py, outs: [m]}
evaluate: {cmd: python e.py, metrics: [f1], gates: []}
"""


class Files(Store):
    """Files by commit and path, as a store hands them out."""

    def __init__(self, files: dict[tuple[str, str], bytes]) -> None:
        object.__setattr__(self, "files", files)

    def read(self, commit: str | None, path: str) -> bytes | None:
        return self.files.get((str(commit), path))  # type: ignore[attr-defined, no-any-return]

    def size(self, commit: str, path: str) -> int | None:
        content = self.read(commit, path)
        return None if content is None else len(content)


def snapshot(commit: str, gates: tuple[Gate, ...] = (), packages: str = "", **inputs: object) -> Snapshot:
    written: Settings = parse(TEXT, file="mlops.yaml")
    written = replace(written, evaluate=replace(written.evaluate, gates=gates))
    empty: dict[str, object] = {key: {} for key in ("code", "data", "test_data", "parameters")}
    found = Inputs(**{**empty, "recipe": "r", "environment": "e", **inputs})  # type: ignore[arg-type]
    return Snapshot(
        commit, commit, commit, None, written, Pipeline({}, {}), found, f"# python 3.11.1\n{packages}", {}
    )


def words(
    axis: Axis, base: Snapshot, head: Snapshot, files: dict[tuple[str, str], bytes] | None = None
) -> list[str]:
    found = {change.axis: change for change in changes(Files(files or {}), base, head)}
    assert found[axis].changed == bool(found[axis].details)
    assert not any(change.changed for other, change in found.items() if other is not axis)
    return list(found[axis].details)


def parameters(old: dict[str, object], new: dict[str, object]) -> list[str]:
    return words(Axis.PARAMETERS, snapshot("a", parameters=old), snapshot("b", parameters=new))


def test_nothing_changed() -> None:
    assert not any(c.changed or c.details for c in changes(Files({}), snapshot("a"), snapshot("b")))
    assert [c.axis for c in changes(Files({}), snapshot("a"), snapshot("b"))] == [
        Axis.DATA,
        Axis.PARAMETERS,
        Axis.CODE,
        Axis.ENVIRONMENT,
        Axis.TEST_DATA,
        Axis.GATES,
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"depth": 6}, {"depth": 8}, ["depth 6→8"]),
        ({}, {"depth": 8}, ["depth none→8"]),
        ({"depth": None}, {}, ["depth null→none"]),
        ({"a": 1, "b": 2}, {"a": 1, "b": True}, ["b 2→true"]),
        ({"a": 1}, {"a": 1.0}, ["a 1→1.0"]),
        ({"a": 1}, {"a": True}, ["a 1→true"]),
        ({"a": "x" * 60}, {"a": "y"}, [f"a {'x' * 39}…→y"]),
        ({"f": ["age", "sex"]}, {"f": ["age", "sex", "bmi", "s4"]}, ["f +bmi +s4"]),
        ({"f": ["age", "sex"]}, {"f": ["bp", "age"]}, ["f +bp −sex"]),
        ({"f": [1, 1, 2]}, {"f": [1, 2]}, ["f −1"]),
        ({"f": [1, 2]}, {"f": [2, 1]}, ["f in another order"]),
        ({"f": [[1, 2], {"a": 1}]}, {"f": [[1, 3], {"a": 1}]}, ["f +[1, 3] −[1, 2]"]),
        ({"f": [1]}, {"f": "all"}, ["f [1]→all"]),
        ({"f": []}, {"f": list(range(9))}, ["f +0 +1 +2 +3 +4 +5 and 3 more"]),
    ],
)
def test_parameters(old: dict[str, object], new: dict[str, object], said: list[str]) -> None:
    assert parameters(old, new) == said


def test_many_changes_are_counted() -> None:
    said = parameters({}, {f"p{n}": n for n in range(MOST + 3)})
    assert said == [*(f"p{n} none→{n}" for n in range(MOST)), "3 more"]


DATA = [
    (b"id,y\n" + b"1,1\n" * 100, b"id,y,region\n" + b"1,1,N\n" * 110, "t.csv +10 rows (+10.0 %), new region"),
    (b"id,y\n" + b"1,1\n" * 100, b"id\n" + b"1\n" * 99, "t.csv −1 row (−1.0 %), without y"),
    (b"id,y\n1,1\n", b"id,y\n1,2\n", "t.csv 1 of 1 rows changed"),
    (b"id,y\n", b"id,y\n1,2\n", "t.csv +1 row"),
    (b'\xef\xbb\xbf"a,b",y\r\n1,1\r\n', b'"a,b",y\n1,1\n2,2', "t.csv +1 row (+100.0 %)"),
    (b'a,b\n"two\nlines",1\n', b'a,b\n"two\nlines",1\n"x\ny\nz",2\n', "t.csv +1 row (+100.0 %)"),
    (b"a\n1\n", b"a\n" + b"1\n" * 2000, "t.csv +1,999 rows (+199,900.0 %)"),
    (b"", b"a\n1\n", "t.csv +1 row, new a"),
    (b"\xff\xfe\x00", b'a,"' + b"x" * 200_000, "t.csv"),
    (b"a\n1\n", b'a\n"' + b"x" * 200_000, "t.csv"),
]


@pytest.mark.parametrize(("old", "new", "said"), DATA)
def test_rows_and_columns_of_a_table(old: bytes, new: bytes, said: str) -> None:
    files = {("a", "t.csv"): old, ("b", "t.csv"): new}
    base, head = snapshot("a", data={"t.csv": "1"}), snapshot("b", data={"t.csv": "2"})
    assert words(Axis.DATA, base, head, files) == [said]


def test_data_that_comes_goes_or_is_no_table() -> None:
    base = snapshot("a", test_data={"old.csv": "1", "x.bin": "1", "gone.csv": "1"})
    head = snapshot("b", test_data={"new.csv": "1", "x.bin": "2", "gone.csv": "2"})
    files = {("a", "x.bin"): b"a\n", ("b", "x.bin"): b"b\n", ("b", "gone.csv"): b"a\n"}
    assert words(Axis.TEST_DATA, base, head, files) == ["gone.csv", "new new.csv", "without old.csv", "x.bin"]


def test_a_large_table_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdml.jobs.axis_files.TABLE_BYTES", 10)
    files = {("a", "t.csv"): b"a\n1\n", ("b", "t.csv"): b"a\n1\n2\n3\n4\n5\n6\n"}
    base, head = snapshot("a", data={"t.csv": "1"}), snapshot("b", data={"t.csv": "2"})
    read: list[str | None] = []

    class Watched(Files):
        def read(self, commit: str | None, path: str) -> bytes | None:
            read.append(commit)
            return super().read(commit, path)

        def size(self, commit: str, path: str) -> int | None:
            return len(files[commit, path])

    assert changes(Watched(files), base, head)[0].details == ("t.csv other bytes",)
    assert read == []


def test_code_and_the_stages_themselves() -> None:
    base, head = snapshot("a", code={"a.py": "1", "b.py": "1"}), snapshot("b", code={"a.py": "2", "c.py": "1"})
    assert words(Axis.CODE, base, head) == ["a.py", "without b.py", "new c.py"]
    assert words(Axis.CODE, snapshot("a"), snapshot("b", recipe="s")) == ["stages or target"]
    both = snapshot("b", code={"a.py": "2", "b.py": "1"}, recipe="s")
    assert words(Axis.CODE, base, both) == ["a.py", "stages or target"]


def test_packages_and_python() -> None:
    base = snapshot("a", packages="numpy==2.0\nold==1\n")
    head = snapshot("b", packages="new==3\nnumpy==2.1\n")
    head = replace(head, environment=head.environment.replace("3.11.1", "3.12.0"))
    said = words(Axis.ENVIRONMENT, base, head)
    assert said == ["new none→3", "numpy 2.0→2.1", "old 1→none", "python 3.11.1→3.12.0"]


def test_gates_as_people_say_them() -> None:
    old = (Gate("max-regression", "", 0.01), Gate("min", "auc", 0.8), Gate("max", "cost", 5))
    new = (
        Gate("max-regression", "", 0.01, on_inconclusive="fail"),
        Gate("min", "auc", 0.7),
        Gate("max", "cost", 5),
    )
    assert words(Axis.GATES, snapshot("a", old), snapshot("b", new)) == [
        "new: auc at least 0.70",
        "removed: auc at least 0.80",
        "f1 at most 0.01 worse: on-inconclusive warn→fail",
    ]


@pytest.mark.parametrize(
    "name", ["a|b`c\n<x>.py", "\udcff.py", "../../../etc.py", "x" * 300 + ".py", "\x1b[31m.py"]
)
def test_hostile_file_names_stay_short_text(name: str) -> None:
    (said,) = words(Axis.CODE, snapshot("a", code={name: "1"}), snapshot("b", code={name: "2"}))
    assert said.encode()
    assert len(said) <= 80
    table = {("a", f"{name}.csv"): b"a\n", ("b", f"{name}.csv"): f"{'y' * 90}|\n".encode()}
    base, head = snapshot("a", data={f"{name}.csv": "1"}), snapshot("b", data={f"{name}.csv": "2"})
    (said,) = words(Axis.DATA, base, head, table)
    assert said.encode()
    assert "same number of rows" in said


def test_two_real_commits(small: Small) -> None:
    from cdml.state.snapshot import take

    git = Git(small.root)
    store = Store(git, Dvc(small.root))
    both = [
        take(
            store,
            parse((git.read(commit, "mlops.yaml") or b"").decode(), file="mlops.yaml"),
            label=commit,
            commit=commit,
            code=commit,
            environment="",
        )
        for commit in (small.first, small.second)
    ]
    found = {change.axis: change.details for change in changes(store, *both)}
    assert found == {
        Axis.DATA: ("data/train.csv +10 rows (+10.0 %), new region",),
        Axis.PARAMETERS: ("features +bmi +s4 −sex", "skill 1.0→1.5"),
        Axis.CODE: ("new src/extra.py", "src/train.py"),
        Axis.ENVIRONMENT: (),
        Axis.TEST_DATA: (),
        Axis.GATES: (),
    }
