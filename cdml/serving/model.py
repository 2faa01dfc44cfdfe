"""The model behind a server: one worker, loaded in the background, asked by many requests."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from cdml.core.release import Bundle
from cdml.serving.client import LoadedModel, Prediction, Worker

# A request for predictions waits no longer; a batch job has its own patience.
ANSWER_SECONDS = 60.0


class ServedModel:
    """A bundle's model in its worker. `load` once, in any thread; then `predict` from many."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._loaded: LoadedModel | None = None
        # The model's own folder holds nothing but the model: no module of whoever deploys is importable.
        self._worker = Worker(bundle.python, cwd=bundle.file.parent, say=sys.stderr.write)

    def load(self) -> None:
        """Load the model. Raises ConfigError where it must not or cannot be loaded, ExternalError."""
        self._loaded = self._worker.load(self.bundle.file, self.bundle.trusted)

    @property
    def ready(self) -> bool:
        """Whether the model is loaded and its worker alive."""
        return self._loaded is not None and self._worker.alive

    @property
    def features(self) -> Sequence[str] | None:
        """The columns that the model knows by name."""
        return self._loaded.features if self._loaded else None

    def predict(self, columns: Mapping[str, Sequence[object]]) -> tuple[list[Any], list[Any] | None]:
        """Predictions and scores of rows by column.

        Of two classes the score is one number per row: the positive class's, or the second's where none is named.
        """
        said = self._worker.predict(columns, timeout=ANSWER_SECONDS)
        return said.predictions, positive_scores(said, self.bundle.positive)

    def close(self) -> None:
        """End the worker."""
        self._worker.close()


def positive_scores(said: Prediction, positive: str | None) -> list[Any] | None:
    """The scores; where there are two classes, one number per row that is larger for the positive class."""
    if said.scores is None or said.classes is None or len(said.classes) != 2:
        return said.scores
    place = 0 if positive is not None and str(said.classes[0]) == positive else 1
    if isinstance(said.scores[0], list):
        return [row[place] for row in said.scores]
    return [None if score is None else score if place else -score for score in said.scores]
