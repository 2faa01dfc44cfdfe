"""The door to git, against real repositories: revisions, paths, identities, and what it says when it fails."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.state.git import Git, open_git, require_commit, words
from cdml.state.objects import close_objects


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        for part in ("NAME", "EMAIL", "DATE"):
            monkeypatch.delenv(f"GIT_{role}_{part}", raising=False)


def shell(root: Path, *command: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    done = subprocess.run(["git", *who, *command], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three files, one of them with an unusual name, in one commit on main."""
    root = tmp_path / "repository"
    (root / "models/churn").mkdir(parents=True)
    (root / "top.txt").write_text("top\n")
    (root / "models/churn/ünï \n.txt").write_bytes(b"\x00\xff\r\n")
    (root / "models/churn/a.txt").write_text("a\n")
    shell(root.parent, "init", "--quiet", "--initial-branch=main", str(root))
    shell(root, "add", "--all")
    shell(root, "commit", "--quiet", "--message", "first")
    return root


def test_a_revision_is_a_full_commit_id(repository: Path) -> None:
    git = Git(repository)
    head = shell(repository, "rev-parse", "HEAD")
    shell(repository, "tag", "-a", "v1", "-m", "v1")
    assert {git.commit(name) for name in ("HEAD", "main", "v1", head, head[:8])} == {head}
    assert git.has("v1")


@pytest.mark.parametrize("name", ["nope", "", "--all", "-h", "HEAD^{tree}", "HEAD:top.txt", "a b", "HEAD\nHEAD"])
def test_what_is_no_revision_is_a_mistake_of_use(repository: Path, name: str) -> None:
    git = Git(repository)
    assert not git.has(name)
    with pytest.raises(UsageError, match="is not a revision of this repository"):
        git.commit(name)


def test_bytes_are_read_as_they_are_and_relative_to_the_folder(repository: Path) -> None:
    git = Git(repository / "models/churn")
    assert git.read("HEAD", "ünï \n.txt") == b"\x00\xff\r\n"
    assert git.read("HEAD", "a.txt") == b"a\n"
    assert git.read("HEAD", "../../top.txt") == b"top\n"
    assert git.read("HEAD", "top.txt") is None
    assert git.read("nope", "a.txt") is None
    assert Git(repository).read("HEAD", "models") is None


def test_a_tree_lists_every_file_relative_to_the_folder(repository: Path) -> None:
    (repository / "models/churn/link").symlink_to("a.txt")
    shell(repository, "add", "--all")
    shell(repository, "commit", "--quiet", "--message", "link")
    entries = {entry.path: entry for entry in Git(repository / "models/churn").tree("HEAD")}
    assert set(entries) == {"a.txt", "link", "ünï \n.txt"}
    assert (entries["a.txt"].mode, entries["link"].mode) == ("100644", "120000")
    assert entries["a.txt"].oid == shell(repository, "rev-parse", "HEAD:models/churn/a.txt")
    assert [entry.path for entry in Git(repository).tree("HEAD", "models/churn/a.txt")] == ["models/churn/a.txt"]
    assert Git(repository).tree("HEAD", "nowhere") == ()


def test_a_folder_knows_its_place(repository: Path, tmp_path: Path) -> None:
    git = Git(repository / "models/churn")
    assert (git.prefix(), git.top()) == ("models/churn/", repository)
    assert Git(repository).prefix() == ""
    shell(repository, "worktree", "add", "--quiet", str(tmp_path / "second"), "-b", "second")
    assert git.common_dir() == Git(tmp_path / "second").common_dir() == repository / ".git"
    assert (git.branch(), Git(tmp_path / "second").branch()) == ("main", "second")
    shell(tmp_path / "second", "checkout", "--quiet", "--detach")
    assert Git(tmp_path / "second").branch() is None


def test_dirty_names_changed_moved_and_staged_files_but_no_new_ones(repository: Path) -> None:
    git = Git(repository / "models/churn")
    assert git.dirty() == ()
    (repository / "new.txt").write_text("untracked\n")
    (repository / "top.txt").write_text("changed\n")
    shell(repository, "mv", "models/churn/a.txt", "models/churn/b.txt")
    assert sorted(git.dirty()) == ["models/churn/a.txt", "models/churn/b.txt", "top.txt"]


def test_remote_and_default_branch(repository: Path, tmp_path: Path) -> None:
    git = Git(repository)
    assert git.remote_url() is None
    assert git.default_branch() == "main"
    shell(repository, "branch", "--move", "main", "trunk")
    assert git.default_branch() == "trunk"
    shell(tmp_path, "clone", "--quiet", str(repository), "clone")
    clone = Git(tmp_path / "clone")
    shell(tmp_path / "clone", "checkout", "--quiet", "-b", "main")
    assert clone.remote_url() == str(repository)
    assert clone.default_branch() == "trunk"


def test_without_an_identity_a_plain_one_is_used(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = Git(repository)
    shell(repository, "config", "user.useConfigOnly", "true")
    assert git.author() == "cdml <cdml@localhost>"
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Robot")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "robot@example.com")
    assert git.identity() == {"GIT_AUTHOR_NAME": "cdml", "GIT_AUTHOR_EMAIL": "cdml@localhost"}
    shell(repository, "config", "user.name", "Ada Lovelace")
    shell(repository, "config", "user.email", "ada@example.com")
    assert git.identity() == {}
    assert git.author() == "Ada Lovelace <ada@example.com>"


def test_a_shallow_clone_is_recognised(repository: Path, tmp_path: Path) -> None:
    shell(repository, "commit", "--quiet", "--allow-empty", "--message", "second")
    shell(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "shallow")
    assert Git(tmp_path / "shallow").is_shallow()
    assert not Git(repository).is_shallow()


def test_a_failure_carries_gits_own_words_in_english(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    with pytest.raises(ExternalError, match=r"git ls-tree -r failed: fatal: Not a valid object name nope"):
        Git(repository).tree("nope")
    door = Git(repository)
    shell(repository, "config", "alias.language", "!echo $LC_ALL $LANGUAGE $GIT_TERMINAL_PROMPT")
    assert door.text("language") == "C C 0"
    assert door.run("nonsense", check=False).code != 0


def test_a_command_that_takes_too_long_is_ended(repository: Path) -> None:
    shell(repository, "config", "alias.wait", "!exec sleep 60")
    with pytest.raises(ExternalError, match=r"Timeout.*0.2 secs"):
        Git(repository).run("wait", timeout=0.2)


def test_a_folder_that_is_not_there_never_means_the_present_one(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    with pytest.raises(ConfigError, match="nowhere is not a folder"):
        Git(repository / "nowhere").run("status")


def test_git_that_is_not_installed_is_said(repository: Path) -> None:
    code = (
        "from pathlib import Path; from cdml.state.git import Git; from cdml.core.errors import ExternalError\n"
        f"try: Git(Path({str(repository)!r})).run('status')\n"
        "except ExternalError as error: print(error.message)"
    )
    import sys

    env = {**os.environ, "PATH": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "git: no such program on PATH\n"


def test_only_a_working_tree_with_a_commit_opens(repository: Path, tmp_path: Path) -> None:
    require_commit(open_git(repository / "models"))
    (tmp_path / "plain").mkdir()
    shell(tmp_path, "init", "--quiet", "--bare", "bare.git")
    shell(tmp_path, "init", "--quiet", "empty")
    for folder in ("plain", "bare.git"):
        with pytest.raises(ConfigError, match="is not inside a git repository"):
            open_git(tmp_path / folder)
    with pytest.raises(UsageError, match="no commit yet"):
        require_commit(open_git(tmp_path / "empty"))


def test_a_repository_of_somebody_else_is_not_called_missing(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(ConfigError, match="does not trust") as caught:
        open_git(repository)
    assert caught.value.hint == f"git config --global --add safe.directory {repository}"


def test_a_hooks_variables_do_not_lead_elsewhere(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    git = open_git(repository)
    assert git.has("HEAD")
    assert git.dirty() == ()


def test_names_for_a_message() -> None:
    assert words(["a", "b"]) == "a, b"
    assert words(list("abcdefg")) == "a, b, c, d, e and 2 more"


def readers(root: Path) -> list[psutil.Process]:
    """The processes of git that read objects in a repository, found without the code under test."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if process.info["cwd"] == str(root) and "cat-file" in (process.info["cmdline"] or []):
            found.append(process)
    return found


def test_a_reference_that_moves_and_an_object_that_arrives_are_seen_at_once(
    repository: Path, tmp_path: Path
) -> None:
    git = Git(repository)
    first = git.commit("HEAD")
    assert not git.has("later")
    (repository / "top.txt").write_text("moved\n")
    shell(repository, "commit", "--quiet", "--all", "--message", "second")
    assert git.commit("HEAD~1") == first != git.commit("main")
    assert git.read("HEAD", "top.txt") == b"moved\n"
    # As a fetch leaves it: one pack, and a reference that is packed too.
    shell(tmp_path, "clone", "--quiet", str(repository), "other")
    shell(tmp_path / "other", "commit", "--quiet", "--allow-empty", "--message", "third")
    third = shell(tmp_path / "other", "rev-parse", "HEAD")
    assert not git.has(third)
    shell(repository, "-c", "fetch.unpackLimit=1", "fetch", "--quiet", str(tmp_path / "other"), "HEAD:later")
    shell(repository, "pack-refs", "--all")
    shell(repository, "gc", "--quiet", "--prune=now")
    assert git.commit("later") == git.commit(third[:10]) == third
    assert git.read("later", "models/churn/a.txt") == b"a\n"
    shell(repository, "update-ref", "refs/heads/later", first)
    assert git.commit("later") == first
    assert len(readers(repository)) == 1


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\nHEAD", "\ninfo HEAD"])
def test_a_name_of_several_lines_is_one_name(repository: Path, end: str) -> None:
    git = Git(repository)
    (repository / f"top.txt{end}").write_text("another\n")
    shell(repository, "add", "--all")
    shell(repository, "commit", "--quiet", "--message", "second")
    assert git.read("HEAD", f"top.txt{end}") == b"another\n"
    assert not git.has(f"HEAD{end}")
    assert git.blobs(["HEAD:top.txt", f"HEAD:top.txt{end}", "HEAD:nope"]) == [b"top\n", b"another\n", None]
    assert git.read("HEAD", "top.txt") == b"top\n"


def test_what_looks_like_an_answer_is_a_name(repository: Path) -> None:
    git = Git(repository)
    head = git.commit("HEAD")
    for name in (
        f"{head} commit 7",
        "x missing",
        "x ambiguous",
        " HEAD",
        "HEAD ",
        "^HEAD",
        "HEAD..HEAD",
        "%(rest)",
    ):
        assert git.find(name) is None, name
    found = git.find("HEAD:top.txt")
    assert found is not None
    assert (found.kind, found.size, found.content) == ("blob", 4, b"")


def test_an_id_that_is_cut_too_short_names_nothing(repository: Path) -> None:
    paths = [repository / str(number) for number in range(1000)]
    for path in paths:
        path.write_text(path.name)
    oids = sorted(shell(repository, "hash-object", "-w", *map(str, paths)).split())
    short = next(one[:4] for one, other in pairwise(oids) if one[:4] == other[:4])
    assert Git(repository).find(short) is None
    assert not Git(repository).has(short)
    assert Git(repository).find(oids[0]) is not None


def test_many_and_large_files_come_whole(repository: Path) -> None:
    large = bytes(range(256)) * 4096
    (repository / "large").write_bytes(large)
    names = [f"{number} {'x' * 200}" for number in range(60)]
    for name in names:
        (repository / name).write_text(name)
    shell(repository, "add", "--all")
    shell(repository, "commit", "--quiet", "--message", "many")
    git = Git(repository)
    asked = [f"HEAD:{name}" for name in names for _ in "ab"]
    assert git.blobs([*asked, "HEAD:large", *asked]) == [
        *(name.encode() for name in names for _ in "ab"),
        large,
        *(name.encode() for name in names for _ in "ab"),
    ]
    assert git.blobs([]) == []


def test_the_process_that_reads_ends_with_its_user(repository: Path) -> None:
    git, other = Git(repository), Git(repository / "models")
    assert git.has("HEAD")
    assert other.has("HEAD")
    assert len(readers(repository)) == 2  # git goes to the top, wherever it is started
    close_objects(repository / "models")
    assert len(readers(repository)) == 1
    assert other.has("HEAD")
    close_objects()
    assert readers(repository) == []
    assert git.has("HEAD")
    del git
    gc.collect()
    assert readers(repository) == []


READS = """\
import os, signal, sys
from pathlib import Path
from cdml.state.git import Git
git = Git(Path(sys.argv[1]))
git.commit("HEAD")
print("read", flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "raised":
    raise SystemExit(1)
"""


@pytest.mark.parametrize("way", ["ended", "raised", "killed"])
def test_however_a_program_ends_the_process_that_reads_ends_too(repository: Path, way: str) -> None:
    done = subprocess.run([sys.executable, "-c", READS, str(repository), way], capture_output=True, check=False)
    assert done.stdout == b"read\n", done.stderr
    _, alive = psutil.wait_procs(readers(repository), timeout=10)
    assert alive == []


def test_a_process_that_died_or_hangs_is_replaced(repository: Path) -> None:
    git = Git(repository)
    head = git.commit("HEAD")
    for number in (signal.SIGKILL, signal.SIGSTOP):
        (reader,) = readers(repository)
        reader.send_signal(number)
        if number == signal.SIGKILL:
            psutil.wait_procs([reader], timeout=10)
        git._objects._timeout = 0.2
        assert git.commit("HEAD") == head
        assert git.read("HEAD", "top.txt") == b"top\n"
        assert reader not in readers(repository)


def test_an_answer_that_was_interrupted_is_not_the_next_ones(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = Git(repository)
    assert git.has("HEAD")

    def interrupted(_self: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("cdml.state.objects._Answers._more", interrupted)
        with pytest.raises(KeyboardInterrupt):
            git.read("HEAD", "top.txt")
    assert git.read("HEAD", "models/churn/a.txt") == b"a\n"


def test_a_branch_that_left_the_remote_is_not_its_default(repository: Path, tmp_path: Path) -> None:
    shell(tmp_path, "clone", "--quiet", str(repository), "clone")
    clone = Git(tmp_path / "clone")
    assert clone.default_branch() == "main"
    shell(repository, "branch", "--move", "main", "trunk")
    shell(tmp_path / "clone", "fetch", "--quiet", "--prune")
    assert clone.default_branch() == "trunk"
