"""`cdml registry`: what people and machines are told."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from typed import typed

from cdml.core.release import Artifact, Field, Measured, Provenance
from cdml.registry.provenance import deployment_body, provenance_body

PROVENANCE = Provenance(
    inputs="1" * 64,
    commit="2" * 40,
    artifact=Artifact("model/model.skops", "3" * 64, 12345),
    base="v1.0.0",
    axes=("parameters",),
    code={"src/train.py": "1234e56"},
    data={"data/train.csv": "5" * 32},
    parameters={"max_depth": 6, "note": "a\nb\x1b[31m"},
    recipe="5" * 64,
    environment="6" * 64,
    python="3.11.4",
    signature=(Field("age", "integer"),),
    metrics=(Measured("roc_auc", 0.861, 0.851, 0.871), Measured("f1", 0.7)),
    verdicts={"roc_auc at least 0.80": "pass"},
    compared_with="v1.0.0",
    judged_run=True,
    registered_by="Ann <ann@example.com>",
)
SHOWN = """\
version         churn@v1.1.0
registered      2023-11-14T22:13:30Z
release commit  {commit}
environments    production
by              Ann <ann@example.com>
merged commit   2222222222222222222222222222222222222222
artifact        model/model.skops (12,345 bytes)
sha256          3333333333333333333333333333333333333333333333333333333333333333
inputs          1111111111111111111111111111111111111111111111111111111111111111
environment     6666666666666666666666666666666666666666666666666666666666666666
python          3.11.4
base            v1.0.0
changed         parameters
compared with   v1.0.0
trained         by the judged run

metrics
  roc_auc  0.861  (0.851 to 0.871)
  f1       0.7

gates
  pass  roc_auc at least 0.80

signature
  age  integer

parameters
  max_depth  6
  note       a�b�[31m

data
  data/train.csv  55555555555555555555555555555555

code
  src/train.py  1234e56
"""
HISTORY = """\
when                  model           event       version    environment    who            tag
--------------------  --------------  ----------  ---------  -------------  -------------  ---------------------
2023-11-14T22:13:50Z  apps/one:price  registered  v0.1.0     -              Ann <a@x.org>  apps/one=price@v0.1.0
2023-11-14T22:13:40Z  churn           assigned    v1.1.0     production     Ann <a@x.org>  churn#production#1
2023-11-14T22:13:30Z  churn           registered  v1.1.0     -              Ann <a@x.org>  churn@v1.1.0
2023-11-14T22:13:20Z  churn           registered  v1.0.0     -              Ann <a@x.org>  churn@v1.0.0
"""
LIST = """\
model           latest    production
--------------  --------  ------------
apps/one:price  v0.1.0    -
churn           v1.1.0    v1.1.0
"""


def git(folder: Path, *words: str, stdin: str = "") -> str:
    env = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@example.com",
        "GIT_COMMITTER_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@example.com",
    }
    done = subprocess.run(
        ["git", *words], cwd=folder, env=env, input=stdin, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def tag(folder: Path, name: str, commit: str, second: int, body: str = "") -> None:
    tagger = f"Ann <a@x.org> {1_700_000_000 + second} +0000"
    head = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n"
    oid = git(folder, "mktag", stdin=f"{head}first line\n\n{body}")
    git(folder, "update-ref", f"refs/tags/{name}", oid)


def cdml(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return typed(Path(), "-C", str(folder), "registry", *words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry")
    git(folder, "init", "--quiet", "--initial-branch=main")
    for number in range(2):
        git(folder, "commit", "--quiet", "--allow-empty", "-m", str(number))
    commits = git(folder, "rev-list", "--reverse", "main").splitlines()
    tag(folder, "churn@v1.0.0", commits[0], 0)
    tag(folder, "churn@v1.1.0", commits[1], 10, provenance_body(PROVENANCE))
    tag(folder, "churn#production#1", commits[1], 20, deployment_body(commits[0]))
    tag(folder, "apps/one=price@v0.1.0", commits[0], 30, "cdml: 1\nbroken: [\n")
    return folder


def test_list(folder: Path) -> None:
    done = cdml(folder, "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == LIST
    assert json.loads(cdml(folder, "list", "--json").stdout) == [
        {"model": "apps/one:price", "latest": "v0.1.0", "environments": {}},
        {"model": "churn", "latest": "v1.1.0", "environments": {"production": "v1.1.0"}},
    ]


def test_show(folder: Path) -> None:
    commit = git(folder, "rev-parse", "main")
    for name in ("churn@v1.1.0", "churn@1.1.0"):
        lines = [line.rstrip() for line in cdml(folder, "show", name).stdout.splitlines()]
        assert lines == SHOWN.format(commit=commit).splitlines()


def test_show_for_machines(folder: Path) -> None:
    shown = json.loads(cdml(folder, "show", "churn@v1.1.0", "--json").stdout)
    assert shown["environments"] == ["production"]
    assert shown["commit"] == git(folder, "rev-parse", "main")
    assert shown["provenance"]["metrics"][0] == {"name": "roc_auc", "value": 0.861, "low": 0.851, "high": 0.871}
    assert json.loads(cdml(folder, "show", "churn@v1.0.0", "--json").stdout)["provenance"] is None


def test_show_of_another_tools_tag(folder: Path) -> None:
    assert "another tool made this tag" in cdml(folder, "show", "churn@v1.0.0").stdout


def test_history(folder: Path) -> None:
    assert cdml(folder, "history").stdout == HISTORY
    tags = [event["tag"] for event in json.loads(cdml(folder, "history", "churn", "--json").stdout)]
    assert tags == ["churn#production#1", "churn@v1.1.0", "churn@v1.0.0"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "churn@v1.1.1"), 2, "v1.1.0"),
        (("show", "chrun@v1.1.0"), 2, "did you mean churn?"),
        (("show", "churn"), 2, "MODEL@VERSION"),
        (("show", "churn@"), 2, "MODEL@VERSION"),
        (("history", "chrun"), 2, "did you mean churn?"),
        (("show", "apps/one:price@v0.1.0"), 3, "apps/one=price@v0.1.0"),
    ],
)
def test_mistakes_are_named(folder: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = cdml(folder, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_where_there_is_nothing(tmp_path: Path) -> None:
    assert cdml(tmp_path, "list").returncode == 3
    git(tmp_path, "init", "--quiet")
    assert cdml(tmp_path, "list").stdout == "no model is registered yet\n"
    assert cdml(tmp_path, "list", "--json").stdout == "[]\n"
    assert cdml(tmp_path, "history").stdout == "nothing has happened yet\n"


def test_a_shallow_clone_is_refused(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", folder.as_uri(), "shallow")
    done = cdml(tmp_path / "shallow", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert "git fetch --unshallow --tags origin" in done.stderr


def test_an_absurd_time_is_shown_as_it_is(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "x")
    tag(tmp_path, "churn@v1.0.0", git(tmp_path, "rev-parse", "main"), 10**15)
    assert "@1000001700000000" in cdml(tmp_path, "history").stdout
