"""A model asked again: its predictions on test data that it was not judged on when it was released.

Two models are compared on the same rows or not at all. So where the test data moved on, the older model is asked
for its predictions on the new ones: its artifact by the built-in evaluator, or its own command with its own code.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cdml.core.errors import RefusedError
from cdml.core.files import write
from cdml.core.serialize import digest
from cdml.core.settings import Evaluate
from cdml.evaluation.answers import differing
from cdml.evaluation.predictions import Predictions
from cdml.evaluation.predictions import read as read_predictions
from cdml.jobs.project import Project
from cdml.jobs.reading import reading_digest
from cdml.state.snapshot import ENVIRONMENT_FILE, Snapshot

KEPT = ".scored"
MOST_KEPT = 20


@dataclass(frozen=True)
class DataFiles:
    """Test data as one revision has them.

    `name` is that of a dataset, empty for the test data themselves; `files` are all that belong to it by path, the
    first the one that evaluate.data (or the dataset's `data`) names.
    """

    name: str
    label: str
    files: dict[str, bytes]

    @property
    def digest(self) -> str:
        """sha256 over names and contents."""
        return digest([[path, hashlib.sha256(content).hexdigest()] for path, content in self.files.items()])


@dataclass(frozen=True)
class Scored:
    """Predictions of a model that was asked again; `note` says in which environment where that is another one."""

    predictions: Predictions
    note: str = ""


class Scorer:
    """Asks models again in one project, each question once: answers are kept beside the repository.

    Code of the repository is run for it. So there is none where somebody else's code must not be run.
    """

    def __init__(self, project: Project, say: Callable[[str], None] = lambda line: None) -> None:
        self.project = project
        self._say = say

    def score(self, who: Snapshot, of: DataFiles, judged: Evaluate) -> Scored:
        """Predictions of a model on a test set, read as `judged` says.

        A version that was released in another environment must give the predictions again that it was released
        with, before it is believed. Raises RefusedError or ConfigError that say why there is no answer, and what
        running code raises.
        """
        note = self.environment(who)
        return Scored(self._answer(who, of, judged), note)

    def environment(self, who: Snapshot) -> str:
        """Nothing where the model's environment is the present one; else that it answers here as it did there.

        Raises RefusedError where it does not.
        """
        if who.commit is None or who.environment == self.project.environment:
            return ""
        own = files_of(self.project, who, "")
        path = who.settings.evaluate.predictions
        before = self.project.store.read(who.commit, path) if path else None
        if own is None or before is None:
            raise RefusedError(
                f"{who.label} was released in another environment, and its own test data are not here to see "
                "whether it predicts the same in this one"
            )
        then = _read(before, str(path), who.settings.evaluate)
        changed = differing(then, self._answer(who, own, who.settings.evaluate))
        if changed:
            raise RefusedError(
                f"{who.label} was released in another environment, and in this one {changed}",
                f"git show {who.label}:./{ENVIRONMENT_FILE} names its packages",
            )
        return "in another environment than it was released in, where it predicts the same of its own test data"

    def _answer(self, who: Snapshot, of: DataFiles, judged: Evaluate) -> Predictions:
        name = f"predictions of {who.label} on {of.label}"
        suffix = Path(who.settings.evaluate.predictions or "x.csv").suffix
        place = self._place(who, of, judged, suffix)
        content = place.read_bytes() if place and place.is_file() else None
        if content is None:
            self._say(f"scoring {who.label} on {of.label}")
            content = self._ask(who, of, judged)
            self._keep(place, content)
        return _read(content, f"{name}{suffix}", judged)

    def _ask(self, who: Snapshot, of: DataFiles, judged: Evaluate) -> bytes:
        if who.settings.evaluate.builtin:
            from cdml.jobs.rescore_artifact import by_artifact

            return by_artifact(self.project, who, of.files, judged)
        from cdml.jobs.rescore_command import by_command

        return by_command(self.project, who, of.files, of.name)

    def _place(self, who: Snapshot, of: DataFiles, judged: Evaluate, suffix: str) -> Path | None:
        """Where the answer is kept; None for the working tree, for which no commit stands."""
        if who.commit is None:
            return None
        reading = [judged.target, judged.by, reading_digest(judged, None)]
        asked = [who.commit, who.settings.evaluate.builtin, of.name, of.digest, reading, self.project.environment]
        return self.project.state / KEPT / f"{digest(asked)}{suffix}"

    def _keep(self, place: Path | None, content: bytes) -> None:
        if place is None:
            return
        with contextlib.suppress(OSError):  # it is found out again
            write(place, content)
            others = sorted(place.parent.iterdir(), key=lambda file: file.stat().st_mtime)
            for old in others[:-MOST_KEPT]:
                old.unlink()


def files_of(project: Project, snapshot: Snapshot, name: str, at: str | None = None) -> DataFiles | None:
    """A revision's test data (`name` is a dataset's, or empty); None where they are not known or not here.

    `at` is the commit to read them at, where that is not the snapshot's own.
    """
    data = snapshot.settings.evaluate.data_of(name)
    paths = [data] if data else [] if name else sorted(snapshot.inputs.test_data)
    files = {path: project.store.read(at or snapshot.commit, path) for path in paths}
    known = {path: content for path, content in files.items() if content is not None}
    if not known or len(known) < len(files):
        return None
    return DataFiles(name, name or "the test data", known)


def _read(content: bytes, name: str, judged: Evaluate) -> Predictions:
    return read_predictions(content, name, judged)
