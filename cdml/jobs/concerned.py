"""Which models of a repository a pull request concerns, and under which name each of them states its judgement.

Several models live in several folders. A change is merged when every model whose folder it touches was judged: one
model's green light must not carry another one's change.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from cdml.config.load import parse
from cdml.core.errors import RefusedError
from cdml.core.settings import CONFIG_FILE
from cdml.forges.base import PullRequest
from cdml.jobs.project import Project
from cdml.jobs.verdict import CONTEXT
from cdml.registry.record import FOLDER
from cdml.state.git import REMOTE, Git
from cdml.state.plumbing import read_blobs

DVC_FILE = ".dvc/config"
PIPELINE = "dvc.yaml"
_ABOVE = re.compile(r"(?:\.\./)+[^\s\"',\]}:]+")


@dataclass(frozen=True)
class Concerned:
    """One model: its name, and its folder from the top of the repository (empty: the top itself)."""

    model: str
    folder: str


def own(project: Project) -> Concerned:
    """The project's own model."""
    return Concerned(project.settings.model, project.git.prefix().rstrip("/"))


def context(project: Project, one: Concerned, target: str) -> str:
    """The status context of a model's judgement of a commit that wants to enter `target`.

    The same commit may be offered to several branches with other gates: each has a context of its own, and that
    of main is the plain one.
    """
    return context_of(one.model, one.folder, target, project.main)


def context_of(model: str, folder: str, target: str, main: str) -> str:
    """The same, of a model in a folder (empty: the top), where the main branch is called `main`."""
    mine = f"{CONTEXT}/{model}" if folder else CONTEXT
    return mine if target == main else f"{mine} into {target}"


def concerned(project: Project, pull: PullRequest, release: bool) -> tuple[Concerned, ...]:
    """The models whose files, or on a release branch whose records, a pull request changes, sorted by folder."""
    git = Git(project.git.top())
    target = git.commit(f"refs/remotes/{REMOTE}/{pull.target}")
    base = git.run("merge-base", target, pull.head, check=False).out.decode().strip() or target
    if release:
        return released(git, git.commit(f"refs/remotes/{REMOTE}/{project.main}"), base, pull.head)
    return touched(git, base, pull.head, target)


def released(git: Git, main: str, before: str, after: str) -> tuple[Concerned, ...]:
    """The models of main whose records differ between two commits of a release branch."""
    changed = _changed(git, before, after)
    known = projects_at(git, main)
    return tuple(
        Concerned(model, folder) for folder, model in known.items() if f"{FOLDER}/{model}.json" in changed
    )


def touched(git: Git, before: str, after: str, *others: str) -> tuple[Concerned, ...]:
    """The models whose files, or what these depend on outside their folder, differ between two commits.

    A model counts that any of the two commits or `others` has. `git` acts at the top of the repository.
    """
    known: dict[str, str] = {}
    for commit in (before, *others, after):
        known |= projects_at(git, commit)
    changed = [path for path in _changed(git, before, after) if path]
    found = {owner for path in changed if (owner := _owner(path, known)) is not None}
    found |= {folder for folder in known if _reaches(git, after, folder, changed)}
    return tuple(Concerned(known[folder], folder) for folder in sorted(found))


def _changed(git: Git, before: str, after: str) -> list[str]:
    return git.text("diff", "--name-only", "--no-renames", "-z", before, after).split("\0")


def _reaches(git: Git, commit: str, folder: str, changed: list[str]) -> bool:
    """Whether a change touches what the folder's own dvc.yaml names outside of it (`../shared/lib.py`)."""
    text = git.read(commit, f"{folder}/{PIPELINE}" if folder else PIPELINE) or b""
    above = _ABOVE.findall(text.decode("utf-8", "replace"))
    named = {posixpath.normpath(posixpath.join(folder, path)) for path in above}
    return any(path == one or path.startswith(f"{one}/") for path in changed for one in named)


def projects_at(git: Git, commit: str) -> dict[str, str]:
    """The folder of every project at a commit, and its model's name. A mlops.yaml without DVC is only a file.

    `git` acts at the top of the repository.
    """
    names = git.text("ls-tree", "-r", "-z", "--name-only", commit).split("\0")
    kept = {name.removesuffix(DVC_FILE).rstrip("/") for name in names if f"/{name}".endswith(f"/{DVC_FILE}")}
    found = [name for name in names if PurePosixPath(name).name == CONFIG_FILE]
    folders = {name.rpartition("/")[0]: name for name in found}
    files = {folder: name for folder, name in folders.items() if folder in kept}
    contents = read_blobs(git, [f"{commit}:{name}" for name in files.values()])
    return {
        folder: parse((content or b"").decode("utf-8", "replace"), file=f"{commit[:7]}:{name}").model
        for (folder, name), content in zip(files.items(), contents, strict=True)
    }


def _owner(path: str, folders: dict[str, str]) -> str | None:
    """The innermost project folder that holds a path."""
    around = [folder for folder in folders if not folder or path.startswith(f"{folder}/")]
    return max(around, key=len, default=None)


def require_concerned(project: Project, pull: PullRequest, models: tuple[Concerned, ...]) -> None:
    """Refuse to merge from a folder what only other folders' models are concerned with."""
    mine = own(project)
    if models and mine not in models:
        first = models[0]
        raise RefusedError(
            f"pull request {pull.number} concerns {first.model}, not {mine.model}",
            f"cdml -C {first.folder or 'the top folder'} pr merge {pull.number}",
        )
