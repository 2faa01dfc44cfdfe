"""What a merge leaves on the target branch, computed on git's objects alone, without any working tree.

git runs inside the repository's own folder here, so that neither `.gitattributes` of the files that happen to be
checked out nor their state can change the result: every machine merges alike.
"""

from __future__ import annotations

from cdml.core.errors import ExternalError
from cdml.forges.base import MergeMethod, PullRequest
from cdml.forges.text import clean, one_line
from cdml.state.git import Git, words
from cdml.state.plumbing import write_commit


def contains(git: Git, commit: str, ancestor: str) -> bool:
    """Whether a commit's history holds `ancestor`."""
    done = git.run("merge-base", "--is-ancestor", ancestor, commit, check=False)
    if done.code > 1:
        raise ExternalError(f"git merge-base failed: {done.err.strip()}")
    return done.code == 0


def merge_commit(git: Git, pull: PullRequest, tip: str, method: MergeMethod) -> str:
    """The target branch's next commit, from its `tip` and the pull request's head; no reference names it yet.

    It is `tip` itself when that already holds everything. ExternalError names the files that conflict.
    """
    if contains(git, tip, pull.head):
        return tip
    bare = Git(git.common_dir())
    if method == "rebase":
        return _replay(bare, pull, tip)
    tree = _merge_trees(bare, pull, tip, pull.head)
    if method == "squash":
        message = f"{_title(pull)} (#{pull.number})\n\n{clean(pull.body)}".rstrip() + "\n"
        return write_commit(bare, tree, (tip,), message, _authorship(bare, pull.head)[0])
    message = f"Merge pull request #{pull.number} from {pull.source}\n\n{_title(pull)}\n"
    return write_commit(bare, tree, (tip, pull.head), message)


def _replay(git: Git, pull: PullRequest, tip: str) -> str:
    # As `git rebase`: merges are left out, and so is a commit whose change the target already has.
    order = ("--reverse", "--topo-order", "--no-merges", "--no-commit-header", "--format=%H %P")
    tree = git.text("rev-parse", f"{tip}^{{tree}}")
    for line in git.text("rev-list", *order, f"{tip}..{pull.head}").splitlines():
        commit, _, base = line.partition(" ")
        if not base:
            raise ExternalError(f"#{pull.number} cannot be rebased: {commit[:7]} has no parent", "squash it")
        # git before 2.40 cannot be told a merge base: a stand-in for the tip that descends from `base` has it.
        stand_in = write_commit(git, tree, (base,), "stand-in")
        merged = _merge_trees(git, pull, stand_in, commit)
        if merged != tree:
            author, message = _authorship(git, commit)
            tip, tree = write_commit(git, merged, (tip,), message, author), merged
    return tip


def _merge_trees(git: Git, pull: PullRequest, ours: str, theirs: str) -> str:
    done = git.run("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs, check=False)
    tree, *files = done.out.decode("utf-8", "replace").rstrip("\0").split("\0")
    if done.code == 0:
        return tree
    if done.code == 1:
        raise ExternalError(
            f"#{pull.number} conflicts with {pull.target} in {words(files)}; nothing has changed",
            f"git fetch, merge {pull.target} into {pull.source}, resolve, push, and merge again",
        )
    raise ExternalError(f"git merge-tree failed: {done.err.strip()}", "it needs git 2.38 or later")


def _authorship(git: Git, commit: str) -> tuple[dict[str, str], str]:
    # Who wrote a commit, as environment for its successor, and its message.
    out = git.run("rev-list", "-1", "--no-commit-header", "--date=raw", "--format=%an%n%ae%n%ad%n%B", commit).out
    name, mail, date, message = out.decode("utf-8", "replace").split("\n", 3)
    who = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail, "GIT_AUTHOR_DATE": f"@{date}"}
    return who, message.rstrip("\n") + "\n"


def _title(pull: PullRequest) -> str:
    return one_line(pull.title, f"pull request #{pull.number}")
