"""What a deployment target can do, and what a plug-in of one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from cdml.core.release import Bundle, Deployment


class Target(Protocol):
    """The place where one model is served in one environment."""

    def plan(self, bundle: Bundle) -> tuple[str, ...]:
        """What `deploy` would do, one sentence each; nothing is changed."""

    def deploy(self, bundle: Bundle) -> Deployment:
        """Serve a bundle, and nothing else any more; what already runs so is left alone.

        Raises RefusedError where the bytes are not the ones reviewed, ConfigError, ExternalError; whatever ran
        before still runs then.
        """

    def current(self) -> Deployment | None:
        """What is really served, asked of who serves it; None where nothing is."""

    def remove(self) -> None:
        """Serve nothing any more. Raises ExternalError."""


@dataclass(frozen=True)
class TargetPlugin:
    """A kind of target: the model of its options in mlops.yaml, and how one is opened.

    `open` takes environment, model, options and the folder where targets on this machine keep their state.
    """

    options: type[BaseModel]
    open: Callable[[str, str, Any, Path], Target]
