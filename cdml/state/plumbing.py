"""Commits built without touching a working tree, and pushes that either all happen or none does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cdml.core.errors import ExternalError
from cdml.state.git import REMOTE, Git

EMPTY = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@dataclass(frozen=True)
class Update:
    """One reference to move on the remote: to `new` (None deletes it), only while it still is `old`.

    `old` is None when the reference must not exist yet.
    """

    ref: str
    new: str | None
    old: str | None


def write_tree(git: Git, base: str | None, files: Mapping[str, bytes | None]) -> str:
    """The tree of `base` (None: empty) with `files` put in; None takes a path away. Paths are from the top."""
    lines = []
    for path, content in files.items():
        if content is None:
            lines.append(f"0 {EMPTY}\t{path}")
        else:
            oid = git.run("hash-object", "-w", "--stdin", stdin=content).out.decode().strip()
            lines.append(f"100644 {oid}\t{path}")
    with tempfile.TemporaryDirectory(prefix="cdml-index-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.run("read-tree", *(["--empty"] if base is None else [base]), env=env)
        feed = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
        git.run("update-index", "-z", "--index-info", env=env, stdin=feed)
        return git.text("write-tree", env=env)


def write_commit(git: Git, tree: str, parents: tuple[str, ...], message: str) -> str:
    """A commit object that no reference names yet."""
    marks = [word for parent in parents for word in ("-p", parent)]
    return git.text("commit-tree", tree, *marks, "-F", "-", env=git.identity(), stdin=message.encode())


def push(git: Git, *updates: Update, remote: str = REMOTE) -> bool:
    """Move all references or none; False when somebody else moved one first, so the caller reads again."""
    leases = [f"--force-with-lease={u.ref}:{u.old or ''}" for u in updates]
    specs = [f"{u.new or ''}:{u.ref}" for u in updates]
    done = git.run("push", "--atomic", "--porcelain", *leases, remote, *specs, check=False)
    if done.code == 0:
        return True
    said = done.out.decode("utf-8", "replace") + done.err
    if any(
        word in said
        for word in (
            "stale info",
            "already exists",
            "fetch first",
            "cannot lock ref",
            "reference already exists",
        )
    ):
        return False
    raise ExternalError(
        f"git push to {remote} failed: {done.err.strip()}",
        "is the remote reachable, and may you write to it?",
    )


def remote_refs(git: Git, *patterns: str, remote: str = REMOTE) -> dict[str, str]:
    """References on the remote, by name; ExternalError when it cannot be reached."""
    done = git.run("ls-remote", "--refs", remote, *patterns, check=False)
    if done.code != 0:
        raise ExternalError(
            f"the remote {remote!r} cannot be reached: {done.err.strip()}",
            "git remote -v shows where it points",
        )
    lines = done.out.decode("utf-8", "replace").splitlines()
    return {ref: oid for oid, _, ref in (line.partition("\t") for line in lines)}


@contextmanager
def temporary_clone(git: Git, commit: str, branch: str | None = None) -> Iterator[Git]:
    """A whole clone of origin with `commit` checked out (on `branch`), removed afterwards.

    What a CI runner has: nothing of the working tree of the person who asked for it.
    """
    url = git.remote_url()
    if url is None:
        raise ExternalError("there is no remote named origin", "git remote add origin URL")
    source = str((git.root / url).resolve()) if not _is_url(url) and (git.root / url).exists() else url
    with tempfile.TemporaryDirectory(prefix="cdml-run-") as folder:
        top = Path(folder) / "repository"
        git.run("clone", "--quiet", "--no-checkout", source, str(top))
        clone = Git(top)
        clone.run("fetch", "--quiet", "--force", "--tags", REMOTE)
        if not clone.has(commit):
            clone.run("fetch", "--quiet", REMOTE, commit)
        where = ["-B", branch] if branch else ["--detach"]
        clone.run("checkout", "--quiet", *where, commit)
        for key in ("user.name", "user.email"):
            value = git.run("config", "--get", key, check=False).out.decode().strip()
            if value:
                clone.run("config", key, value)
        yield Git(top / git.prefix())


def _is_url(text: str) -> bool:
    return "://" in text or (":" in text and not text.startswith((".", "/")))
