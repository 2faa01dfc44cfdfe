"""The names of registry tags, which are GTO's, so that GTO and every reader of it agree with us.

    churn@v1.4.0     registered        churn@v1.4.0!    deregistered
    churn#prod#7     assigned          churn#prod!#8    unassigned
    churn@deprecated, churn@created

Any form may carry a counter or none, and a folder (`dir=churn`), which is read and never written.
Source: gto 1.10, `gto.constants.tag_re` and `gto.tag`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from cdml.core.errors import UsageError
from cdml.core.names import NAME, SEMVER

Kind = Literal["created", "deprecated", "registered", "deregistered", "assigned", "unassigned"]

# Longer than any reference that git could keep as a file; a guard against absurd numbers.
LONGEST = 1000
_FOLDER = r"[a-zA-Z0-9\-_./]+"
_TAG = re.compile(
    rf"((?P<folder>{_FOLDER})=)?(?P<model>{NAME})"
    rf"((#(?P<environment>{NAME})|@(?P<version>v{SEMVER}))(?P<cancel>!?)|@(?P<word>deprecated|created))"
    r"(#(?P<counter>[0-9]+))?"
)


@dataclass(frozen=True)
class Event:
    """What a tag's name says. `version` is `v1.4.0`; only its kind decides which of the fields are set."""

    kind: Kind
    model: str
    folder: str | None = None
    version: str | None = None
    environment: str | None = None
    counter: int | None = None

    @property
    def artifact(self) -> str:
        """GTO's full name: the same model in another folder is another artifact."""
        return self.model if self.folder is None else f"{self.folder}:{self.model}"


def parse(tag: str) -> Event | None:
    """What a tag's name (without `refs/tags/`) says, or None where it is no registry tag."""
    found = _TAG.fullmatch(tag) if len(tag) <= LONGEST else None
    if found is None:
        return None
    counter = found["counter"]
    return Event(
        kind=_kind(found),
        model=found["model"],
        folder=found["folder"],
        version=found["version"],
        environment=found["environment"],
        counter=None if counter is None else int(counter),
    )


def _kind(found: re.Match[str]) -> Kind:
    if found["word"]:
        return "created" if found["word"] == "created" else "deprecated"
    if found["version"]:
        return "deregistered" if found["cancel"] else "registered"
    return "unassigned" if found["cancel"] else "assigned"


def format_tag(event: Event) -> str:
    """The tag's name; UsageError where one of its parts does not fit the grammar."""
    what = {
        "created": "@created",
        "deprecated": "@deprecated",
        "registered": f"@{event.version}",
        "deregistered": f"@{event.version}!",
        "assigned": f"#{event.environment}",
        "unassigned": f"#{event.environment}!",
    }[event.kind]
    folder = "" if event.folder is None else f"{event.folder}="
    counter = "" if event.counter is None else f"#{event.counter}"
    name = f"{folder}{event.model}{what}{counter}"
    if parse(name) != event:
        raise UsageError(
            f"{name!r} is no name for a registry tag",
            "models and environments are letters, digits, '-', '_' and '/' between a letter or digit at either "
            "end; versions are like v1.2.3",
        )
    return name
