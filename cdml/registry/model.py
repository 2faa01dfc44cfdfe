"""What the tags of one model amount to: its versions, and which of them each environment has.

The rules are GTO's: a version or an assignment is active when its latest event says so, and an assignment
belongs to the version whose commit its tag names. Where two events share a second, a withdrawal counts as the
later one (as in GTO), then the counter decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cdml.registry.tags import Event, Kind
from cdml.registry.versions import Precedence, precedence

# GTO's `priority`, by which it orders what happened in the same second.
_RANK: dict[Kind, int] = {
    "created": 1,
    "deprecated": 2,
    "registered": 3,
    "deregistered": 4,
    "assigned": 5,
    "unassigned": 6,
}


@dataclass(frozen=True)
class Tagged:
    """One annotated tag: what its name says, the commit it names, when (Unix seconds) and who made it.

    `version` is the event's own, or the one that an assignment's commit has (None where it has none).
    """

    tag: str
    event: Event
    commit: str
    time: int
    who: str
    subject: str
    body: str = field(repr=False)
    version: str | None = None

    @property
    def order(self) -> tuple[int, int, int, str]:
        """The place in history."""
        return (self.time, _RANK[self.event.kind], self.event.counter or 0, self.tag)


@dataclass(frozen=True)
class Registered:
    """A registered version without its provenance, which is costly to read: for lists and choices."""

    model: str
    version: str
    commit: str
    time: int
    active: bool
    tag: str
    body: str = field(repr=False)

    @property
    def label(self) -> str:
        """`churn@v1.4.0`."""
        return f"{self.model}@{self.version}"


@dataclass(frozen=True)
class ModelState:
    """All that the tags say of one model.

    `events` are in order; `versions` are all that ever were registered, the highest first; `assignments`
    maps an environment to the version that it has now.
    """

    name: str
    events: tuple[Tagged, ...]
    versions: tuple[Registered, ...]
    assignments: Mapping[str, Registered]

    @property
    def deprecated(self) -> bool:
        """Whether the model was given up, and nothing happened to it since."""
        return self.events[-1].event.kind == "deprecated"


def model_state(name: str, tags: list[Tagged]) -> ModelState:
    """The state that a model's tags (at least one, in any order) amount to."""
    events = sorted(tags, key=lambda tagged: tagged.order)
    versions = _versions(name, events)
    # Where a commit has several versions, the highest active one stands for it.
    by_commit = {v.commit: v for v in sorted(versions, key=_strength)}
    named = tuple(_with_version(tagged, by_commit) for tagged in events)
    return ModelState(name, named, versions, _assignments(named, by_commit))


def _versions(name: str, events: list[Tagged]) -> tuple[Registered, ...]:
    """Every registered version, the highest first. The same number on another commit is another version."""
    registrations: dict[tuple[str, str], Tagged] = {}
    active: dict[tuple[str, str], bool] = {}
    for tagged in events:
        if tagged.event.version is not None:
            key = (tagged.event.version, tagged.commit)
            active[key] = tagged.event.kind == "registered"
            if active[key]:
                registrations[key] = tagged
    found = [
        Registered(name, key[0], key[1], tagged.time, active[key], tagged.tag, tagged.body)
        for key, tagged in registrations.items()
    ]
    return tuple(sorted(found, key=lambda v: (precedence(v.version), v.time), reverse=True))


def _strength(version: Registered) -> tuple[bool, Precedence, int]:
    return (version.active, precedence(version.version), version.time)


def _with_version(tagged: Tagged, by_commit: Mapping[str, Registered]) -> Tagged:
    if tagged.event.version is not None:
        return replace(tagged, version=tagged.event.version)
    if tagged.event.environment is not None and tagged.commit in by_commit:
        return replace(tagged, version=by_commit[tagged.commit].version)
    return tagged


def _assignments(events: tuple[Tagged, ...], by_commit: Mapping[str, Registered]) -> dict[str, Registered]:
    """The version that each environment has: the most recently assigned one among those still active."""
    latest: dict[tuple[str, str], Tagged] = {}
    for tagged in events:
        if tagged.event.environment is not None:
            latest[tagged.event.environment, tagged.commit] = tagged
    current: dict[str, Registered] = {}
    for (environment, commit), tagged in sorted(latest.items(), key=lambda item: item[1].order):
        version = by_commit.get(commit)
        if tagged.event.kind == "assigned" and version is not None and version.active:
            current[environment] = version
    return dict(sorted(current.items()))
