"""The one door to git. Everything is read by plumbing, at any revision, without checking anything out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.state.objects import Found, Objects, Unanswered

if TYPE_CHECKING:
    from git.cmd import Git as GitCommand

TIMEOUT = 300.0
REMOTE = "origin"
# What a hook or an alias sets for the repository that called it; a temporary clone must not obey them.
CALLERS_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
)


@dataclass(frozen=True)
class Answer:
    """What git printed and how it ended."""

    code: int
    out: bytes
    err: str


@dataclass(frozen=True)
class Entry:
    """One path in a tree."""

    mode: str
    kind: str
    oid: str
    path: str


class Git:
    """git in one directory. Paths given to it and got from it are relative to that directory.

    What no command changes while one of ours runs (where the directory is, who acts, where the remote is) is asked
    once; references are looked up whenever they are asked for.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._objects = Objects(root, TIMEOUT)
        self._known: dict[tuple[str, ...], str] = {}

    def run(
        self,
        *words: str,
        check: bool = True,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        timeout: float = TIMEOUT,
    ) -> Answer:
        """Run one git command; raises ExternalError with git's own words when it fails and `check` is set."""
        door = _door(self.root)
        with _feed(stdin) as feed:
            code, out, err = door.execute(
                ["git", *words],
                istream=feed,
                # On top of the present environment, in which GitPython sets the language C: git's words are read.
                env={"GIT_TERMINAL_PROMPT": "0", **(env or {})},
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                kill_after_timeout=timeout,
            )
        answer = Answer(code, out if isinstance(out, bytes) else out.encode(), str(err))
        if check and code != 0:
            raise ExternalError(f"git {' '.join(words[:2])} failed: {answer.err.strip() or f'exit {code}'}")
        return answer

    def text(self, *words: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> str:
        """One git command's output as text, without the newlines at its end."""
        return self.run(*words, env=env, stdin=stdin).out.decode("utf-8", "replace").rstrip("\n")

    def commit(self, revision: str) -> str:
        """The full commit id of a revision; UsageError when there is none."""
        found = self.find(f"{revision}^{{commit}}")
        if found is None or found.kind != "commit":
            raise UsageError(
                f"{revision!r} is not a revision of this repository",
                "git fetch --tags origin, if it exists on the remote",
            )
        return found.oid

    def find(self, name: str) -> Found | None:
        """What any name that git has for an object stands for, without its content; None where it is nothing."""
        try:
            return self._objects.info(name)
        except Unanswered:
            found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", name, check=False)
            if found.code != 0:
                return None
            oid = found.out.decode().strip()
            return Found(oid, self.text("cat-file", "-t", oid), int(self.text("cat-file", "-s", oid)), b"")

    def has(self, revision: str) -> bool:
        """Whether a revision names a commit here."""
        try:
            self.commit(revision)
        except UsageError:
            return False
        return True

    def read(self, revision: str, path: str) -> bytes | None:
        """A file's bytes at a revision, or None where it is not there."""
        return self.blobs([f"{revision}:./{path}"])[0]

    def blobs(self, names: Sequence[str]) -> list[bytes | None]:
        """Contents of blobs by any name that git has for them; None where there is none."""
        try:
            found = self._objects.contents(names)
        except Unanswered:
            return [self._blob(names[0])] if len(names) == 1 else [self.blobs([name])[0] for name in names]
        return [one.content if one and one.kind == "blob" else None for one in found]

    def tree_content(self, name: str) -> bytes:
        """A tree's entries in git's own form. Raises Unanswered where there is none, or nobody to ask."""
        found = self._objects.contents([name])[0]
        if found is None or found.kind != "tree":
            raise Unanswered
        return found.content

    def _blob(self, name: str) -> bytes | None:
        found = self.run("cat-file", "blob", name, check=False)
        return found.out if found.code == 0 else None

    def tree(self, revision: str, *paths: str) -> tuple[Entry, ...]:
        """All files under `paths` (or everything) at a revision, in one pass."""
        out = self.run("ls-tree", "-r", "-z", revision, "--", *paths).out
        entries = []
        for line in out.decode("utf-8", "surrogateescape").split("\0"):
            if line:
                meta, _, path = line.partition("\t")
                mode, kind, oid = meta.split()
                entries.append(Entry(mode, kind, oid, path))
        return tuple(entries)

    def prefix(self) -> str:
        """This directory's path inside the repository, with a slash at the end, or nothing at its top."""
        return self._once("rev-parse", "--show-prefix")

    def top(self) -> Path:
        """The top of the working tree."""
        return Path(self._once("rev-parse", "--show-toplevel"))

    def common_dir(self) -> Path:
        """The directory that holds the repository itself (shared by all its work trees)."""
        return (self.root / self._once("rev-parse", "--git-common-dir")).resolve()

    def _once(self, *words: str) -> str:
        if words not in self._known:
            self._known[words] = self.text(*words)
        return self._known[words]

    def _once_found(self, *words: str) -> str | None:
        """What a command prints, or None where it fails; only what was found is kept."""
        if words not in self._known:
            found = self.run(*words, check=False)
            if found.code != 0:
                return None
            self._known[words] = found.out.decode("utf-8", "replace").strip()
        return self._known[words]

    def branch(self) -> str | None:
        """The checked-out branch, or None on a detached head."""
        # git's own short name is `heads/x` where a tag is called `x` too.
        found = self.run("symbolic-ref", "--quiet", "HEAD", check=False)
        return found.out.decode().strip().removeprefix("refs/heads/") if found.code == 0 else None

    def dirty(self) -> tuple[str, ...]:
        """Tracked files of the whole repository that differ from HEAD, as paths from its top."""
        out = self.text(
            "--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--no-renames", "-z"
        )
        return tuple(item[3:] for item in out.split("\0") if item)

    def remote_url(self, remote: str = REMOTE) -> str | None:
        """Where a remote is, or None where there is none of that name."""
        return self._once_found("remote", "get-url", remote)

    def default_branch(self) -> str:
        """The remote's default branch, as known here or else as the remote says; else `main` or `master`.

        The present branch counts only in a repository that has none of these: it may be anybody's work.
        """
        for ask in (self._known_head, self._usual_branch, self._remote_head):
            if name := ask():
                return name
        return next((n for n in ("main", "master") if self.has(f"refs/heads/{n}")), self.branch() or "main")

    def _known_head(self) -> str | None:
        """The branch that the remote's HEAD named when this was cloned."""
        ref = f"refs/remotes/{REMOTE}/HEAD"
        # Where it names no commit, that branch is gone from the remote.
        name = self._once_found("symbolic-ref", "--short", "--quiet", ref) if self.has(ref) else None
        return name and name.removeprefix(f"{REMOTE}/")

    def _usual_branch(self) -> str | None:
        return next((n for n in ("main", "master") if self.has(f"refs/remotes/{REMOTE}/{n}")), None)

    def _remote_head(self) -> str | None:
        """The branch that the remote's HEAD names, None where it cannot be asked or names none that exists."""
        said = self._once_found("ls-remote", "--symref", REMOTE, "HEAD") if self.remote_url() else None
        first = (said or "").partition("\t")[0]
        return first.removeprefix("ref: refs/heads/") if first.startswith("ref: refs/heads/") else None

    def identity(self) -> dict[str, str]:
        """Environment for commits and tags: git's own identity where it is set, else a plain one of ours."""
        env: dict[str, str] = {}
        for role in ("AUTHOR", "COMMITTER"):
            if not self._person(role):
                env |= {f"GIT_{role}_NAME": "cdml", f"GIT_{role}_EMAIL": "cdml@localhost"}
        return env

    def author(self) -> str:
        """Who acts, as git names them: `Name <mail>`."""
        return self._person("AUTHOR") or "cdml <cdml@localhost>"

    def _person(self, role: str) -> str | None:
        found = self._once_found("var", f"GIT_{role}_IDENT")
        return found and found.rsplit(" ", 2)[0]

    def is_shallow(self) -> bool:
        """Whether history was cut off when this was cloned."""
        words = ("rev-parse", "--is-shallow-repository")
        if self._known.get(words) != "false":  # it can be completed, not cut off
            self._known[words] = self.text(*words)
        return self._known[words] == "true"


@contextmanager
def _feed(stdin: bytes | None) -> Iterator[BinaryIO | None]:
    """What a command reads: a file, because GitPython hands on nothing else."""
    if stdin is None:
        yield None
        return
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        yield cast(BinaryIO, file)


def _door(root: Path) -> GitCommand:
    # GitPython would silently run in the present directory instead.
    if not (root.is_dir() and os.access(root, os.X_OK)):
        raise ConfigError(f"{root} is not a folder that can be entered")
    try:
        import git
    except ImportError:
        raise ExternalError("git: no such program on PATH", "install git 2.38 or later") from None
    return git.cmd.Git(str(root))


def open_git(path: Path) -> Git:
    """git for a directory inside a repository; ConfigError where there is none or it has no commit yet."""
    for name in CALLERS_VARIABLES:
        os.environ.pop(name, None)
    git = Git(path)
    found = git.run("rev-parse", "--is-inside-work-tree", check=False)
    if "dubious ownership" in found.err:
        raise ConfigError(
            f"git does not trust {path}: it belongs to another user", found.err.splitlines()[-1].strip()
        )
    if found.code != 0 or found.out.strip() != b"true":
        raise ConfigError(f"{path} is not inside a git repository", "git init, then cdml init")
    return git


def require_commit(git: Git) -> None:
    """Refuse a repository without any commit."""
    if not git.has("HEAD"):
        raise UsageError("this repository has no commit yet", "git add --all, then git commit")


def words(items: Sequence[str], most: int = 5) -> str:
    """Names for a message: the first few, and how many more."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
