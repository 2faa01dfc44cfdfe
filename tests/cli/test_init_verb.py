"""`cdml init` as a person types it: its words, what stands after `--`, its exit codes."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest
from typed import typed

WORDS = [sys.executable, "-m", "cdml"]
SCAFFOLDED = """\
found      main branch: main
found      the project's Python: PYTHON
wrote      .git                     the repository, on branch main; nothing is committed yet
wrote      .dvc/config              DVC's settings: no analytics, no update check
wrote      .dvcignore               what DVC overlooks
wrote      mlops.yaml               how the model is trained and judged: the one file to edit
wrote      train.py                 fits the model and saves it
wrote      tests/test_data.py       the project's own tests
wrote      requirements.txt         what the project's Python needs
wrote      README.md                what this is and the next commands
wrote      data/train.csv           invented customers, so that there is something to learn
wrote      data/test.csv            invented customers, so that there is something to learn
wrote      .gitattributes           keeps line endings, and so digests, the same everywhere
wrote      .gitignore               keeps environments and byte code out of git
wrote      dvc.yaml                 the pipeline that DVC runs
wrote      .cdml/mlops.schema.json  lets editors complete and check mlops.yaml
note       no DVC remote: outputs up to 50 MB are kept in git by the release commit; for more: dvc remote add \
--default storage s3://BUCKET

Next:
  cd 'FOLDER/a b'
  pip install -r requirements.txt
  git add --all .
  git commit --message "Deliver the model with cdml"
  cdml run train evaluate
"""


@pytest.fixture
def env() -> dict[str, str]:
    """No git identity, no home, no settings of whoever runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "DVC_", "CDML_"))}
    git = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return {**kept, **git, "HOME": "/nonexistent", "CDML_PYTHON": sys.executable}


def cdml(place: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    with mock.patch.dict(os.environ, env, clear=True):
        return typed(place, *words)


def test_each_file_is_said_with_its_purpose(tmp_path: Path, env: dict[str, str]) -> None:
    done = cdml(tmp_path, env, "init", "a b")
    expected = SCAFFOLDED.replace("PYTHON", sys.executable).replace("FOLDER", str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")


def test_what_stands_after_two_dashes_is_the_command(tmp_path: Path, env: dict[str, str]) -> None:
    place = tmp_path / "project"
    place.mkdir()
    (place / "fit.py").write_text("import sys; open(sys.argv[2], 'w').write('m'); print('fitted')")
    done = cdml(tmp_path, env, "init", "project", "--yes", "--", "python", "fit.py", "--json", "model.bin")
    assert done.returncode == 0
    assert "cmd: python fit.py --json model.bin" in (place / "mlops.yaml").read_text()
    assert "fitted" in done.stderr
    assert "fitted" not in done.stdout


def test_a_failing_command_is_exit_4_and_shown_once(tmp_path: Path, env: dict[str, str]) -> None:
    done = cdml(tmp_path, env, "init", "--", "sh", "-c", "echo last words; exit 3")
    assert done.returncode == 4
    assert done.stderr.count("last words\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--template", "nonsense"], "'nonsense' is not a template"),
        (["--"], "no command stands after --"),
        (["file"], "is not a folder"),
    ],
)
def test_misuse_is_exit_2_and_leaves_nothing(
    tmp_path: Path, env: dict[str, str], words: list[str], says: str
) -> None:
    (tmp_path / "file").write_text("")
    done = cdml(tmp_path, env, "init", *words)
    assert (done.returncode, says in done.stderr, done.stdout) == (2, True, "")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_json_for_machines(tmp_path: Path, env: dict[str, str]) -> None:
    done = cdml(tmp_path, env, "-C", str(tmp_path), "init", "new", "--json")
    answer = json.loads(done.stdout)
    assert answer["root"] == str(tmp_path / "new")
    assert {"path": "mlops.yaml", "state": "written"}.items() <= next(
        file for file in answer["files"] if file["path"] == "mlops.yaml"
    ).items()


@pytest.mark.parametrize(("options", "asks"), [([], True), (["--yes"], False)])
def test_on_a_terminal_it_asks_what_it_cannot_see(
    tmp_path: Path, env: dict[str, str], options: list[str], asks: bool
) -> None:
    (tmp_path / "train.py").write_text("save('model.pkl')")
    (tmp_path / "test.csv").write_text("a,b\n1,2\n")
    said = on_a_terminal(tmp_path, env, ["init", *options], answer="a")
    assert ("Which column is predicted? [b]:" in said) is asks
    assert f"target: {'a' if asks else 'b'}" in (tmp_path / "mlops.yaml").read_text()


def on_a_terminal(place: Path, env: dict[str, str], words: list[str], answer: str) -> str:
    """Everything that is shown on a terminal where `answer` is typed once a prompt ends with `]: `."""
    mine, theirs = pty.openpty()
    process = subprocess.Popen([*WORDS, *words], cwd=place, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said, deadline = "", time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            if select.select([mine], [], [], 0.1)[0]:
                try:
                    said += os.read(mine, 4096).decode()
                except OSError:  # the other end is closed
                    break
                if said.endswith("]: "):
                    os.write(mine, f"{answer}\n".encode())
        assert process.wait(timeout=10) == 0, said
    finally:
        process.kill()
        process.wait()
        os.close(mine)
    return said
