"""Versions, releases and deployments: what was registered, what should run, what runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cdml.core.comparison import Waiver
from cdml.core.settings import DeploySettings

FieldKind = Literal["number", "integer", "boolean", "text"]


@dataclass(frozen=True)
class Artifact:
    """A model file or folder in the repository; its digest is the identity that is reviewed and deployed."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Field:
    """One input column of a model."""

    name: str
    kind: FieldKind


@dataclass(frozen=True)
class Measured:
    """One metric of a version, with the interval of its own value where one was computed."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Provenance:
    """What a version's tag says of it.

    `inputs` is the digest of all that went in, `recipe` that of the commands; `commit` is the merged one.
    `signature` is None where the inputs of the model are not known. `verdicts` maps a gate in words to its
    outcome; `axes` names what changed since `base`, the version before (None for the first). `waivers` are those
    by which a failed gate did not stop it.
    """

    inputs: str
    commit: str
    artifact: Artifact
    base: str | None
    axes: tuple[str, ...]
    code: Mapping[str, str]
    data: Mapping[str, str]
    parameters: Mapping[str, object]
    recipe: str
    environment: str
    python: str
    signature: tuple[Field, ...] | None
    metrics: tuple[Measured, ...]
    verdicts: Mapping[str, str]
    compared_with: str | None
    judged_run: bool
    registered_by: str
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True)
class Version:
    """A registered version: `version` is `v1.4.0`, `commit` the release commit that its tag names.

    `provenance` is None for a tag that another tool made.
    """

    model: str
    version: str
    commit: str
    time: int
    active: bool
    provenance: Provenance | None

    @property
    def label(self) -> str:
        """`churn@v1.4.0`, which is also the name of the tag."""
        return f"{self.model}@{self.version}"


@dataclass(frozen=True)
class ReleaseRecord:
    """`.cdml/releases/<model>.json` on a release branch: what should run in that environment, and why.

    `previous` is the version that ran before; `hold` is the reason why automatic promotion must wait; `waivers`
    are the version's.
    """

    model: str
    version: str
    commit: str
    artifact: Artifact
    inputs: str
    data: Mapping[str, str]
    verdicts: Mapping[str, str]
    deploy: DeploySettings
    champion: str | None
    previous: str | None
    hold: str | None
    action: Literal["promote", "rollback"]
    who: str
    why: str
    waivers: tuple[Waiver, ...] = ()

    @property
    def label(self) -> str:
        """`churn@v1.4.0`."""
        return f"{self.model}@{self.version}"


@dataclass(frozen=True)
class Bundle:
    """What a deployment target is handed: verified bytes in `file`, and all that is needed to serve them."""

    model: str
    environment: str
    version: str
    commit: str
    artifact: Artifact
    file: Path
    python: Path
    trusted: tuple[str, ...]
    signature: tuple[Field, ...] | None
    positive: str | None = None


@dataclass(frozen=True)
class Deployment:
    """What a target says is really served."""

    model: str
    environment: str
    version: str
    sha256: str
    commit: str
    url: str
