"""Release branches: orphan branches that a person creates once, before they are protected."""

from __future__ import annotations

from cdml.core.errors import ExternalError
from cdml.core.settings import Settings
from cdml.jobs.generate_ci import ci_files
from cdml.jobs.stamp import stamped
from cdml.state.git import REMOTE, Git
from cdml.state.plumbing import Update, push, remote_refs, write_commit, write_tree

_HEADS = "refs/heads/"


def create_release_branches(git: Git, settings: Settings) -> tuple[str, ...]:
    """Create on origin the branches of mlops.yaml's environments that it lacks, and return their names.

    Each begins as one commit without parent, which holds just the CI that answers a push to it. An existing branch
    is never touched. Nothing happens without a remote, without environments, or while the remote has no branch at
    all: forges take the first one for the default branch. Raises ExternalError when the remote cannot be reached
    or refuses.
    """
    if git.remote_url() is None or not settings.environments:
        return ()
    for _ in range(3):  # somebody else may create one of them meanwhile
        there = remote_refs(git, f"{_HEADS}*")
        missing = [e for e in settings.environments if there and _HEADS + e.branch not in there]
        tree = write_tree(git, None, release_files(git, settings))
        updates = [Update(_HEADS + e.branch, write_commit(git, tree, (), _message(e.name)), None) for e in missing]
        if push(git, *updates):
            return tuple(e.branch for e in missing)
    raise ExternalError(f"{REMOTE} kept changing while release branches were created", "cdml init")


def release_files(git: Git, settings: Settings) -> dict[str, bytes]:
    """What every release branch holds besides its records: the generated CI that deploys, by path."""
    wanted = ci_files(git, git.root.resolve(), settings)
    return {file.path: stamped(file.text).encode() for file in wanted if file.release}


def _message(environment: str) -> str:
    return f"Begin the releases of {environment}\n\nOne record per model says what {environment} should run.\n"
