"""Commits built without touching a working tree, and pushes that either all happen or none does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cdml.core.errors import ExternalError, UsageError
from cdml.state import trees
from cdml.state.git import REMOTE, Answer, Git
from cdml.state.near_remotes import anchor
from cdml.state.objects import close_objects

EMPTY = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
PUSH_OPTIONS = ("--atomic", "--porcelain", "--no-verify", "--no-follow-tags", "--no-recurse-submodules")
FETCH_OPTIONS = (
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--refmap=",
    "--stdin",
)
# What git says when another push came first (in the client, in the server) ...
MOVED = ("stale info", "cannot lock ref", "reference already exists")
# ... and what looks like it but will be the same next time.
LASTING = ("Permission denied", "Read-only file system", "No space left", "cannot create")


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
    return trees.write_tree(git, base, files) or _by_index(git, base, files)


def _by_index(git: Git, base: str | None, files: Mapping[str, bytes | None]) -> str:
    """The same by an index of its own."""
    with tempfile.TemporaryDirectory(prefix="cdml-index-") as name:
        folder = Path(name)
        oids = _write_blobs(git, folder, [content for content in files.values() if content is not None])
        lines = [
            f"0 {EMPTY}\t{path}\0" if content is None else f"100644 {oids.pop(0)}\t{path}\0"
            for path, content in files.items()
        ]
        env = {"GIT_INDEX_FILE": str(folder / "index")}
        if base is not None:
            git.run("read-tree", base, env=env)
        feed = "".join(lines).encode("utf-8", "surrogateescape")
        done = git.run("update-index", "-z", "--index-info", env=env, stdin=feed)
        if done.err:  # git leaves out a path such as `../x`, says so, and succeeds
            raise ExternalError(f"git update-index failed: {done.err.strip()}")
        return git.text("write-tree", env=env)


def _write_blobs(git: Git, folder: Path, contents: list[bytes]) -> list[str]:
    # One process for all of them; no filter of the working tree may change the bytes.
    if not contents:
        return []
    paths = [folder / str(number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    feed = "".join(f"{path}\n" for path in paths).encode()
    return git.text("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=feed).splitlines()


def write_commit(
    git: Git, tree: str, parents: tuple[str, ...], message: str, env: Mapping[str, str] | None = None
) -> str:
    """A commit object that no reference names yet; `env` may name another author than who acts."""
    marks = [word for parent in parents for word in ("-p", parent)]
    who = {**git.identity(), **(env or {})}
    return git.text("commit-tree", tree, *marks, "-F", "-", env=who, stdin=message.encode())


def push(git: Git, *updates: Update, remote: str = REMOTE) -> bool:
    """Move all references or none; False when somebody else moved one first, so the caller reads again.

    No hook of the working tree runs and no tag follows: what is pushed is these references alone.
    """
    if not updates:
        return True
    leases = [f"--force-with-lease={u.ref}:{u.old or ''}" for u in updates]
    specs = [f"{u.new or ''}:{u.ref}" for u in updates]
    done = git.run("push", *PUSH_OPTIONS, *leases, remote, *specs, check=False)
    if done.code == 0:
        return True
    said = done.out.decode("utf-8", "replace") + done.err
    if any(word in said for word in MOVED) and not any(word in said for word in LASTING):
        return False
    raise ExternalError(
        f"git push to {remote} failed: {_reason(done)}",
        "is the remote reachable, and may you write to it?",
    )


def _reason(done: Answer) -> str:
    # Why the remote refused a reference stands in the report, everything else in git's own words.
    lines = done.out.decode("utf-8", "replace").splitlines()
    refused = [line.split("\t", 1)[1].replace("\t", " ") for line in lines if line.startswith("!\t")]
    return "\n".join([done.err.strip(), *refused])


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


def fetch(git: Git, *names: str, remote: str = REMOTE) -> None:
    """Bring what these references (or full commit ids) of the remote name here; no reference here moves.

    It arrives as one pack: whoever finds a commit here, in another process too, finds all that it needs.
    """
    feed = "".join(f"{name}\n" for name in names).encode()
    done = git.run("-c", "fetch.unpackLimit=1", "fetch", *FETCH_OPTIONS, remote, check=False, stdin=feed)
    if done.code != 0:
        raise ExternalError(
            f"git fetch from {remote} failed: {done.err.strip()}",
            "git remote -v shows where it points",
        )


def read_blobs(git: Git, names: Sequence[str]) -> list[bytes | None]:
    """Contents of blobs in one pass, named by id or as `commit:path/from/top`; None where there is none."""
    return git.blobs(names)


@contextmanager
def temporary_clone(git: Git, commit: str, branch: str | None = None) -> Iterator[Git]:
    """A whole clone of origin with `commit` checked out (on `branch`), removed afterwards.

    What a CI runner has: nothing of the working tree of the person who asked for it. `commit` is a full id that
    any reference of the remote reaches. Yields the clone's folder that corresponds to `git`'s.
    """
    source = _clone_source(git)
    with tempfile.TemporaryDirectory(prefix="cdml-run-") as folder:
        top = Path(folder).resolve() / "repository"
        # No housekeeping in the background that would still write while the folder is removed.
        config = [word for line in ("gc.auto=0", *_who(git)) for word in ("--config", line)]
        git.run("clone", "--quiet", "--no-checkout", "--origin", REMOTE, *config, source, str(top))
        try:
            clone = Git(top)
            _bring(clone, commit)
            where = ["-B", branch] if branch else ["--detach"]
            clone.run("checkout", "--quiet", *where, commit)
            root = top / git.prefix()
            if not root.is_dir():
                raise UsageError(f"commit {commit[:7]} has no folder {git.prefix()}")
            for place in {"", git.prefix()}:
                anchor(top / place, git.top() / place)
            yield clone if root == top else Git(root)
        finally:
            close_objects(top)


def _who(git: Git) -> list[str]:
    """The identity that is set up for a repository, as `key=value`."""
    found = git.run("config", "--null", "--get-regexp", r"^user\.(name|email)$", check=False).out
    lines = [line.partition("\n") for line in found.decode("utf-8", "surrogateescape").split("\0") if line]
    # What is set last counts, as for git itself.
    return [f"{key}={value}" for key, _, value in lines if value.strip()]


def _clone_source(git: Git) -> str:
    url = git.remote_url()
    if url is None:
        raise ExternalError(f"there is no remote named {REMOTE}", f"git remote add {REMOTE} URL")
    # git reads a relative path from the top of the working tree, wherever it is called.
    return url if is_url(url) else str((git.top() / url).resolve())


def _bring(clone: Git, commit: str) -> None:
    # A clone holds branches and tags; a commit under refs/cdml or refs/pull is asked for by its id.
    if clone.has(commit):
        return
    done = clone.run("fetch", "--quiet", REMOTE, commit, check=False)
    if done.code != 0:
        raise ExternalError(f"the remote {REMOTE} has no commit {commit}: {done.err.strip()}", "git push it first")


def is_url(text: str) -> bool:
    """Whether git takes an address for a URL or `host:path`, and not for a path."""
    return "://" in text or ":" in text.partition("/")[0]
