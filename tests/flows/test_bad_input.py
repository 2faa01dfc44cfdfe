"""Bad input: one clear message, the right exit code, and nothing half done afterwards."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from forked import begin, end
from toy_project import EVALUATE, Toy, copy
from warm_dvc import warm

from cdml.cli.main import main

# What reads the project, and what reads the repository alone.
PROJECT = [
    "run train evaluate",
    "run --event main",
    "compare",
    "compare v1.0.0 HEAD",
    "pr open",
    "pr list",
    "pr show 1",
    "pr merge 1",
    "register",
    "promote v1.0.0 --to staging",
    "rollback staging",
    "deploy staging",
    "status",
]
REGISTRY = ["registry list", "registry show toy@v1.0.0", "registry history"]
CONFIGURED = [*PROJECT, "generate", "check", "evaluator --spec 1"]
ONLINE = [words for words in PROJECT if words not in ("run train evaluate", "compare", "compare v1.0.0 HEAD")]

Typed = Callable[..., str]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Run a command in this process, and return what it said on standard error."""

    def type_(words: str | list[str], code: int, at: Path) -> str:
        listed = words.split() if isinstance(words, str) else words
        monkeypatch.setattr(sys, "argv", ["cdml", "-C", str(at), *listed])
        with warm(), pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert ended.value.code == code, f"{words} exited {ended.value.code}:\n{said.out}{said.err}"
        return said.out + said.err

    return type_


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@contextmanager
def untouched(toy: Toy) -> Iterator[None]:
    """Nothing moves: no reference of the remote or of this clone, no file, no process."""

    def state() -> dict[str, object]:
        local = toy.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")
        gone = not toy.origin.exists()
        return {
            "remote": None if gone else toy.refs(),
            "local": local,
            "head": toy.git("rev-parse", "--symbolic-full-name", "HEAD"),
            # A run leaves DVC's own lock file; nothing else may appear or change.
            "files": [line for line in toy.git("status", "--porcelain").splitlines() if line[3:] != "dvc.lock"],
        }

    before = state()
    yield
    assert state() == before
    assert not processes(toy)


def processes(toy: Toy) -> list[list[str]]:
    """Whatever still runs in, or for, the project's folder."""
    home = str(toy.root.parent)
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words, cwd = process.info["cmdline"] or [], process.info["cwd"] or ""
        if process.pid != os.getpid() and (cwd.startswith(home) or any(home in word for word in words)):
            found.append(words)
    return found


@pytest.fixture
def versioned(_versioned: Path, tmp_path: Path) -> Toy:
    """A project of one's own with a first version."""
    return copy(_versioned, tmp_path / "toy")


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (None, ["there is no mlops.yaml", "cdml init"]),
        (b"model: [toy\n", ["mlops.yaml:1", "is not closed"]),
        (b"model: toy\nmodle: x\n", ["mlops.yaml:2", "modle", "Did you mean 'model'"]),
        (b"", ["mlops.yaml:1", "is empty", "cdml init"]),
        (b"model: \xff\n", ["mlops.yaml:1", "UTF-8"]),
    ],
    ids=["none", "broken", "unknown-key", "empty", "binary"],
)
def test_every_command_refuses_a_bad_mlops_yaml(toy, typed, content, wanted):
    (toy.root / "mlops.yaml").unlink()
    if content is not None:
        (toy.root / "mlops.yaml").write_bytes(content)
    with untouched(toy):
        for words in CONFIGURED:
            said = typed(words, 3, toy.root)
            assert all(part in said for part in wanted), f"{words}: {said}"


def test_a_folder_in_the_place_of_mlops_yaml_is_named(toy, typed):
    (toy.root / "mlops.yaml").unlink()
    (toy.root / "mlops.yaml").mkdir()
    for words in CONFIGURED:
        assert "mlops.yaml cannot be read: Is a directory" in typed(words, 3, toy.root)


def test_every_command_refuses_a_folder_that_is_no_repository(toy, typed):
    shutil.rmtree(toy.root / ".git")
    for words in PROJECT + REGISTRY:
        said = typed(words, 3, toy.root)
        assert "is not inside a git repository" in said
        assert "git init" in said


def test_every_command_refuses_a_repository_without_a_commit(toy, typed):
    shutil.rmtree(toy.root / ".git")
    toy.git("init", "--quiet")
    for words in PROJECT:
        assert "no commit yet" in typed(words, 2, toy.root)
    assert toy.git("for-each-ref") == ""


def test_every_command_refuses_a_place_that_is_no_folder(toy, typed):
    for words in [*CONFIGURED, *REGISTRY, "init --yes"]:
        for place in ("nowhere", "train.py"):
            assert f"{place} is not a directory" in typed(words, 2, toy.root / place)
    assert not (toy.root / "nowhere").exists()


def test_every_command_that_needs_history_refuses_a_shallow_clone(versioned, typed, tmp_path):
    shallow = tmp_path / "shallow"
    versioned.git("clone", "--quiet", "--depth=1", f"file://{versioned.origin}", str(shallow))
    with untouched(versioned):
        for words in [
            "compare",
            "register",
            "status",
            "deploy staging",
            "rollback staging",
            PROJECT[9],
            *REGISTRY,
        ]:
            assert "git fetch --unshallow --tags origin" in typed(words, 2, shallow)


def test_every_reader_of_the_registry_refuses_a_clone_without_tags(versioned, typed, tmp_path):
    bare = tmp_path / "bare"
    versioned.git("clone", "--quiet", "--no-tags", str(versioned.origin), str(bare))
    for words in ["compare v1.0.0", *REGISTRY]:
        assert "git fetch --tags origin" in typed(words, 2, bare)


def test_every_command_that_asks_the_remote_says_that_it_is_gone(versioned, typed):
    versioned.branch("side", "Offer it", params__yaml="skill: 1.1\n")
    versioned.git("remote", "set-url", "origin", "../gone.git")
    with untouched(versioned):
        for words in ONLINE:
            said = typed(words, 4, versioned.root)
            assert "the remote 'origin' cannot be reached" in said, words
            assert "git remote -v" in said


def test_what_lives_on_a_remote_wants_one(versioned, typed):
    versioned.git("switch", "--quiet", "--create", "side")
    versioned.git("remote", "remove", "origin")
    for words in (
        "pr open",
        "pr list",
        "pr show 1",
        "pr merge 1",
        PROJECT[9],
        "rollback staging",
        "deploy staging",
    ):
        assert "git remote add origin" in typed(words, 2, versioned.root)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("run", 2, "name a job"),
        ("run trian", 2, "'trian' is not a job"),
        ("run --event push", 2, "'push' does not say what to run"),
        ("run --event release --branch main", 2, "'main' is not the release branch of an environment"),
        ("run --event pull_request --pull 7", 2, "there is no pull request #7"),
        ("compare v9.9.9", 2, "toy has no version v9.9.9"),
        ("compare nowhere", 2, "'nowhere' is not a revision"),
        ("compare old.csv new.csv", 2, "old.csv is not a file"),
        ("promote v1.0.0 --to stagin", 2, "did you mean staging?"),
        ("promote 9 --to staging", 2, "'9' is not a version of toy"),
        ("promote v1..0 --to staging", 2, "v1..0"),
        ("rollback staging --to v9.9.9", 2, "staging has no release of toy"),
        ("registry show toy", 2, "is not MODEL@VERSION"),
        ("registry show tuy@v1.0.0", 2, "did you mean toy?"),
        ("registry history tuy", 2, "did you mean toy?"),
        ("pr show many", 2, "Invalid value"),
        ("pr merge 0", 2, "there is no pull request #0"),
        ("pr open", 2, "a branch of its own, not from main"),
        ("evaluator --spec 99", 2, "cdml generate"),
        ("evaluator --spec 1", 3, "model.txt"),
        ("deplyo staging", 2, "No such command"),
    ],
)
def test_words_that_do_not_fit_change_nothing(versioned, typed, words, code, said):
    (versioned.root / "model.txt").touch()
    with untouched(versioned):
        assert said in typed(words, code, versioned.root)


def test_main_is_never_pushed_by_a_pull_request(versioned, typed):
    versioned.commit("Not reviewed", params__yaml="skill: 0.1\n")
    with untouched(versioned):
        assert "a branch of its own" in typed("pr open --to release/staging", 2, versioned.root)


@pytest.mark.parametrize(
    ("branch", "to", "said"),
    [
        ("side", "nowhere", "has no branch 'nowhere'"),
        ("side", "main", "nothing to merge"),
        ("-x", "main", "'-x' is no name for a branch"),
    ],
)
def test_an_offer_that_cannot_be_opened_pushes_nothing(toy, typed, branch, to, said):
    toy.git("update-ref", f"refs/heads/{branch}", "main")
    toy.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    if to != "main":
        toy.commit("Something", params__yaml="skill: 1.1\n")
    with untouched(toy):
        assert said in typed(["pr", "open", "--to", to], 2, toy.root)


def test_a_detached_head_is_no_branch_to_offer(toy, typed):
    toy.git("switch", "--quiet", "--detach")
    with untouched(toy):
        assert "detached head" in typed("pr open", 2, toy.root)


def test_a_dirty_tree_is_neither_registered_nor_offered(toy, typed):
    toy.git("switch", "--quiet", "--create", "side")
    toy.write("params.yaml", "skill: 1.2\n")
    with untouched(toy):
        for words in ("register", "pr open"):
            assert "params.yaml differs from HEAD" in typed(words, 2, toy.root)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("params.yaml", "skill: [1\n", "params.yaml', YAML file structure is corrupted at line 2"),
        ("dvc.lock", "<<<<<<< HEAD\nschema: '2.0'\n=======\nstages: {}\n>>>>>>> side\n", "dvc.lock"),
        (".dvc/config", "[core\n", "config file error"),
    ],
)
def test_a_broken_file_of_the_pipeline_is_the_repositorys_mistake(toy, typed, file, content, said):
    toy.write(file, content)
    with untouched(toy):
        for words in ("run train evaluate", "compare"):
            assert said in typed(words, 3, toy.root)


def test_a_stage_that_dvc_yaml_lacks_is_named(toy, typed):
    text = (toy.root / "mlops.yaml").read_text()
    inline = "  cmd: python train.py\n  deps: [train.py, data.csv]\n  params: [params.yaml]\n  outs: [model.txt]\n"
    text = text.replace(inline, "  stages: [trian]\n").replace(
        "  cmd: python evaluate.py\n", "  stages: [evaluate]\n"
    )
    text = text.replace("  deps: [evaluate.py, model.txt, data.csv]\n", "") + "register: {artifact: model.txt}\n"
    toy.write("dvc.yaml", (toy.root / "dvc.yaml").read_text().split("\n", 2)[2])
    toy.commit("Name the stages", mlops__yaml=text)
    toy.git("push", "--quiet")
    with untouched(toy):
        for words in ("run train evaluate", "compare", "register"):
            said = typed(words, 3, toy.root)
            assert "no stage 'trian' (it has train, evaluate)" in said
        assert "mlops.yaml:3" in typed("check", 3, toy.root)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"y_score"]', '"guess"]', "no column y_pred or y_score; it has id, y_true, guess"),
        ("round(min(1, max(0, score)), 6)", "'nan' if row['id'] == '3' else 0.5", "y_score: row 4: nan"),
        (EVALUATE, 'open("predictions.csv", "w")\n', "the file is empty"),
        (EVALUATE, 'import os; os.mkdir("predictions.csv")\n', "no file predictions.csv"),
        (EVALUATE, 'open("predictions.csv", "wb").write(b"\\xff\\x00")\n', "not UTF-8"),
    ],
    ids=["columns", "nan", "empty", "folder", "binary"],
)
def test_predictions_that_cannot_be_judged_are_refused_where_they_were_made(toy, typed, old, new, said):
    toy.commit("Evaluate otherwise", evaluate__py=EVALUATE.replace(old, new))
    toy.git("push", "--quiet")
    with untouched(toy):
        assert said in typed("register", 3, toy.root)
        assert said in typed("run evaluate", 3, toy.root)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("id,guess\n1,0\n", "no column y_true; it has id, guess"),
        ("id,y_true,y_score\n1,0,nan\n2,1,0.5\n", "column y_score: row 1: nan"),
        ("id,y_true,y_score\n1,0,\n2,1,0.5\n", "column y_score: row 1"),
        ("", "the file is empty"),
    ],
)
def test_two_files_that_cannot_be_compared(tmp_path, typed, new, said):
    (tmp_path / "old.csv").write_text("id,y_true,y_score\n1,0,0.2\n2,1,0.8\n")
    (tmp_path / "new.csv").write_text(new)
    told = typed("compare old.csv new.csv", 3, tmp_path)
    assert "new.csv" in told
    assert said in told


def test_a_tag_that_was_tampered_with_is_named(versioned, typed):
    body = versioned.git("cat-file", "tag", "toy@v1.0.0").split("\n\n", 1)[1].replace("inputs:", "inputz:", 1)
    tag = ["tag", "--force", "--annotate", "--cleanup=verbatim", "--message", body]
    versioned.git(*tag, "toy@v1.0.0", "toy@v1.0.0^{}")
    versioned.git("push", "--quiet", "--force", "origin", "toy@v1.0.0")
    versioned.commit("Go on", params__yaml="skill: 1.1\n")
    versioned.git("push", "--quiet")
    with untouched(versioned):
        for words in ("register", PROJECT[9], "registry show toy@v1.0.0"):
            said = typed(words, 3, versioned.root)
            assert "the provenance in tag toy@v1.0.0 is not what cdml wrote" in said
            assert "git cat-file tag toy@v1.0.0" in said
            assert "Running stage" not in said


@pytest.mark.parametrize("content", ["not JSON", "[]", '{"model": "tuy"}'])
def test_a_record_that_is_none_is_named(versioned, typed, tmp_path, content):
    other = tmp_path / "other"
    versioned.git("clone", "--quiet", "--branch=release/staging", str(versioned.origin), str(other))
    (other / ".cdml" / "releases").mkdir(parents=True, exist_ok=True)
    (other / ".cdml" / "releases" / "toy.json").write_text(content)
    versioned.git("add", "--all", at=other)
    who = ["-c", "user.name=Other", "-c", "user.email=other@localhost"]
    versioned.git(*who, "commit", "--quiet", "--message", "By hand", at=other)
    versioned.git("push", "--quiet", at=other)
    with untouched(versioned):
        for words in ("deploy staging", PROJECT[9], "rollback staging"):
            said = typed(words, 3, versioned.root)
            assert ".cdml/releases/toy.json is not what cdml wrote: " in said
            assert "git log -p" in said
        assert ".cdml/releases/toy.json is not what cdml wrote" in typed("status", 4, versioned.root)


def test_words_of_others_move_no_terminal(toy, typed):
    toy.branch("x;`$(touch pwned)`".replace(" ", "_"), "Rank better", params__yaml="skill: 1.3\n")
    title = "one\n`two` <!-- cdml:toy --> | \x1b[2J\u202eeno"
    said = typed(["pr", "open", "--title", title, "--body", "`````\n\x1b[2J<!-- cdml:toy -->"], 0, toy.root)
    for words in ("pr list", "pr show 1", "pr merge 1"):
        said += typed(words, 0, toy.root)
    assert "one `two`" in said
    assert not {"\x1b", "\u202e"} & set(said)
    assert not list(toy.root.rglob("pwned"))
    assert "registered toy@v1.0.0" in said


def test_no_secret_of_the_environment_or_of_an_address_is_printed(versioned, typed, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2hunter2")
    versioned.git("remote", "set-url", "origin", "http://user:hunter3hunter3@127.0.0.1:1/toy.git")
    said = "".join(typed(words, code, versioned.root) for words, code in [("run --event main", 4), ("pr list", 2)])
    assert "127.0.0.1" in said
    assert "hunter" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_interrupted_takes_the_training_down_too(toy, number):
    toy.commit("Train for long", train__py='import time\nprint("begun", flush=True)\ntime.sleep(60)\n')
    toy.git("push", "--quiet")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what is started in the background ignores it
    words = [sys.executable, "-m", "cdml", "register"]
    with (
        untouched(toy),
        subprocess.Popen(
            words, cwd=toy.root, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process,
    ):
        assert any(line == "begun\n" for line in process.stderr or ())
        process.send_signal(number)
        said = (process.stderr or sys.stdin).read()
        assert process.wait(30) == 128 + number
        assert "Traceback" not in said


def tags(toy: Toy) -> list[str]:
    return [ref for ref in toy.refs() if ref.startswith("refs/tags/")]


def killed(toy: Toy, place: str, when: str, *words: str) -> None:
    """Run a command in a process that is killed, as by the system, before or after one function."""

    def prepare() -> None:
        module, _, name = place.partition(":")
        real = getattr(importlib.import_module(module), name)

        def fatal(*given: Any, **named: Any) -> None:
            if when == "after":
                real(*given, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(importlib.import_module(module), name, fatal)

    assert end(begin(toy.root, *words, prepare=prepare)) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("place", "when"),
    [
        ("cdml.jobs.register:commit_on_top", "after"),
        ("cdml.registry.write:_tag_object", "after"),
        ("cdml.registry.write:push", "after"),
    ],
)
def test_a_registration_that_was_killed_is_completed_by_the_next(versioned, typed, place, when):
    first, second = "refs/tags/toy@v1.0.0", "refs/tags/toy@v1.1.0"
    versioned.write("params.yaml", "skill: 1.1\n")
    versioned.git("commit", "--quiet", "--all", "--message", "Rank better")
    versioned.git("push", "--quiet")
    killed(versioned, place, when, "register")
    pushed = place.endswith(":push")
    assert tags(versioned) == ([first, second] if pushed else [first])
    assert versioned.git("tag") == "toy@v1.0.0"
    assert "toy@v1.1.0" in typed("register", 0, versioned.root)
    assert tags(versioned) == [first, second]
    assert versioned.git("rev-parse", "toy@v1.1.0") == versioned.refs()[second]


def test_a_version_that_only_this_clone_has_is_published_by_the_next_register(versioned, typed):
    tag = versioned.git("rev-parse", "toy@v1.0.0")
    versioned.git("push", "--quiet", "--delete", "origin", "toy@v1.0.0")
    assert "nothing changed: toy@v1.0.0" in typed("register", 0, versioned.root)
    assert versioned.refs()["refs/tags/toy@v1.0.0"] == tag


def test_a_merge_that_was_killed_before_its_registration_is_completed_by_register(versioned, typed):
    versioned.branch("better", "Rank better", params__yaml="skill: 1.3\n")
    typed("pr open", 0, versioned.root)
    killed(versioned, "cdml.jobs.pulls:after_merge", "before", "pr", "merge", "1")
    assert json.loads(typed("pr show 1 --json", 0, versioned.root))["pull"]["state"] == "merged"
    assert "is merged" in typed("pr merge 1", 2, versioned.root)
    versioned.main()
    assert "registered toy@v1.1.0 (taken from its judged run)" in typed("register", 0, versioned.root)
