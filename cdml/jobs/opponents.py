"""What a gate's `against` names: another version, another model's, or a file of predictions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from cdml.config.load import parse
from cdml.core.errors import ConfigError, UsageError
from cdml.core.settings import CONFIG_FILE
from cdml.jobs.concerned import projects_at
from cdml.jobs.project import Project
from cdml.jobs.snapshots import baseline_version, main_commit, of_revision, of_version
from cdml.registry.read import read
from cdml.state.dvc import Dvc
from cdml.state.git import Git
from cdml.state.snapshot import Snapshot, Store

MAIN = "main"


class NoneYetError(UsageError):
    """There is no version at all: whoever is judged is the first model."""


@dataclass(frozen=True)
class Opponent:
    """Whom a candidate is compared with: the snapshot of a model, or `content`, a predictions file."""

    label: str
    store: Store
    snapshot: Snapshot | None = None
    content: bytes | None = None

    @property
    def known_as(self) -> str:
        """What it is, whatever name it goes by: a commit, or the digest of a file."""
        return self.snapshot.code if self.snapshot else hashlib.sha256(self.content or b"").hexdigest()


def opponent(project: Project, against: str, target: str | None, head: str | None) -> Opponent:
    """What `against` means now; a file is read as the commit `target` has it, or else as `head` (None: the working
    tree) does.

    Raises UsageError or ConfigError where there is no such version or file.
    """
    if is_file(against):
        return Opponent(against, project.store, content=_content(project, against, target, head))
    if against == MAIN:
        found = of_revision(project, main_commit(project))
        return Opponent(found.label, project.store, found)
    model, at, number = against.rpartition("@")
    if at and model != project.settings.model:
        return _other_model(project, model, number)
    version = baseline_version(project, number if at else against)
    if version is None:
        raise NoneYetError(f"there is no version of {project.settings.model} yet", "cdml register")
    return Opponent(version.label, project.store, of_version(project, version))


def identity(project: Project, against: str, target: str | None) -> object:
    """What stands for an opponent in a digest; None where nothing does. Raises as `opponent`."""
    if is_file(against):
        return pointer(project.git, target, against) if target else None
    if against == MAIN:
        return None
    model, at, number = against.rpartition("@")
    if at and model != project.settings.model:
        return read(project.git).version(model, number).commit
    version = baseline_version(project, number if at else against)
    return version.commit if version else "none"


def is_file(against: str) -> bool:
    """Whether `against` names a file of predictions."""
    return PurePosixPath(against).suffix.lower() in (".csv", ".parquet", ".pq", ".jsonl", ".ndjson")


def pointer(git: Git, commit: str, path: str) -> str | None:
    """The id that git has for a file at a commit, or for the .dvc file that tracks it or a folder around it."""
    above = [str(place) for place in PurePosixPath(path).parents if str(place) != "."]
    names = [path, *(f"{place}.dvc" for place in (path, *above))]
    found = (git.find(f"{commit}:./{name}") for name in names)
    return next((one.oid for one in found if one and one.kind == "blob"), None)


def _content(project: Project, path: str, target: str | None, head: str | None) -> bytes:
    # A change must not choose the numbers that it is compared with.
    known = project.store.read(target, path) if target else None
    content = known if known is not None else project.store.read(head, path)
    if content is None:
        raise ConfigError(f"{path} is not there", "dvc pull, or correct the gate's `against` in mlops.yaml")
    return content


def _other_model(project: Project, model: str, number: str) -> Opponent:
    """A version of a model in another folder, which must be in the working tree too."""
    version = read(project.git).version(model, number)
    top = Git(project.git.top())
    folder = next((f for f, name in projects_at(top, version.commit).items() if name == model), None)
    root = top.root / (folder or "")
    if folder is None or not (root / ".dvc").is_dir():
        raise ConfigError(f"the folder of {version.label} is not in this working tree")
    git = Git(root)
    text = (git.read(version.commit, CONFIG_FILE) or b"").decode("utf-8", "replace")
    there = replace(project, root=root, git=git, dvc=Dvc(root), settings=parse(text))
    return Opponent(version.label, there.store, of_version(there, version))
