"""`cdml generate --vendor-actions`: third-party actions copied into the repository, for sites that reach no other.

Their folder is its own switch: where it stands, generated workflows use what is in it.
"""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from cdml.ci.github import ACTIONS, VENDORED
from cdml.core.errors import ConfigError, ExternalError
from cdml.state.git import Git

SOURCE = "https://github.com"
LARGEST = 100_000_000  # bytes of one action; the largest of these has 3 million


def vendor_actions(root: Path, source: str, say: Callable[[str], None]) -> tuple[str, ...]:
    """Copy every action that generated workflows use, at its commit, below the top of the repository.

    `source` is the address before `/OWNER/NAME`: GitHub's, or a mirror's. Returns the folders. Either all of them
    are replaced or none. Raises ExternalError where a commit cannot be had.
    """
    git = Git(root)
    if git.run("rev-parse", "--is-inside-work-tree", check=False).code != 0:
        raise ConfigError(f"{root} is not inside a git repository", "git init")
    target = git.top() / VENDORED
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".vendor-") as folder:
        made = Path(folder) / "made"
        for name, pinned in ACTIONS.items():
            if name != "checkout":  # it would have to be checked out to be found
                action, _, commit = pinned.partition(" ")[0].partition("@")
                say(f"{action} {commit[:7]}")
                _copy(f"{source.rstrip('/')}/{action}", commit, made / name)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return tuple(f"{VENDORED}/{name}" for name in ACTIONS if name != "checkout")


def _copy(url: str, commit: str, to: Path) -> None:
    """The tree of one commit, without history: what git names by that id cannot be anything else."""
    with tempfile.TemporaryDirectory(prefix="cdml-action-") as folder:
        git = Git(Path(folder))
        git.run("init", "--quiet")
        done = git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--", url, commit, check=False)
        if done.code != 0:
            raise ExternalError(f"{url} does not give {commit}: {done.err.strip()}", "--from names a mirror")
        packed = git.run("archive", "--format=tar", commit).out
    if len(packed) > LARGEST:
        raise ExternalError(f"{url} at {commit[:7]} has {len(packed):,} bytes, which no action needs")
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(to, filter="data")
