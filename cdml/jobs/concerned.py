"""Which models of a repository a pull request concerns, and under which name each of them states its judgement.

Several models live in several folders. A change is merged when every model whose folder it touches was judged: one
model's green light must not carry another one's change.
"""

from __future__ import annotations

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
    mine = f"{CONTEXT}/{one.model}" if one.folder else CONTEXT
    return mine if target == project.main else f"{mine} into {target}"


def concerned(project: Project, pull: PullRequest, release: bool) -> tuple[Concerned, ...]:
    """The models whose files, or on a release branch whose records, a pull request changes, sorted by folder."""
    git = Git(project.git.top())
    target = git.commit(f"refs/remotes/{REMOTE}/{pull.target}")
    base = git.run("merge-base", target, pull.head, check=False).out.decode().strip() or target
    changed = git.text("diff", "--name-only", "--no-renames", "-z", base, pull.head).split("\0")
    where = git.commit(f"refs/remotes/{REMOTE}/{project.main}") if release else target
    known = _folders(git, where) if release else {**_folders(git, pull.head), **_folders(git, target)}
    if release:
        return tuple(
            Concerned(model, folder) for folder, model in known.items() if f"{FOLDER}/{model}.json" in changed
        )
    touched = {owner for path in filter(None, changed) if (owner := _owner(path, known)) is not None}
    return tuple(Concerned(known[folder], folder) for folder in sorted(touched))


def _folders(git: Git, commit: str) -> dict[str, str]:
    """The folder of every project at a commit, and its model's name. A mlops.yaml without DVC is only a file."""
    names = git.text("ls-tree", "-r", "-z", "--name-only", commit).split("\0")
    kept = {name.removesuffix(DVC_FILE).rstrip("/") for name in names if f"/{name}".endswith(f"/{DVC_FILE}")}
    found = [name for name in names if PurePosixPath(name).name == CONFIG_FILE]
    folders = {str(PurePosixPath(name).parent).removeprefix("."): name for name in found}
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
