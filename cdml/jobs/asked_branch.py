"""The branch on which a forge's CI judges a pull request because a command asked for it."""

from __future__ import annotations

from cdml.core.names import ASKED_BRANCH
from cdml.state.git import REMOTE, Git
from cdml.state.plumbing import Update, push, remote_refs


def point_at_main(git: Git) -> None:
    """Move the branch to main's tip, so that main's workflow runs there; nothing is pushed where it is there.

    Another command may move it at the same moment, to main as well. Raises ExternalError where the remote refuses.
    """
    ref = f"refs/heads/{ASKED_BRANCH}"
    tip = git.commit(f"refs/remotes/{REMOTE}/{git.default_branch()}")
    old = remote_refs(git, ref).get(ref)
    if old != tip:
        push(git, Update(ref, tip, old))
