"""Trees, commits, atomic pushes and temporary clones, against real repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psutil
import pytest

from cdml.core.errors import ExternalError, UsageError
from cdml.state.git import Git
from cdml.state.plumbing import (
    EMPTY_TREE,
    Update,
    fetch,
    is_url,
    push,
    read_blobs,
    remote_refs,
    temporary_clone,
    write_commit,
    write_tree,
)


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        for part in ("NAME", "EMAIL", "DATE"):
            monkeypatch.delenv(f"GIT_{role}_{part}", raising=False)


def shell(root: Path, *command: str) -> str:
    done = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    shell(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
    return tmp_path / "remote.git"


@pytest.fixture
def git(bare: Path) -> Git:
    """A clone whose main, pushed, holds a.txt, run.sh (executable) and models/churn/mlops.yaml."""
    root = bare.parent / "clone"
    shell(bare.parent, "clone", "--quiet", str(bare), str(root))
    shell(root, "config", "user.name", "Ada")
    shell(root, "config", "user.email", "ada@example.com")
    (root / "models/churn").mkdir(parents=True)
    (root / "models/churn/mlops.yaml").write_text("model: churn\n")
    (root / "a.txt").write_text("a\n")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    shell(root, "add", "--all")
    shell(root, "commit", "--quiet", "--message", "first")
    shell(root, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    return Git(root)


def hidden(git: Git, ref: str, files: dict[str, bytes | None] | None = None) -> str:
    """A commit on top of HEAD that only `ref` names, and only on the remote."""
    commit = write_commit(git, write_tree(git, "HEAD", files or {"hidden.txt": b"h\n"}), ("HEAD",), "hidden\n")
    assert push(git, Update(ref, commit, None))
    return commit


def test_a_tree_is_the_base_with_files_put_in_and_taken_away(git: Git) -> None:
    files = {"b.bin": b"\x00\xff\r\n", "d/ü \n.txt": b"", "a.txt": None, "gone.txt": None}
    tree = write_tree(git, "HEAD", files)
    names = [entry.path for entry in git.tree(tree)]
    assert names == ["b.bin", "d/ü \n.txt", "models/churn/mlops.yaml", "run.sh"]
    assert git.read(tree, "b.bin") == b"\x00\xff\r\n"
    assert git.dirty() == ()


def test_paths_are_from_the_top_wherever_it_is_called(git: Git) -> None:
    inside = Git(git.root / "models/churn")
    files: dict[str, bytes | None] = {"models/churn/new.txt": b"n"}
    assert write_tree(inside, "HEAD", files) == write_tree(git, "HEAD", files)


def test_a_tree_without_a_base_holds_the_files_alone(git: Git) -> None:
    assert write_tree(git, None, {}) == EMPTY_TREE
    assert [entry.path for entry in git.tree(write_tree(git, None, {"x/y": b"y"}))] == ["x/y"]


def test_what_is_written_passes_no_filter(git: Git) -> None:
    (git.root / ".gitattributes").write_text("* text eol=crlf\n")
    assert git.read(write_tree(git, None, {"a": b"1\r\n2\n"}), "a") == b"1\r\n2\n"


def test_a_file_takes_a_folders_place(git: Git) -> None:
    assert [entry.path for entry in git.tree(write_tree(git, "HEAD", {"models": b"m"}))] == [
        "a.txt",
        "models",
        "run.sh",
    ]


@pytest.mark.parametrize("path", ["../x", "/x", ".git/config", "a//b"])
def test_a_path_that_leaves_the_tree_is_refused(git: Git, path: str) -> None:
    with pytest.raises(ExternalError, match="update-index"):
        write_tree(git, "HEAD", {path: b"x"})


def test_a_commit_names_its_parents_author_and_message(git: Git) -> None:
    head = git.commit("HEAD")
    message = "-F ünï\n\n# kept\n\n\n"
    env = {"GIT_AUTHOR_NAME": "Bob", "GIT_AUTHOR_EMAIL": "bob@example.com"}
    commit = write_commit(git, EMPTY_TREE, (head, head[:0] + git.commit("main")), message, env)
    raw = git.run("cat-file", "commit", commit).out.decode()
    assert f"parent {head}\n" in raw
    assert "author Bob <bob@example.com>" in raw
    assert "committer Ada <ada@example.com>" in raw
    assert raw.endswith("\n\n" + message)


def test_a_push_moves_all_references_or_none(git: Git, bare: Path) -> None:
    first, second = git.commit("HEAD"), write_commit(git, EMPTY_TREE, (), "second")
    assert push(git, Update("refs/x/1", first, None), Update("refs/x/2", first, None))
    assert push(git, Update("refs/x/1", second, first), Update("refs/x/2", None, first))
    assert remote_refs(git, "refs/x/*") == {"refs/x/1": second}
    for stale in (
        Update("refs/x/1", first, None),  # exists
        Update("refs/x/1", first, first),  # has moved
        Update("refs/x/9", first, second),  # does not exist
        Update("refs/x/9", None, second),  # is gone
    ):
        assert not push(git, Update("refs/x/3", first, None), stale)
    assert remote_refs(git, "refs/x/*") == {"refs/x/1": second}


def test_a_lease_on_what_does_not_move_is_kept_too(git: Git) -> None:
    first, second = git.commit("HEAD"), write_commit(git, EMPTY_TREE, (), "second")
    assert push(git, Update("refs/x/1", second, None))
    assert not push(git, Update("refs/x/1", first, first), Update("refs/x/2", first, None))
    assert push(git, Update("refs/x/1", second, second), Update("refs/x/2", first, None))


def test_nothing_to_push_pushes_nothing(git: Git) -> None:
    shell(git.root, "commit", "--quiet", "--allow-empty", "--message", "unfinished")
    before = remote_refs(git)
    assert push(git)
    assert remote_refs(git) == before


def test_a_push_takes_neither_hooks_nor_tags_along(git: Git) -> None:
    hook = git.root / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    shell(git.root, "tag", "-a", "mine", "-m", "mine")
    shell(git.root, "config", "push.followTags", "true")
    assert push(git, Update("refs/heads/new", git.commit("HEAD"), None))
    assert set(remote_refs(git)) == {"refs/heads/main", "refs/heads/new"}


def test_a_push_that_lost_inside_the_server_is_a_loss_and_a_refusal_is_not(git: Git, bare: Path) -> None:
    head = git.commit("HEAD")
    second = write_commit(git, EMPTY_TREE, (), "second")
    assert push(git, Update("refs/x/1", head, None), Update("refs/x/2", second, None))
    hook = bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/x/1 {second}\n")
    hook.chmod(0o755)
    assert not push(git, Update("refs/x/1", None, head), Update("refs/x/3", head, None))
    assert "refs/x/3" not in remote_refs(git)
    hook.write_text("#!/bin/sh\necho 'policy: that already exists' >&2\nexit 1\n")
    with pytest.raises(ExternalError, match=r"policy(.|\n)*refs/x/3 .*pre-receive hook declined"):
        push(git, Update("refs/x/3", head, None))


def test_a_name_that_can_never_be_taken_is_no_lost_race(git: Git) -> None:
    head = git.commit("HEAD")
    assert push(git, Update("refs/x/1", head, None))
    with pytest.raises(ExternalError, match="cannot create"):
        push(git, Update("refs/x/1/2", head, None))


def test_a_remote_that_is_away_is_named(git: Git) -> None:
    shell(git.root, "remote", "set-url", "origin", "/nonexistent/churn.git")
    with pytest.raises(ExternalError, match=r"'origin' cannot be reached(.|\n)*/nonexistent/churn.git"):
        remote_refs(git)
    with pytest.raises(ExternalError, match=r"push to origin failed(.|\n)*/nonexistent/churn.git"):
        push(git, Update("refs/x/1", git.commit("HEAD"), None))
    with pytest.raises(ExternalError, match=r"fetch from origin failed(.|\n)*/nonexistent/churn.git"):
        fetch(git, "refs/heads/main")
    with pytest.raises(ExternalError, match="clone"), temporary_clone(git, git.commit("HEAD")):
        pass


def test_remote_references_are_found_by_pattern_without_peeled_tags(git: Git) -> None:
    shell(git.root, "tag", "-a", "churn@v1.0.0", "-m", "one")
    shell(git.root, "push", "--quiet", "origin", "churn@v1.0.0", "HEAD:refs/cdml/runs/1", "HEAD:refs/heads/x/main")
    tag = shell(git.root, "rev-parse", "churn@v1.0.0")
    assert remote_refs(git, "refs/tags/*") == {"refs/tags/churn@v1.0.0": tag}
    assert set(remote_refs(git, "refs/cdml/*", "refs/heads/main")) == {"refs/cdml/runs/1", "refs/heads/main"}


def test_a_fetch_brings_objects_and_moves_no_reference(git: Git, bare: Path) -> None:
    commit = hidden(git, "refs/cdml/runs/1")
    shell(bare.parent, "clone", "--quiet", f"file://{bare}", "other")
    other = Git(bare.parent / "other")
    shell(git.root, "push", "--quiet", "origin", f"{commit}:refs/heads/main")
    before = other.text("for-each-ref")
    assert not other.has(commit)
    fetch(other, "refs/cdml/runs/1", "refs/heads/main")
    assert other.has(commit)
    assert other.text("for-each-ref") == before
    # Loose objects would arrive one by one, a commit before what it needs.
    assert other.text("count-objects").startswith("0 objects")
    assert not (other.root / ".git/FETCH_HEAD").exists()
    with pytest.raises(ExternalError, match="refs/cdml/nope"):
        fetch(other, "refs/cdml/nope")


def test_blobs_are_read_in_one_pass(git: Git) -> None:
    tree = write_tree(git, "HEAD", {"b.bin": b"\n\x00missing\n", "empty": b""})
    oid = shell(git.root, "rev-parse", "HEAD:a.txt")
    names = [oid, f"{tree}:b.bin", f"{tree}:nope", f"{tree}:models", f"{tree}:empty", "0" * 40]
    inside = Git(git.root / "models/churn")
    assert read_blobs(inside, names) == [b"a\n", b"\n\x00missing\n", None, None, b"", None]
    assert read_blobs(git, []) == []


@pytest.mark.parametrize(
    "ref", ["refs/heads/other", "refs/tags/churn@v1.0.0", "refs/cdml/runs/1", "refs/pull/1/head"]
)
@pytest.mark.parametrize("url", ["{}", "../remote.git", "file://{}"])
def test_a_temporary_clone_has_any_commit_of_the_remote(git: Git, bare: Path, ref: str, url: str) -> None:
    shell(git.root, "remote", "set-url", "origin", url.format(bare))
    commit = hidden(git, ref)
    (git.root / "a.txt").write_text("unfinished\n")
    # A project in a subfolder: git still reads the relative path from the top.
    with temporary_clone(Git(git.root / "models/churn"), commit) as clone:
        top = clone.top()
        assert clone.prefix() == "models/churn/"
        assert clone.commit("HEAD") == commit
        assert clone.branch() is None
        assert (top / "hidden.txt").read_text() == "h\n"
        assert (top / "a.txt").read_text() == "a\n"
        assert os.access(top / "run.sh", os.X_OK)
        assert clone.default_branch() == "main"
        assert clone.author() == "Ada <ada@example.com>"
        assert push(clone, Update("refs/heads/from-clone", commit, None))
    assert not top.exists()
    assert [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(str(top))] == []
    assert remote_refs(git, "refs/heads/from-clone") == {"refs/heads/from-clone": commit}


def test_a_temporary_clone_has_every_tag_and_stands_on_a_branch(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "clone.defaultRemoteName")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "upstream")
    hidden(git, "refs/tags/churn@v1.0.0")
    with temporary_clone(git, git.commit("HEAD"), "main") as clone:
        assert clone.branch() == "main"
        assert clone.text("tag", "--list") == "churn@v1.0.0"
        assert clone.has("origin/main")
        assert not clone.is_shallow()


def test_a_temporary_clone_goes_when_its_user_fails(git: Git) -> None:
    folders = []

    def fail() -> None:
        with temporary_clone(git, git.commit("HEAD")) as clone:
            folders.append(clone.root)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not folders[0].exists()


def test_a_temporary_clone_says_what_it_cannot_give(git: Git) -> None:
    unpushed = write_commit(git, EMPTY_TREE, (), "unpushed")
    with pytest.raises(ExternalError, match=f"has no commit {unpushed}"), temporary_clone(git, unpushed):
        pass
    gone = hidden(git, "refs/heads/gone", {"models/churn/mlops.yaml": None})
    inside = Git(git.root / "models/churn")
    with pytest.raises(UsageError, match="has no folder models/churn/"), temporary_clone(inside, gone):
        pass
    shell(git.root, "remote", "remove", "origin")
    with pytest.raises(ExternalError, match="no remote named origin"), temporary_clone(Git(git.root), gone):
        pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://x/y", True),
        ("git@host:o/r.git", True),
        ("host:r", True),
        ("file:///r", True),
        ("/r:1/x", False),
        ("../r.git", False),
        ("r.git", False),
        ("./host:r", False),
    ],
)
def test_an_address_is_a_url_or_a_path(text: str, expected: bool) -> None:
    assert is_url(text) is expected
