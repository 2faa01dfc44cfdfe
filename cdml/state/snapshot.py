"""What one revision holds: settings, pipeline, inputs, and the numbers and predictions that it produced.

A release commit, a judged run and the working tree are read alike: each is a commit's tree with a dvc.lock.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from cdml.core.settings import Settings
from cdml.state.dvc import Dvc
from cdml.state.git import Git
from cdml.state.inputs import Inputs, Revision, flat_document, read_inputs, stage_names
from cdml.state.pipeline import Pipeline, StageView, read_pipeline
from cdml.state.plumbing import write_commit

ENVIRONMENT_FILE = ".cdml/environment.txt"
JUDGEMENT_FILE = ".cdml/judgement.json"
CARD_FILE = ".cdml/card.md"
LOCK_FILE = "dvc.lock"


@dataclass(frozen=True)
class Snapshot:
    """One revision. `commit` holds the lock file (None: the working tree does); `code` is what people committed.

    `environment` is the text of the environment's lock; `reported` the numbers in the project's own metrics files.
    """

    label: str
    commit: str | None
    code: str
    version: str | None
    settings: Settings
    pipeline: Pipeline
    inputs: Inputs
    environment: str
    reported: Mapping[str, float]


@dataclass(frozen=True)
class Store:
    """The two doors that a snapshot is read through."""

    git: Git
    dvc: Dvc

    def read(self, commit: str | None, path: str) -> bytes | None:
        """A file of a commit (None: of the working tree): from git, else from DVC's cache or remote."""
        if commit is None:
            file = self.git.root / path
            return file.read_bytes() if file.is_file() else None
        found = self.git.read(commit, path)
        return found if found is not None else self.dvc.read(commit, path)

    def size(self, commit: str, path: str) -> int | None:
        """The size in bytes of a file of a commit; None where there is none or it is not known here."""
        found = self.git.run("cat-file", "-s", f"{commit}:./{path}", check=False)
        return int(found.out) if found.code == 0 else self.dvc.size(commit, path)


def take(
    store: Store,
    settings: Settings,
    *,
    label: str,
    commit: str | None,
    code: str,
    environment: str,
    version: str | None = None,
) -> Snapshot:
    """Read a snapshot. `code` is the commit whose files went in; for the working tree, one made of it."""
    pipeline = read_pipeline(store.dvc, commit)
    blobs = {entry.path: entry.oid for entry in store.git.tree(code)}
    at = Revision(store.git, code, pipeline, blobs)
    inputs = read_inputs(at, settings, environment_digest(environment))
    reported = _reported(store, pipeline, settings, commit)
    return Snapshot(label, commit, code, version, settings, pipeline, inputs, environment, reported)


def working_commit(git: Git) -> str:
    """A commit that holds the tracked files as they are now; nothing else is touched."""
    index = git.root / git.text("rev-parse", "--git-path", "index")
    with tempfile.TemporaryDirectory(prefix="cdml-index-") as folder:
        env = {"GIT_INDEX_FILE": shutil.copy(index, folder)}
        git.run("add", "--update", ":/", env=env)
        tree = git.text("write-tree", env=env)
    if tree == git.text("rev-parse", "HEAD^{tree}"):
        return git.commit("HEAD")
    return write_commit(git, tree, (git.commit("HEAD"),), "Working tree\n")


def environment_digest(text: str) -> str:
    """The digest of an environment lock."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def _reported(store: Store, pipeline: Pipeline, settings: Settings, commit: str | None) -> dict[str, float]:
    """Numbers by name. What the evaluation says of a name counts; another file's is called `file:name`.

    A metrics file that dvc.yaml names beside its stages counts where a stage here writes it: another one would be
    what somebody committed once.
    """
    train, evaluate = stage_names(settings)
    last = [pipeline.stage(name) for name in evaluate]
    before = sorted(pipeline.closure((*train, *evaluate)), key=lambda stage: stage.name)
    beside = [path for path in pipeline.metrics if any(is_written(path, stage) for stage in before)]
    paths = dict.fromkeys((*(path for stage in (*last, *before) for path in stage.metrics), *beside))
    numbers: dict[str, float] = {}
    for path in paths:
        for name, value in flat_document(store.read(commit, path), path).items():
            if (number := _number(value)) is not None:
                numbers[f"{path}:{name}" if name in numbers else name] = number
    return numbers


def is_written(path: str, stage: StageView) -> bool:
    """Whether a file is one of a stage's outputs, or in a folder that is one."""
    return any(path == out or path.startswith(f"{out}/") for out in stage.outs)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:  # a whole number with more digits than any measurement
        return None
